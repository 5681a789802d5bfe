// SPDX-License-Identifier: Apache-2.0
import { type Mac, parseMac } from '#protocols/lib/mac'
import type { WebContext } from '#web/context'
import { Problem } from '#web/http/problem'
import { bodyFields } from './parameters.ts'

const MOST_MACS = 10_000

/** The list `macs` of a JSON body; a Problem 400 when it is empty, too long, or holds something else. */
export function macsOf(ctx: WebContext): Mac[] {
  const { macs } = bodyFields(ctx)
  const list: unknown[] = Array.isArray(macs) ? macs : []
  if (list.length === 0 || list.length > MOST_MACS) {
    throw new Problem(400, `"macs" must be a list of 1 to ${MOST_MACS} MAC addresses.`)
  }
  return list.map((one) => {
    const mac = typeof one === 'string' ? parseMac(one) : undefined
    if (!mac) throw new Problem(400, `"macs" holds ${JSON.stringify(one)?.slice(0, 60)}, which is no MAC address.`)
    return mac
  })
}
