// SPDX-License-Identifier: Apache-2.0
import type { HttpReply } from '#protocols/http/port'
import type { StatusAnswer } from './port.ts'

type BodyReply = Extract<HttpReply, { kind: 'body' }>

const NOTHING_TO_DO = Buffer.from('{"requests":[]}', 'utf8')
const NOT_TAKEN = Buffer.from('Not taken\n', 'latin1')
const CLOSE = { connection: 'close' }

/**
 * The answer a phone expects within 5 s: 200 with a body that is never empty, each command as a JSON string inside
 * the array. After a report whose length was announced wrongly (`whole` false) the connection closes.
 */
export function respond(answer: StatusAnswer, whole: boolean): BodyReply {
  const reply = answer.kind === 'refused' ? refusal(answer.status) : accepted(answer.requests)
  return whole ? reply : { ...reply, headers: CLOSE }
}

function accepted(requests: readonly string[]): BodyReply {
  const body = requests.length === 0 ? NOTHING_TO_DO : Buffer.from(JSON.stringify({ requests }), 'utf8')
  return { kind: 'body', status: 200, contentType: 'application/json', body }
}

function refusal(status: number): BodyReply {
  return { kind: 'body', status, contentType: 'text/plain', body: NOT_TAKEN }
}
