// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type AppOptions, createApp, type WebApp } from '#web/app'
import type { WebPort } from '#web/port'
import { PASSWORD } from './memory-port.ts'

/** The web app on the loopback interface. */
export interface Site {
  readonly url: string
  readonly app: WebApp
  /** What the app called its own faults; a test that expects none checks that it is empty. */
  readonly faults: Error[]
  close(): Promise<void>
}

export async function listen(port: WebPort, options: AppOptions = {}, number = 0): Promise<Site> {
  const faults: Error[] = []
  const app = createApp(port, { timeZone: 'UTC', onFault: (error) => faults.push(error), ...options })
  const server: Server = createServer(app.handler)
  server.listen(number, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    app,
    faults,
    close: async () => {
      app.close()
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

/** A browser without eyes: keeps cookies, sends Origin with forms, follows nothing by itself. */
export class Visitor {
  readonly #site: Pick<Site, 'url'>
  readonly cookies = new Map<string, string>()

  constructor(site: Pick<Site, 'url'>) {
    this.#site = site
  }

  async get(path: string, headers: Record<string, string> = {}): Promise<Response> {
    return this.#fetch(path, { headers })
  }

  async page(path: string): Promise<string> {
    const response = await this.get(path)
    if (response.status !== 200) throw new Error(`GET ${path}: ${response.status}`)
    return response.text()
  }

  /** Fills in and sends the form of a page that posts to `action`, with its hidden fields. */
  async submit(page: string, action: string, fields: Record<string, string> = {}): Promise<Response> {
    const html = await (await this.get(page)).text()
    const form = new RegExp(`<form[^>]*action="${action}"[^>]*>(.*?)</form>`, 's').exec(html)?.[1]
    if (form === undefined) throw new Error(`${page} has no form for ${action}`)
    const hidden = [...form.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)]
    return this.post(action, { ...Object.fromEntries(hidden.map(([, name, value]) => [name, value])), ...fields })
  }

  async post(path: string, fields: Record<string, string>, headers: Record<string, string> = {}): Promise<Response> {
    return this.#fetch(path, {
      method: 'POST',
      body: new URLSearchParams(fields),
      headers: { Origin: this.#site.url, ...headers },
    })
  }

  /** A form with files; its parts go in their order. */
  async upload(path: string, parts: FormData, headers: Record<string, string> = {}): Promise<Response> {
    return this.#fetch(path, { method: 'POST', body: parts, headers: { Origin: this.#site.url, ...headers } })
  }

  /** Bytes as they are, for forms that no browser would send. */
  async send(path: string, body: BodyInit, headers: Record<string, string>): Promise<Response> {
    const init = { method: 'POST', body, headers: { Origin: this.#site.url, ...headers }, duplex: 'half' }
    return this.#fetch(path, init as RequestInit)
  }

  async signIn(password = PASSWORD, name = 'admin'): Promise<Response> {
    return this.submit('/sign-in', '/sign-in', { name, password })
  }

  async #fetch(path: string, init: RequestInit): Promise<Response> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const headers = { ...(cookie ? { Cookie: cookie } : {}), ...(init.headers as Record<string, string>) }
    const response = await fetch(this.#site.url + path, { ...init, headers, redirect: 'manual' })
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (/expires=Thu, 01 Jan 1970/i.test(line)) this.cookies.delete(name)
      else this.cookies.set(name, value)
    }
    return response
  }
}

export async function signedIn(site: Site): Promise<Visitor> {
  const visitor = new Visitor(site)
  const response = await visitor.signIn()
  if (response.status !== 303) throw new Error(`could not sign in: ${response.status}`)
  return visitor
}

/** Where a redirect leads. */
export function location(response: Response): string {
  return response.headers.get('Location') ?? ''
}

export interface ServerEvent {
  readonly event: string
  readonly data: string
}

/** Reads server-sent events from a response one by one. */
export class Events {
  readonly #reader: ReadableStreamDefaultReader<string>
  #buffer = ''
  comments = 0

  constructor(response: Response) {
    if (!response.body) throw new Error('no body')
    this.#reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  }

  /** The next event; undefined when the stream has ended. Rejects after `patience` milliseconds of silence. */
  async next(patience = 5000): Promise<ServerEvent | undefined> {
    for (;;) {
      const end = this.#buffer.indexOf('\n\n')
      if (end >= 0) {
        const block = this.#buffer.slice(0, end)
        this.#buffer = this.#buffer.slice(end + 2)
        if (!block.startsWith(':')) return parse(block)
        this.comments++
        continue
      }
      const { done, value } = await withDeadline(this.#reader.read(), patience)
      if (done) return undefined
      this.#buffer += value
    }
  }

  /** Reads until a heartbeat comment arrives. */
  async heartbeat(patience = 5000): Promise<void> {
    while (!this.#buffer.includes(':\n\n')) {
      const { done, value } = await withDeadline(this.#reader.read(), patience)
      if (done) throw new Error('the stream ended')
      this.#buffer += value
    }
  }

  async close(): Promise<void> {
    await this.#reader.cancel()
  }
}

function parse(block: string): ServerEvent {
  const lines = block.split('\n')
  const field = (name: string) =>
    lines.filter((line) => line.startsWith(`${name}: `)).map((line) => line.slice(name.length + 2))
  const other = lines.filter((line) => !/^(event|data): /.test(line))
  if (other.length > 0) throw new Error(`stray lines in an event: ${JSON.stringify(other)}`)
  return { event: field('event').join(), data: field('data').join('\n') }
}

export function withDeadline<T>(promise: Promise<T>, milliseconds: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing within ${milliseconds} ms`)), milliseconds)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}
