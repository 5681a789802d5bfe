// SPDX-License-Identifier: Apache-2.0
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { decodeResponse, encode } from '#protocols/ldap/codec'
import { Framer } from '#protocols/ldap/framing'
import type {
  Control,
  LdapMessage,
  LdapRequest,
  LdapResponse,
  LdapResult,
  SearchRequest,
} from '#protocols/ldap/messages'

/** How long an answer may take before a test fails, in milliseconds. */
const PATIENCE = 5_000

export type Answer = LdapMessage<LdapResponse>

/** A client without manners: it sends what a test wants, bytes included, and keeps what comes back. */
export class Client {
  /** Everything received, in order. */
  readonly received: Answer[] = []
  /** Resolves when the server has closed, or the connection is gone. */
  readonly closed: Promise<void>
  #socket: Socket
  readonly #framer = new Framer(2 ** 24)
  readonly #checks = new Set<() => void>()
  #nextId = 1
  #ended = false

  static open(port: number): Promise<Client> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true })
      socket.once('error', reject).once('connect', () => resolve(new Client(socket)))
    })
  }

  /** LDAPS; the certificate is not looked at. */
  static openTls(port: number): Promise<Client> {
    return new Promise((resolve, reject) => {
      const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false })
      socket.once('error', reject).once('secureConnect', () => resolve(new Client(socket)))
    })
  }

  private constructor(socket: Socket) {
    this.#socket = socket
    this.closed = new Promise((resolve) => {
      const end = () => {
        this.#ended = true
        for (const check of [...this.#checks]) check()
        resolve()
      }
      socket.on('end', end).on('close', end)
    })
    socket.on('error', () => {})
    this.#listen()
  }

  #listen(): void {
    this.#socket.on('data', (chunk: Uint8Array) => {
      this.#framer.push(chunk)
      for (let bytes = this.#framer.next(); bytes; bytes = this.#framer.next())
        this.received.push(decodeResponse(bytes))
      for (const check of [...this.#checks]) check()
    })
  }

  /** Sends one request and gives its message id. */
  send(op: LdapRequest, controls: readonly Control[] = []): number {
    const id = this.#nextId++
    this.bytes(encode({ id, op, controls }))
    return id
  }

  bytes(bytes: Uint8Array): void {
    this.#socket.write(bytes)
  }

  /** Reads no more until `listen`. */
  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  /** Ends our side only. */
  end(): void {
    this.#socket.end()
  }

  close(): void {
    this.#socket.destroy()
  }

  /** Sends a request and waits for all of its answer; the last message is the one with the result. */
  async ask(op: LdapRequest, controls?: readonly Control[]): Promise<Answer[]> {
    return this.answers(this.send(op, controls))
  }

  async answers(id: number): Promise<Answer[]> {
    await this.until(() => this.#resultOf(id) !== undefined, `an answer to message ${id}`)
    return this.received.filter((message) => message.id === id)
  }

  /** Drops what was received, for tests that ask thousands of things. */
  forget(): void {
    this.received.length = 0
  }

  /** The result code of a request. */
  async code(op: LdapRequest, controls?: readonly Control[]): Promise<number> {
    const id = this.send(op, controls)
    await this.answers(id)
    return this.#resultOf(id)?.code ?? Number.NaN
  }

  /** What the server said before it hung up [RFC4511 §4.4.1]. */
  async notice(): Promise<LdapResult> {
    await this.until(() => this.#resultOf(0) !== undefined, 'a notice of disconnection')
    await this.closed
    return this.#resultOf(0) ?? { code: Number.NaN, matchedDn: '', message: '' }
  }

  /** Encrypts, after the server agreed to StartTLS. */
  encrypt(): Promise<void> {
    const plain = this.#socket
    plain.removeAllListeners('data')
    const socket = connectTls({ socket: plain, rejectUnauthorized: false })
    this.#socket = socket
    this.#listen()
    return new Promise((resolve, reject) => {
      socket.once('secureConnect', resolve).once('error', reject)
    })
  }

  until(condition: () => boolean, what: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void) => {
        clearTimeout(timer)
        this.#checks.delete(check)
        settle()
      }
      const check = () => {
        if (condition()) finish(resolve)
        else if (this.#ended) finish(() => reject(new Error(`the server closed before ${what}`)))
      }
      const timer = setTimeout(() => finish(() => reject(new Error(`no ${what} in time`))), PATIENCE)
      this.#checks.add(check)
      check()
    })
  }

  #resultOf(id: number): LdapResult | undefined {
    for (const message of this.received) {
      if (message.id === id && 'result' in message.op) return message.op.result
    }
    return undefined
  }
}

/** A search as phones send it; what is not given is the widest. */
export function search(given: Partial<SearchRequest>): SearchRequest {
  return {
    ...{ kind: 'search', base: 'dc=example,dc=com', scope: 'sub', derefAliases: 0, sizeLimit: 0, timeLimit: 0 },
    ...{ typesOnly: false, filter: { kind: 'present', attribute: 'objectClass' }, attributes: [] },
    ...given,
  }
}

/** The names of the entries in an answer, in order. */
export function namesIn(answers: readonly Answer[]): string[] {
  return answers.flatMap(({ op }) => (op.kind === 'searchEntry' ? [op.dn] : []))
}
