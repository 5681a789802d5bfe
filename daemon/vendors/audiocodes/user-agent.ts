// SPDX-License-Identifier: Apache-2.0
import { type Mac, parseMac } from '#protocols/lib/mac'
import { modelIn } from './models.ts'

/** What a phone says of itself in `User-Agent`; empty text means that it does not say. */
export interface UserAgentFacts {
  readonly model: string
  readonly firmware: string
  readonly mac: Mac | undefined
}

const LONGEST = 256
/** `AUDC-IPPhone/2.2.8.61 (440HDG-Rev0; 00908F602AAC)`; OEM builds put another name in front. */
const WITH_REMARK = /^[^/()]{1,40}\/(?<firmware>[\w.]{1,40}) \((?<model>[\w-]{1,40}); ?(?<mac>[0-9a-f]{12})\)/i
/** `AUDC-IPPhone-430HD_UC_2.0.7.70/1.0.0000.0`, also behind another product token. */
const IN_PRODUCT = /(?:^| )AUDC-IPPhone-(?<model>[A-Za-z0-9-]{1,40})_(?<firmware>[\w.]{1,40})(?:\/|$)/i
const BARE = /^AUDC(?:-IPPhone)?\/(?<firmware>[\w.]{1,40})/i

/** Reads the spellings that AudioCodes firmware is known to use; undefined for every other client. */
export function parseUserAgent(text: string): UserAgentFacts | undefined {
  const agent = text.slice(0, LONGEST)
  for (const form of [WITH_REMARK, IN_PRODUCT]) {
    const groups = form.exec(agent)?.groups
    const model = groups && modelIn(groups.model ?? '')
    if (model) return { model, firmware: groups.firmware ?? '', mac: parseMac(groups.mac ?? '') }
  }
  const bare = BARE.exec(agent)?.groups
  return bare && { model: '', firmware: bare.firmware ?? '', mac: undefined }
}
