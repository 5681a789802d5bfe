// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { decode, encode, header } from '#protocols/sip/codec'
import { type Golden, goldens, section } from '#test/support/golden'
import { PhoneSide, serving } from './serving.ts'

/** The message as it was sent: LF stands for CRLF, and `{port}` for the phone's. */
function octets(golden: Golden, port = 5060): Buffer {
  return Buffer.from(section(golden, 'message').replaceAll('\n', '\r\n').replaceAll('{port}', String(port)))
}

describe('SIP messages as they are sent in the wild, and as RFC 4475 would have them', () => {
  for (const golden of goldens(join(import.meta.dirname, 'golden'))) {
    it(golden.name, async () => {
      const { endpoint, reports } = await serving()
      const phone = await PhoneSide.open()
      phone.send(octets(golden, phone.port), endpoint)
      const answer = section(golden, 'answer').trim()
      const report = await reports.next()
      const reason = golden.sections.reason?.trim()
      if (reason !== undefined) expect(report.reason).toBe(reason)
      if (answer === 'silence') return expect(report.answer).toBeUndefined()

      const response = await phone.receive()
      expect(response).toMatchObject({ kind: 'response', status: Number(answer) })
      expect(header(response, 'via')).toContain(';received=127.0.0.1')
      expect(header(response, 'to')).toMatch(/;\s*tag\s*=/)
      if (answer === '400') return expect(report.ending).toBe('malformed')
      expect(report.answer).toBe(answer)
      for (const line of golden.sections.notify?.trim().split('\n') ?? []) {
        const [name = '', value = ''] = line.split(/: (.*)/)
        const notify = await phone.peek()
        expect(header(notify, name.toLowerCase())).toBe(value)
      }
    })

    it(`${golden.name}, cut anywhere: one report, never a fault`, async () => {
      const { endpoint, reports } = await serving()
      const phone = await PhoneSide.open()
      const bytes = octets(golden)
      for (let length = 0; length < bytes.length; length += 37) {
        phone.send(bytes.subarray(0, length), endpoint)
        expect((await reports.next()).ending).not.toBe('fault')
      }
    })
  }

  it('what decodes is the same after it was encoded', () => {
    for (const golden of goldens(join(import.meta.dirname, 'golden'))) {
      if (['400', 'silence'].includes(section(golden, 'answer').trim())) continue
      const message = decode(octets(golden))
      const { headers, ...rest } = decode(encode(message))
      const plain = (list: typeof headers) => list.filter(([name]) => name !== 'content-length')
      expect({ ...rest, headers: plain(headers), body: Buffer.from(rest.body) }).toEqual({
        ...message,
        headers: plain(message.headers),
        body: Buffer.from(message.body),
      })
    }
  })
})
