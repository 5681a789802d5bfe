// SPDX-License-Identifier: Apache-2.0

/** AudioCodes' block of hardware addresses. */
export const OUI = '00908f'

/** Stands for the model in file names; phones fill it in. */
export const ANY_MODEL = '<MODEL>'

/**
 * What options 60 and 77 of a phone begin with. Other servers cannot match a pattern, so they get the list. Longer names
 * come before the names that they contain (`C450HD`, `450HD`), for servers that look anywhere in the text.
 */
export const MODELS = [
  ...['C430HD', 'C435HD', 'C448HD', 'C450HD', 'C455HD', 'C470HD'],
  ...['310HD', '320HD', '405HD', '420HD', '425HD', '430HD', '440HD', '445HD', '450HD', '455HD', '470HD'],
] as const

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
