// SPDX-License-Identifier: Apache-2.0
import type { HttpReply } from '#protocols/http/port'
import type { FileAnswer } from './port.ts'

export type RefusalStatus = Extract<FileAnswer, { kind: 'refuse' }>['status']

const TEXTS: Readonly<Record<RefusalStatus, string>> = {
  403: 'Not for you\n',
  404: 'No such file\n',
  503: 'Not now\n',
}

/** The reason stays in the journal: a stranger who tries names learns nothing but the status. */
export function refusal(status: RefusalStatus): HttpReply {
  return { kind: 'body', status, contentType: 'text/plain', body: Buffer.from(TEXTS[status], 'latin1') }
}

/** The same refusal in TFTP's codes [RFC1350 §5]: 1 file not found, 2 access violation, 0 see the message. */
export function tftpCode(status: RefusalStatus): number {
  switch (status) {
    case 404:
      return 1
    case 403:
      return 2
    case 503:
      return 0
  }
}
