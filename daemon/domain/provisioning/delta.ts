// SPDX-License-Identifier: Apache-2.0
import { settingOf } from './device-file.ts'

/** A setting that somebody changed on a phone, found in the files that were saved from it before and after. */
export interface Deviation {
  readonly key: string
  /** Undefined: it was not there. */
  readonly before: string | undefined
  readonly after: string | undefined
}

/** Facts of the one phone that the files come from; in a template they would be every phone's. */
const OWN_FACTS = /^(network\/lan\/(fixed_ip|ip_address|mac)|system\/mac|status\/|.*\/mac_address$)/i
/** Values that only this phone can read. */
const OPAQUE = /^\{".*"\}$/

/** What differs between two saved files of one phone, in the order of the later one; what is gone comes last. */
export function deviations(before: string, after: string): Deviation[] {
  const [old, fresh] = [settingsOf(before), settingsOf(after)]
  const changed = Array.from(fresh, ([key, value]) => ({ key, before: old.get(key), after: value }))
  const gone = Array.from(old, ([key, value]) => ({ key, before: value, after: undefined }))
  return [...changed.filter((one) => one.before !== one.after), ...gone.filter(({ key }) => !fresh.has(key))]
}

/**
 * The lines that make other phones like the later file: for a template, or a level's own lines. What a line cannot say, or
 * should not say for others, stands there as a remark.
 */
export function deltaLines(found: readonly Deviation[]): string {
  return found
    .map(({ key, before, after }) => {
      if (after === undefined) return `; ${key} is no longer set (it was ${before}): a line cannot take it back`
      if (OWN_FACTS.test(key)) return `; ${key}=${after} is this phone's own`
      if (OPAQUE.test(after)) return `; ${key} is encrypted for the phone: use a placeholder with the password`
      // A percent sign before ITCS_ would be a placeholder.
      return /%ITCS_/.test(after) ? `; ${key} has a placeholder's sign in it` : `${key}=${after}`
    })
    .map((line) => `${line}\n`)
    .join('')
}

function settingsOf(text: string): Map<string, string> {
  const settings = new Map<string, string>()
  for (const line of text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/)) {
    const setting = settingOf(line)
    if (!setting) continue
    // The later line wins, and stands where it stands.
    settings.delete(setting.key)
    settings.set(setting.key, setting.value)
  }
  return settings
}
