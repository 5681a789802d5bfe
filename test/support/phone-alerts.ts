// SPDX-License-Identifier: Apache-2.0
import type { Endpoint } from '#protocols/lib/exchange'

/** Phones as the daemon's HTTP front sees them: they report themselves and their alarms. */
export class PhoneAlerts {
  readonly #url: string

  constructor({ address, port }: Endpoint) {
    this.#url = `http://${address}:${port}/rest/v1`
  }

  async appear(mac: string): Promise<void> {
    const body = {
      mac,
      ip: '10.1.1.9',
      model: '440HD',
      fwVersion: '2.2.16.704',
      userName: `u${mac}`,
      status: 'registered',
    }
    await this.#post('ipphoneMgrStatus/keep-alive', body)
  }

  /** Severity 0 clears. */
  async alarm(mac: string, name: string, severity: number): Promise<void> {
    const alert = {
      uniqueId: name,
      name,
      description: 'it cannot sign in',
      date: '2026-11-20 12:42:42',
      severity: String(severity),
    }
    const more = { source: `IPPhone/${mac}`, type: '1', probableCause: '5', additionalInfo1: name }
    await this.#post('ipphoneMgrAlert/alert', { sessionId: '1', alerts: [{ ...alert, ...more }] })
  }

  async #post(path: string, body: object): Promise<void> {
    const response = await fetch(`${this.#url}/${path}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(10_000),
    })
    await response.arrayBuffer()
    if (!response.ok) throw new Error(`${path}: ${response.status}`)
  }
}

export function macOf(phone: number): string {
  return `00908f${phone.toString(16).padStart(6, '0')}`
}

/** Runs many at a time, and all of them. */
export async function inCrowd<T>(size: number, items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items]
  await Promise.all(
    Array.from({ length: size }, async () => {
      for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item)
    }),
  )
}
