// SPDX-License-Identifier: Apache-2.0
import type { Phone } from '#daemon/domain/phone'
import { disagreements } from '#daemon/domain/provisioning/device-file'
import { type DiffLine, diffLines } from '#daemon/domain/provisioning/line-diff'
import { resolve } from '#daemon/domain/provisioning/placeholder'
import type { NewDisagreement } from '#daemon/domain/provisioning/revision'
import type { RenderedDevice } from '#daemon/services/provisioning/renderer'
import { untagged } from './secrecy.ts'

/** How one phone's file differs. */
export interface Difference {
  /** With tags: not to be shown. */
  readonly lines: readonly DiffLine[]
  /** The same for phones whose lines differ only in values that are theirs. */
  readonly key: string
}

type SharedDiff = (before: readonly string[], after: readonly string[]) => readonly DiffLine[]

/** Compares what a phone reads: its own file, with the shared one in the place where it is included. */
export class Comparison {
  /** Phones of one place have the same shared lines, as the same object. */
  readonly #shared = new Map<readonly string[], Map<readonly string[], readonly DiffLine[]>>()

  /** Undefined when nothing differs. */
  of(before: RenderedDevice, after: RenderedDevice): Difference | undefined {
    const [own, then] = [texts(before), texts(after)]
    const same = own.length === then.length && own.every((text, index) => text === then[index])
    const shared = before.shared === after.shared ? [] : this.#sharedDiff(before.shared, after.shared)
    if (same && shared.length === 0) return undefined
    const lines = cancelled([...shared, ...(same ? [] : diffLines(own, then))])
    const generic = lines.map((line) => line.sign + genericText(line.text, line.sign === '-' ? before : after))
    return { lines, key: generic.join('\n') }
  }

  readonly #sharedDiff: SharedDiff = (before, after) => {
    const known = this.#shared.get(before) ?? new Map<readonly string[], readonly DiffLine[]>()
    this.#shared.set(before, known)
    const lines = known.get(after) ?? diffLines(before, after)
    known.set(after, lines)
    return lines
  }
}

function texts({ file }: RenderedDevice): string[] {
  return file.lines.map(({ text }) => text)
}

/** A line that leaves the shared file for the phone's own, or comes from there, is no change to the phone. */
function cancelled(lines: readonly DiffLine[]): readonly DiffLine[] {
  const come = new Map<string, number>()
  for (const { sign, text } of lines) if (sign === '+') come.set(text, (come.get(text) ?? 0) + 1)
  const moved = new Map<string, number>()
  for (const { sign, text } of lines) {
    const found = come.get(text) ?? 0
    if (sign === '+' || found === 0) continue
    come.set(text, found - 1)
    moved.set(text, (moved.get(text) ?? 0) + 1)
  }
  if (moved.size === 0) return lines
  const left = { '-': new Map(moved), '+': new Map(moved) }
  return lines.filter(({ sign, text }) => {
    const count = left[sign].get(text) ?? 0
    left[sign].set(text, count - 1)
    return count <= 0
  })
}

/** The line with names in the place of the values that are the phone's or its user's. */
function genericText(text: string, { file, personal }: RenderedDevice): string {
  const line = file.lines.find((one) => one.text === text)
  let generic = text
  for (const name of line?.names ?? []) {
    const value = resolve(personal, name)?.value
    if (value) generic = generic.replaceAll(value, `%ITCS_${name}%`)
  }
  return generic
}

/** Keys that levels set differently now, and did not before. */
export function newDisagreements(
  before: RenderedDevice,
  after: RenderedDevice,
): Pick<NewDisagreement, 'key' | 'said'>[] {
  const had = new Set(disagreements(before.file.lines).map(({ key, said }) => `${key}\n${said.length}`))
  return disagreements(after.file.lines)
    .filter(({ key, said }) => !had.has(`${key}\n${said.length}`))
    .map(({ key, said }) => ({ key, said: said.map(({ value, from }) => ({ value: untagged(value), from })) }))
}

/** What people call a phone. */
export function phoneName({ mac, label, displayName, owner, userName }: Phone): string {
  return label || displayName || owner || userName || mac
}
