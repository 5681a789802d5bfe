// SPDX-License-Identifier: Apache-2.0
// Writes config/parameters/firmware.jsonl from a parameter list of the vendor's firmware, one parameter a line:
//   node scripts/parameters.mjs <file.json>
// The list is { "parameters": [{ name, models | perModel, type, min, max, maxLength, default, enum, attribute, indices }] }.
// See config/parameters/NOTICE for where ours comes from.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const TARGET = join(import.meta.dirname, '../config/parameters/firmware.jsonl')
const RELOADS = { RL_VOIP: 'voip', RL_UI: 'ui', RL_LOG: 'log', REF_NTP: 'ntp', REBOOT: 'reboot' }

/** `voip/line/[0-5]/id` and `voip/line/1/id` are one parameter with an index. */
function family(name) {
  return name.replaceAll(/\/(\[[^\]]*\]|\d+)(?=\/|$)/g, '/#')
}

function indexOf(name, indices) {
  const range = /\[(\d+)-(\d+)\]/.exec(name)
  const one = /\/(\d+)(?=\/|$)/.exec(name)
  const known = [range?.[1], range?.[2], one?.[1], ...(indices?.slice(1) ?? [])].filter((text) => text !== undefined)
  return known.length > 0 && (range || one)
    ? [Math.min(...known.map(Number)), Math.max(...known.map(Number))]
    : undefined
}

function whole(text) {
  return /^-?(\d+|0x[0-9a-f]+)$/i.test(text ?? '') ? Number(text) : undefined
}

function factsOf(name, { type, min, max, maxLength, default: preset, enum: values, attribute, indices }) {
  const flags = (attribute ?? '').split(/[|:\s]+/)
  const secured = flags.includes('SECURED')
  const numeric = type === 'int'
  const reload = flags.includes('REBOOT') ? 'reboot' : flags.map((flag) => RELOADS[flag]).find(Boolean)
  return {
    ...(type && { type }),
    ...(numeric && whole(min) !== undefined && { min: whole(min) }),
    ...(numeric && whole(max) !== undefined && { max: whole(max) }),
    ...(!numeric && type !== 'bool' && whole(maxLength) > 0 && { maxLength: whole(maxLength) }),
    ...(preset !== undefined && !secured && { default: preset.trim() }),
    ...(values && { values }),
    ...(indexOf(name, indices) && { index: indexOf(name, indices) }),
    ...(reload && { reload }),
    ...(secured && { secured }),
    ...(flags.includes('HIDDEN') && { hidden: true }),
  }
}

const found = new Map()
const { parameters } = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'))
// Whole families first: what stands for one index alone only widens them.
const ordered = parameters.toSorted((a, b) => Number(b.name.includes('[')) - Number(a.name.includes('[')))
for (const { name, models = [], perModel, ...common } of ordered) {
  const each = perModel ? Object.entries(perModel) : models.map((model) => [model, common])
  const key = family(name)
  const byModel = found.get(key) ?? new Map()
  found.set(key, byModel)
  for (const [model, own] of each) {
    const before = byModel.get(model)
    const fresh = factsOf(name, own)
    const index = [...(before?.index ?? []), ...(fresh.index ?? [])]
    // The default is that of the first index; the others' differ and are of no use to a reader of a file.
    const wide = index.length > 0 ? { index: [Math.min(...index), Math.max(...index)] } : {}
    const { default: preset, ...facts } = { ...fresh, ...before, ...wide }
    byModel.set(model, { ...facts, ...(preset !== undefined && !facts.secured && { default: preset }) })
  }
}

const lines = [...found]
  .sort(([a], [b]) => (a < b ? -1 : 1))
  .map(([name, byModel]) => {
    const variants = new Map()
    for (const [model, facts] of [...byModel].sort()) {
      const same = JSON.stringify(facts)
      variants.set(same, { models: [...(variants.get(same)?.models ?? []), model], ...facts })
    }
    return JSON.stringify({ name, variants: [...variants.values()] })
  })
writeFileSync(TARGET, `${lines.join('\n')}\n`)
console.log(`${lines.length} parameters in ${TARGET}`)
