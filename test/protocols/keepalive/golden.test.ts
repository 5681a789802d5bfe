// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { KeepaliveHandler } from '#protocols/keepalive/handler'
import type { StatusReport } from '#protocols/keepalive/port'
import { type Front, RawClient, startFront } from '#test/protocols/http/support'
import { Desk, report } from '#test/protocols/keepalive/support'
import { type Golden, goldens, hexBytes, section } from '#test/support/golden'

let front: Front

afterEach(() => front.stop())

/** The request exactly as it was sent: LF in the head stands for CRLF, the body ends before its section's last LF. */
function octets(golden: Golden): Buffer {
  const head = section(golden, 'head').replaceAll('\n', '\r\n')
  const bytes = golden.sections['body bytes']
  const body = bytes === undefined ? Buffer.from(section(golden, 'body').slice(0, -1)) : hexBytes(bytes)
  return Buffer.concat([Buffer.from(`${head}\r\n`, 'latin1'), body])
}

describe('requests as they are sent in the wild', () => {
  for (const golden of goldens(join(import.meta.dirname, 'golden'))) {
    it(golden.name, async () => {
      const desk = new Desk()
      front = await startFront([new KeepaliveHandler(desk)])
      const [status = '', ending] = section(golden, 'answer').trim().split(' ')
      const client = new RawClient(front.port).send(octets(golden))
      const answer = ending === 'close' ? await client.toEnd() : await client.until(/\r\n\r\n[\s\S]+$/)
      client.socket.destroy()

      expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
      expect(answer.match(/HTTP\/1\.1 /g)).toHaveLength(1)
      expect(answer).toMatch(/\r\nContent-Length: [1-9]/)
      expect(answer).not.toMatch(/transfer-encoding/i)
      if (status === '200')
        expect(answer).toMatch(/\r\nContent-Type: application\/json\r\n[\s\S]*\r\n\r\n\{"requests":\[\]\}$/)

      const expected = golden.sections.report
      const reports = expected === undefined ? [] : [report(JSON.parse(expected) as Partial<StatusReport>)]
      expect(desk.reports.map(({ peer: _, ...rest }) => rest)).toEqual(reports)
      const [exchange] = (await front.exchanges.atLeast(1)).filter(({ protocol }) => protocol === 'keepalive')
      expect(exchange).toMatchObject({
        operation: 'POST',
        answer: status,
        ending: expected === undefined ? 'malformed' : 'reply',
      })
    })
  }
})
