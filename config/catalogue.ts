// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'

const facts = z.strictObject({
  type: z.enum(['int', 'bool', 'string', 'enum']).optional(),
  min: z.number().optional(),
  max: z.number().optional(),
  /** Characters. */
  maxLength: z.number().optional(),
  /** Of the first index, where there is one; never of a secret. */
  default: z.string().optional(),
  /** Choices; `LOCAL=4` may be written as `LOCAL` or `4`. */
  values: z.array(z.string()).optional(),
  /** First and last index, where the name has a `#`. */
  index: z.tuple([z.number(), z.number()]).optional(),
  /** What the phone does anew after a change of it. */
  reload: z.enum(['reboot', 'voip', 'ui', 'log', 'ntp']).optional(),
  /** The phone keeps it encrypted. */
  secured: z.literal(true).optional(),
  /** Not in the phone's own pages. */
  hidden: z.literal(true).optional(),
})

const line = z.strictObject({
  name: z.string(),
  variants: z.array(facts.extend({ models: z.array(z.string()) })).min(1),
})

const additions = z.strictObject({
  parameters: z.array(facts.extend({ name: z.string() })),
  spelling: z.array(z.string()),
})

/** What a parameter is on some models. */
export type ParameterVariant = z.infer<typeof line>['variants'][number]

/** A setting of the phones, its name as manuals spell it; `#` stands for an index. */
export interface ShippedParameter {
  readonly name: string
  /** `manual`: which models know it is not told, so its one variant names none. */
  readonly source: 'firmware' | 'manual'
  readonly variants: readonly ParameterVariant[]
}

/**
 * The parameters of the phones that Offhook knows of, by name. Reads two files: call it once and keep the answer.
 * See `parameters/NOTICE` for where they come from.
 */
export function shippedParameters(folder = join(import.meta.dirname, 'parameters')): ShippedParameter[] {
  const more = additions.parse(parse(readFileSync(join(folder, 'additions.yaml'), 'utf8')))
  const spelled = new Map(more.spelling.map((name) => [name.toLowerCase(), name]))
  const listed = readFileSync(join(folder, 'firmware.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((text): ShippedParameter => {
      const { name, variants } = line.parse(JSON.parse(text))
      return { name: spelled.get(name) ?? name, source: 'firmware', variants }
    })
  const added = more.parameters.map(({ name, ...own }): ShippedParameter => {
    return { name, source: 'manual', variants: [{ models: [], ...own }] }
  })
  return [...listed, ...added].sort((a, b) => (a.name.toLowerCase() < b.name.toLowerCase() ? -1 : 1))
}
