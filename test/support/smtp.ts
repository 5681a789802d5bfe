// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { TLSSocket } from 'node:tls'

export interface Received {
  readonly from: string
  readonly to: readonly string[]
  /** Header and body as they came, dots unstuffed, lines ended by \n. */
  readonly data: string
  readonly secure: boolean
  readonly user: string
}

export interface SmtpOptions {
  /** Key and certificate in PEM: STARTTLS is offered. */
  readonly tls?: { readonly key: string; readonly cert: string }
  /** `user:password` that AUTH PLAIN must give. */
  readonly login?: string
  /** What DATA is answered with at its end; 250 unless told. */
  readonly verdict?: () => string
  /** Greets like this, for a server that talks nonsense; `` says nothing at all. */
  readonly greeting?: string
}

/** A mail server that keeps what it gets: as much of RFC 5321 as a client needs, STARTTLS and AUTH PLAIN. */
export class SmtpSink {
  readonly mails: Received[] = []
  readonly #options: SmtpOptions
  readonly #server = createServer((socket) => this.#serve(socket))
  readonly #sockets = new Set<Socket>()
  readonly #waiting = new Set<() => void>()
  port = 0

  private constructor(options: SmtpOptions) {
    this.#options = options
  }

  static async open(options: SmtpOptions = {}): Promise<SmtpSink> {
    const sink = new SmtpSink(options)
    sink.#server.listen(0, '127.0.0.1')
    await once(sink.#server, 'listening')
    sink.port = (sink.#server.address() as AddressInfo).port
    return sink
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
  }

  until(holds: (mails: readonly Received[]) => boolean, timeoutMs = 8_000): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${this.mails.length} mails within ${timeoutMs} ms`)), timeoutMs)
      const check = () => {
        if (!holds(this.mails)) return
        clearTimeout(timer)
        this.#waiting.delete(check)
        resolve()
      }
      this.#waiting.add(check)
      check()
    })
  }

  #serve(plain: Socket): void {
    this.#sockets.add(plain)
    const { greeting = '220 sink ESMTP', tls, login } = this.#options
    if (greeting !== '') plain.write(`${greeting}\r\n`)
    let socket: Socket = plain
    let [mail, user, text, inData] = [{ from: '', to: [] as string[] }, '', '', false]
    const say = (line: string) => socket.write(`${line}\r\n`)
    const command = (line: string) => {
      const verb = line.slice(0, 4).toUpperCase()
      if (verb === 'EHLO') {
        const offers = [
          'sink',
          ...(tls && socket === plain ? ['STARTTLS'] : []),
          ...(login ? ['AUTH PLAIN'] : []),
          '8BITMIME',
        ]
        offers.forEach((offer, at) => void say(`250${at === offers.length - 1 ? ' ' : '-'}${offer}`))
      } else if (verb === 'STAR' && tls) {
        say('220 go on')
        plain.removeAllListeners('data')
        socket = new TLSSocket(plain, { isServer: true, ...tls })
        socket.on('error', () => {}).on('data', read)
      } else if (verb === 'STAR') say('502 not here')
      else if (verb === 'AUTH') {
        const [, name = '', password = ''] = Buffer.from(line.split(' ')[2] ?? '', 'base64')
          .toString()
          .split('\0')
        if (`${name}:${password}` === login) user = name
        say(user === '' ? `535 wrong: ${password}` : '235 welcome')
      } else if (login && user === '' && verb === 'MAIL') say('530 sign in first')
      else if (verb === 'MAIL') {
        mail = { from: addressIn(line), to: [] }
        say('250 ok')
      } else if (verb === 'RCPT') {
        mail.to.push(addressIn(line))
        say('250 ok')
      } else if (verb === 'DATA') {
        inData = true
        say('354 go on')
      } else if (verb === 'QUIT') socket.end('221 bye\r\n')
      else say('250 ok')
    }
    const read = (chunk: Buffer) => {
      text += chunk.toString('utf8')
      for (;;) {
        const end = text.indexOf(inData ? '\r\n.\r\n' : '\r\n')
        if (end < 0) return
        const piece = text.slice(0, end)
        text = text.slice(end + (inData ? 5 : 2))
        if (!inData) command(piece)
        else {
          inData = false
          const verdict = this.#options.verdict?.() ?? '250 taken'
          if (verdict.startsWith('2')) {
            const data = piece.replaceAll('\r\n', '\n').replaceAll(/^\.\./gm, '.')
            this.mails.push({ ...mail, data, user, secure: socket !== plain })
          }
          say(verdict)
          for (const check of [...this.#waiting]) check()
        }
      }
    }
    plain.on('error', () => {}).on('data', read)
  }
}

/** The header's value, unfolded; undefined when there is none. */
export function header({ data }: Received, name: string): string | undefined {
  const head = data.slice(0, data.indexOf('\n\n')).replaceAll(/\n[ \t]+/g, ' ')
  const line = head.split('\n').find((one) => one.toLowerCase().startsWith(`${name.toLowerCase()}:`))
  return line?.slice(name.length + 1).trim()
}

/** The text of a mail of one part in quoted-printable. */
export function textOf({ data }: Received): string {
  const body = data.slice(data.indexOf('\n\n') + 2).replaceAll('=\n', '')
  const bytes = body.replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(bytes, 'latin1').toString('utf8')
}

function addressIn(line: string): string {
  return /<([^>]*)>/.exec(line)?.[1] ?? ''
}
