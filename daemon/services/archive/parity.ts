// SPDX-License-Identifier: Apache-2.0
import { settingOf } from '#daemon/domain/provisioning/device-file'
import { MASK, MASKED } from '#daemon/services/provisioning/disclosure'
import type { Renderer } from '#daemon/services/provisioning/renderer'
import type { Store } from '#daemon/store/store'
import { phones } from '#daemon/store/tables'
import type { Mac } from '#protocols/lib/mac'
import type { ParityDifference, ParityReport } from '#web/ports/archive'
import type { ArchiveContents } from './contents.ts'

interface Setting {
  readonly value: string
  /** The level or part that it comes from; empty for theirs. */
  readonly from: string
}

type Settings = ReadonlyMap<string, Setting>

/** Files that include files: a circle ends here. */
const DEEPEST_INCLUDE = 4
/** Different differences that are told, the most frequent first. */
const MOST_TOLD = 500

/**
 * Compares what the other system gave each phone with what Offhook would give it, setting by setting, includes expanded. Each
 * different difference is told once, with how many phones have it and why it is there.
 */
export function compareFiles(contents: ArchiveContents, store: Store, renderer: Renderer): ParityReport {
  const differences = new Map<string, ParityDifference>()
  const without: { mac: string; reason: string }[] = []
  let same = 0
  let differing = 0
  for (const [mac, { path, text }] of contents.phoneFiles) {
    const theirs = theirSettings(text, path, contents)
    const ours = ourSettings(mac as Mac, store, renderer, theirs)
    if ('reason' in ours) {
      without.push({ mac, reason: ours.reason })
      continue
    }
    const found = [...differencesOf(theirs, ours.settings)]
    if (found.some(({ kind }) => kind !== 'expected')) differing++
    else same++
    for (const one of found) {
      const key = `${one.kind}\n${one.key}\n${one.theirs}\n${one.ours}`
      const known = differences.get(key)
      differences.set(key, { ...one, phones: (known?.phones ?? 0) + 1, example: known?.example ?? mac })
    }
  }
  const sorted = [...differences.values()].sort((a, b) => b.phones - a.phones || a.key.localeCompare(b.key))
  return {
    compared: contents.phoneFiles.size,
    ...{ same, differing, without: without.slice(0, MOST_TOLD), untold: Math.max(0, sorted.length - MOST_TOLD) },
    differences: sorted.slice(0, MOST_TOLD),
  }
}

function theirSettings(text: string, path: string, contents: ArchiveContents): Settings {
  const settings = new Map<string, Setting>()
  const take = (lines: string, depth: number) => {
    for (const line of lines.split(/\r\n|\r|\n/)) {
      const [, target] = /^\s*include\s+(\S+)/i.exec(line) ?? []
      const name = target?.split('/').at(-1)?.toLowerCase()
      const included = name === undefined ? undefined : contents.includes.get(name)
      if (included !== undefined && depth < DEEPEST_INCLUDE) take(included, depth + 1)
      const setting = settingOf(line)
      if (setting) settings.set(setting.key, { value: setting.value, from: path })
    }
  }
  take(text, 0)
  return settings
}

function ourSettings(
  mac: Mac,
  store: Store,
  renderer: Renderer,
  theirs: Settings,
): { readonly settings: Settings } | { readonly reason: string } {
  const phone = store.get(phones, mac)?.value
  const situation = phone ? renderer.situationOf(phone) : { address: undefined, model: '', firmware: '' }
  const model = situation.model || (theirs.get('system/type')?.value ?? '').toUpperCase()
  const rendered = renderer.device(mac, { ...situation, model }, MASKED)
  if (rendered.kind === 'none') return { reason: rendered.reason }
  const settings = new Map<string, Setting>()
  const sharedFrom = `${rendered.template.template.title}, shared part`
  for (const line of rendered.shared) {
    const setting = settingOf(line)
    if (setting) settings.set(setting.key, { value: setting.value, from: sharedFrom })
  }
  for (const { text, from } of rendered.file.lines) {
    const setting = settingOf(text)
    if (setting) settings.set(setting.key, { value: setting.value, from })
  }
  return { settings }
}

type Found = Omit<ParityDifference, 'phones' | 'example'>

function* differencesOf(theirs: Settings, ours: Settings): Generator<Found> {
  for (const [key, { value }] of theirs) {
    const our = ours.get(key)
    if (our && sameValue(our.value, value)) continue
    const secret = isSecret(key, value)
    const shown = { key, theirs: secret ? MASK : value, ours: our?.value ?? '' }
    if (our && secret && our.value === MASK) continue
    yield { ...shown, ...explained(key, secret, our) }
  }
  for (const [key, { value, from }] of ours) {
    if (!theirs.has(key)) yield { kind: 'only ours', key, theirs: '', ours: value, why: `set by ${from}` }
  }
}

/** Keys whose values must differ: they say where the manager is. */
const LEADS_HERE =
  /^(ems_server\/provisioning\/url|provisioning\/(configuration|firmware)\/url|system\/ldap\/server_address)$/

function explained(key: string, secret: boolean, our: Setting | undefined): Pick<Found, 'kind' | 'why'> {
  if (LEADS_HERE.test(key)) return { kind: 'expected', why: 'it leads to Offhook instead of the other system' }
  if (secret) {
    const why = 'a secret: it is taken from the users’ list, or to be entered here, and goes only to the phone itself'
    return { kind: 'expected', why }
  }
  if (!our)
    return { kind: 'only theirs', why: 'no template and no level here sets it, or its placeholder has no value' }
  return { kind: 'different', why: `here it is set by ${our.from}` }
}

function isSecret(key: string, value: string): boolean {
  return /^\{".*"\}$/.test(value) || /(password|secret|passphrase|private_key)$/i.test(key)
}

/** Phones read `0` and `"0"` alike, and words without regard to case. */
function sameValue(a: string, b: string): boolean {
  return a === b || bare(a) === bare(b)
}

function bare(value: string): string {
  return value.replace(/^"(.*)"$/, '$1').toLowerCase()
}
