// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'

/** A shipped template as it stands in its folder: `template.yaml`, `global.cfg`, `private.cfg`. */
export interface ShippedTemplate {
  readonly id: string
  readonly title: string
  readonly description: string
  readonly models: readonly string[]
  /** The firmware flavour it is for: Skype for Business (`UC_…` versions) or generic SIP. */
  readonly firmware: 'sip' | 'uc'
  readonly global: string
  readonly private: string
}

const templateFile = z.strictObject({
  title: z.string(),
  description: z.string(),
  firmware: z.enum(['sip', 'uc']),
  models: z.array(z.string()),
})

/** The templates that come with Offhook. */
export function shippedTemplates(folder = join(import.meta.dirname, 'templates')): ShippedTemplate[] {
  return readdirSync(folder)
    .sort()
    .map((id) => ({
      id,
      ...templateFile.parse(parse(readFileSync(join(folder, id, 'template.yaml'), 'utf8'))),
      global: readFileSync(join(folder, id, 'global.cfg'), 'utf8'),
      private: readFileSync(join(folder, id, 'private.cfg'), 'utf8'),
    }))
}

/** The built-in placeholder values, without `%ITCS_` and `%`. */
export function builtInPlaceholders(
  file = join(import.meta.dirname, 'placeholders.yaml'),
): Readonly<Record<string, string>> {
  return z.record(z.string(), z.string()).parse(parse(readFileSync(file, 'utf8')))
}
