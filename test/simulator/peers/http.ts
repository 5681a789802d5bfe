// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface SeenHttp {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
  /** The client's address. */
  readonly from: string
}

/** Text for 200, a number for a bare status, or a hand that writes the answer itself. */
export type HttpAnswer = string | Buffer | number | ((response: ServerResponse, request: SeenHttp) => void)

export interface HttpPeer {
  readonly port: number
  readonly url: string
  readonly seen: SeenHttp[]
  /** Reports posted so far, parsed as leniently as their trailing comma needs. */
  reports(): Record<string, string>[]
  until(passes: (request: SeenHttp) => boolean): Promise<SeenHttp>
  close(): Promise<void>
}

/** Answers by path; what the routes do not know is 404. A report is answered as a manager does. */
export async function httpPeer(
  routes: (request: SeenHttp, origin: string) => HttpAnswer | undefined,
): Promise<HttpPeer> {
  const seen: SeenHttp[] = []
  let wake: () => void = () => undefined
  let origin = ''
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { method = '', url: path = '', headers } = request
      const from = request.socket.remoteAddress ?? ''
      const entry = { method, path, headers, body: Buffer.concat(chunks).toString('utf8'), from }
      seen.push(entry)
      const reports = path.endsWith('/rest/v1/ipphoneMgrStatus/keep-alive')
      const answer = routes(entry, origin) ?? (reports ? '{"requests":[]}' : 404)
      if (typeof answer === 'function') answer(response, entry)
      else if (typeof answer === 'number') response.writeHead(answer).end()
      else response.end(answer)
      wake()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  origin = `http://127.0.0.1:${port}`
  return {
    port,
    url: origin,
    seen,
    reports: () =>
      seen.filter(({ method }) => method === 'POST').map(({ body }) => JSON.parse(body.replace(/,}$/, '}'))),
    async until(passes) {
      for (;;) {
        const found = seen.find(passes)
        if (found) return found
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    },
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** The files of an ordinary manager: bootstrap, own cfg for each phone, an image header for each model. */
export function ordinaryFiles(request: SeenHttp, origin: string): HttpAnswer | undefined {
  if (request.path === '/ipp/dhcpoption160.cfg') {
    return [
      '; bootstrap',
      'ems_server/keep_alive_period=60',
      `ems_server/provisioning/url=${origin}/`,
      `provisioning/configuration/url=${origin}/configfiles/`,
      `provisioning/firmware/url=${origin}/firmwarefiles/`,
      'ems_server/user_name=system',
    ].join('\r\n')
  }
  if (/^\/configfiles\/020ff4[0-9a-f]{6}\.cfg$/.test(request.path)) return 'voip/line/1/enabled = 1\n'
  const model = /^\/firmwarefiles\/(C?\d{3}HD)\.img$/.exec(request.path)?.[1]
  return model === undefined ? undefined : image(model, '2.2.16.704')
}

/** A firmware image: a header of 112 bytes and a body. */
export function image(model: string, version: string, body = Buffer.alloc(1024, 0x5a)): Buffer {
  const header = Buffer.alloc(112)
  header.writeUInt32LE(0xaaaaaaaa, 0)
  header.writeUInt32LE(112, 8)
  header.write([model, version, '2024-10-09_06:15:40', ''].join('\0'), 20, 'latin1')
  return Buffer.concat([header, body])
}
