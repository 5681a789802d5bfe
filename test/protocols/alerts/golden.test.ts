// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { AlertsHandler } from '#protocols/alerts/handler'
import type { AlertAnswer, AlertReport, AlertsPort } from '#protocols/alerts/port'
import { type Front, RawClient, startFront } from '#test/protocols/http/support'
import { type Golden, goldens, section } from '#test/support/golden'

class Desk implements AlertsPort {
  readonly reports: AlertReport[] = []

  async report(report: AlertReport): Promise<AlertAnswer> {
    this.reports.push(report)
    return { kind: 'taken' }
  }
}

let front: Front

afterEach(() => front.stop())

/** LF in the head stands for CRLF, the body ends before its section's last LF. */
function octets(golden: Golden): Buffer {
  const head = section(golden, 'head').replaceAll('\n', '\r\n')
  return Buffer.concat([Buffer.from(`${head}\r\n`, 'latin1'), Buffer.from(section(golden, 'body').slice(0, -1))])
}

describe('alarms as they are sent in the wild', () => {
  for (const golden of goldens(join(import.meta.dirname, 'golden'))) {
    it(golden.name, async () => {
      const desk = new Desk()
      front = await startFront([new AlertsHandler(desk)])
      const [status = '', ending] = section(golden, 'answer').trim().split(' ')
      const client = new RawClient(front.port).send(octets(golden))
      const answer = ending === 'close' ? await client.toEnd() : await client.until(/\r\n\r\n[\s\S]+$/)
      client.socket.destroy()
      expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
      expect(answer).toMatch(/\r\nContent-Length: [1-9]/)
      if (status === '200') expect(answer).toMatch(/\r\nContent-Type: application\/json\r\n[\s\S]*\r\n\r\n\{\}$/)
      const expected = golden.sections.alerts
      const alerts = desk.reports.map((report) => JSON.parse(JSON.stringify(report.alerts)) as unknown)
      expect(alerts).toEqual(expected === undefined ? [] : [JSON.parse(expected)])
      const [exchange] = await front.exchanges.atLeast(1)
      expect(exchange).toMatchObject({ protocol: 'alerts', answer: status, evidence: {} })
    })
  }
})
