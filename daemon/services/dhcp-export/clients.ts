// SPDX-License-Identifier: Apache-2.0

/** What options 60 and 77 of a phone begin with: other servers cannot match a pattern, so they get the list. */
export { MODELS, OUI } from '#daemon/vendors/audiocodes/models'

/** Stands for the model in file names; phones fill it in. */
export const ANY_MODEL = '<MODEL>'

/** Clients of other kinds that get something: by option 60 as a whole. */
export const VENDOR_CLASSES = ['MS-UC-Client', 'CPE-OCPHONE'] as const

/** The maker's gateways have the same hardware addresses, and read 66 and 67 as theirs; their classes begin so. */
export const GATEWAY = 'M'
/** A class that begins like a gateway's, and is none. */
export const NO_GATEWAY = 'MS-UC-Client'

export function bootFileOf(template: string, model: string): string {
  return template.replaceAll(ANY_MODEL, model)
}

/** For the header's field `file`, which holds a firmware name only. */
export function headerFileOf(bootFile: string): string {
  return bootFile.split(';')[0] ?? ''
}
