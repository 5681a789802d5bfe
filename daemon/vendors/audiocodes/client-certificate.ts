// SPDX-License-Identifier: Apache-2.0
import { type Mac, parseMac } from '#protocols/lib/mac'

/** Factory certificates name the phone `Client_<MAC>`. */
const NAME = /^Client_([0-9A-F]{12})$/i

/** Whose certificate it is; undefined for every other name. */
export function certifiedMac(commonName: string | undefined): Mac | undefined {
  return parseMac(NAME.exec(commonName ?? '')?.[1] ?? '')
}
