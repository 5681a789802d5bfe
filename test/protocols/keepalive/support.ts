// SPDX-License-Identifier: Apache-2.0
import type { KeepalivePort, StatusAnswer, StatusReport } from '#protocols/keepalive/port'

/** Takes every report and keeps it; answers what it was made with. */
export class Desk implements KeepalivePort {
  readonly reports: StatusReport[] = []
  readonly #answer: StatusAnswer

  constructor(answer: StatusAnswer = { kind: 'accepted', requests: [] }) {
    this.#answer = answer
  }

  async report(status: StatusReport): Promise<StatusAnswer> {
    this.reports.push(status)
    return this.#answer
  }
}

/** A whole report, but for the peer, from the fields that matter. */
export function report(fields: Partial<StatusReport>): Omit<StatusReport, 'peer'> {
  return {
    operation: 'keep-alive',
    mac: '' as StatusReport['mac'],
    status: '',
    ip: '',
    subnet: '',
    model: '',
    firmware: '',
    userAgent: '',
    userName: '',
    userId: '',
    phoneNumber: '',
    location: '',
    vlanId: '',
    sipProxy: '',
    sessionId: '',
    extra: {},
    prefix: [],
    ...fields,
  }
}
