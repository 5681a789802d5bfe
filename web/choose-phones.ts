// SPDX-License-Identifier: Apache-2.0
import { isCommandKind } from '#daemon/domain/command'
import type { JobKind } from '#daemon/domain/job'
import type { RejectedLine } from '#daemon/domain/mac-csv'
import { readMacs } from '#daemon/domain/mac-csv'
import type { Approval, Presence } from '#daemon/domain/phone'
import type { Mac } from '#protocols/lib/mac'
import type { WebPort } from './port.ts'

/** Which phones are meant; what is left out says nothing. */
export interface PhoneFilter {
  /** Matched as in the list of devices. */
  readonly text: string
  readonly presence?: Presence | undefined
  readonly approval?: Approval | undefined
  /** Id of a scope: phones in it and in what lies in it. */
  readonly region?: string
  readonly model?: string
}

const PAGE = 1_000
/** Bytes of a file of phones. */
export const LARGEST_PHONE_FILE = 8 * 2 ** 20

/** The phones of a filter. Only those that were let in are told anything. */
export function phonesOf(port: WebPort, kind: JobKind, filter: PhoneFilter): Mac[] {
  const { text, presence, region = '', model = '' } = filter
  const approval = filter.approval ?? (isCommandKind(kind) ? 'approved' : undefined)
  const tree = region === '' ? undefined : port.scopes?.tree()
  const macs: Mac[] = []
  for (let page = 1, pageCount = 1; page <= pageCount; page++) {
    const found = port.fleet.devices({ text, page, pageSize: PAGE, ...(presence && { presence }) })
    pageCount = found.pageCount
    for (const { phone } of found.rows) {
      if (approval !== undefined && phone.approval !== approval) continue
      if (model !== '' && phone.model.toUpperCase() !== model.toUpperCase()) continue
      if (tree && !tree.contains(region, port.scopes?.placementOf(phone).scope.id ?? '')) continue
      macs.push(phone.mac)
    }
  }
  return macs
}

/** The phones of a file; rows that name none that is known, or none that may be told, are rejected. */
export function phonesOfFile(
  port: WebPort,
  kind: JobKind,
  bytes: Uint8Array,
): { readonly macs: readonly Mac[]; readonly rejected: readonly RejectedLine[] } {
  const file = readMacs(new TextDecoder().decode(bytes))
  const rejected = [...file.rejected]
  const macs: Mac[] = []
  for (const [mac, line] of file.lines) {
    const phone = port.fleet.device(mac)?.phone
    if (!phone) rejected.push({ line, reason: `no phone ${mac} has been seen` })
    else if (isCommandKind(kind) && phone.approval !== 'approved')
      rejected.push({ line, reason: `${mac} was not let in` })
    else macs.push(mac)
  }
  return { macs, rejected: rejected.sort((a, b) => a.line - b.line) }
}
