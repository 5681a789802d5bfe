// SPDX-License-Identifier: Apache-2.0
import type { HttpReply } from '#protocols/http/port'
import type { AlertAnswer } from './port.ts'

const TAKEN = Buffer.from('{}', 'utf8')
const NOT_TAKEN = Buffer.from('Not taken\n', 'latin1')
const CLOSE = { connection: 'close' }

/** 200 with `{}`. After a body whose length was announced wrongly (`whole` false) the connection closes. */
export function respond(answer: AlertAnswer, whole: boolean): Extract<HttpReply, { kind: 'body' }> {
  const reply =
    answer.kind === 'taken'
      ? ({ kind: 'body', status: 200, contentType: 'application/json', body: TAKEN } as const)
      : ({ kind: 'body', status: answer.status, contentType: 'text/plain', body: NOT_TAKEN } as const)
  return whole ? reply : { ...reply, headers: CLOSE }
}
