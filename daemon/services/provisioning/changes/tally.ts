// SPDX-License-Identifier: Apache-2.0
import type { Phone } from '#daemon/domain/phone'
import type { DiffLine } from '#daemon/domain/provisioning/line-diff'
import {
  type DiffGroup,
  type ExamplePhone,
  MOST_GROUPS,
  type NewDisagreement,
  type TemplateMove,
} from '#daemon/domain/provisioning/revision'
import type { NoFile, RenderedDevice } from '#daemon/services/provisioning/renderer'
import { Comparison, newDisagreements, phoneName } from './comparison.ts'
import { maskedLine, untagged } from './secrecy.ts'

interface Group {
  readonly lines: readonly DiffLine[]
  readonly example: ExamplePhone
  phones: number
  personal: boolean
}

/** Distinct differences that are kept apart; the phones of further ones are only counted. */
const MOST_KEPT = 20_000
const MOST_DISAGREEMENTS = 50
/** Groups in which disagreements are looked for. */
const MOST_ASKED = 200

/** Counts what becomes of phones. */
export class Tally {
  readonly #comparison = new Comparison()
  readonly #groups = new Map<string, Group>()
  readonly #moves = new Map<string, TemplateMove>()
  readonly #disagreements = new Map<string, NewDisagreement>()
  #uncounted = 0
  #changed = 0

  take(phone: Phone, before: RenderedDevice | NoFile, after: RenderedDevice | NoFile): void {
    if (before.kind === 'none' && after.kind === 'none') return
    const [from, to] = [titleOf(before), titleOf(after)]
    if (idOf(before) !== idOf(after)) this.#move(phone, from, to, after.kind === 'none' ? after.reason : '')
    if (before.kind === 'none' || after.kind === 'none') {
      this.#changed += 1
      return
    }
    const difference = this.#comparison.of(before, after)
    if (!difference) return
    this.#changed += 1
    const { key, lines } = difference
    const group = this.#groups.get(key)
    if (group) {
      group.phones += 1
      group.personal ||= !sameLines(group.lines, lines)
    } else if (this.#groups.size >= MOST_KEPT) {
      this.#uncounted += 1
    } else {
      this.#groups.set(key, { lines, example: exampleOf(phone), phones: 1, personal: false })
      if (this.#groups.size <= MOST_ASKED) this.#disagree(phone, before, after)
    }
  }

  result() {
    const ordered = [...this.#groups.values()].sort((a, b) => b.phones - a.phones)
    const shown = ordered.slice(0, MOST_GROUPS)
    return {
      changed: this.#changed,
      groups: shown.map((group): DiffGroup => ({ ...group, lines: group.lines.map(shownLine) })),
      others: ordered.slice(MOST_GROUPS).reduce((sum, { phones }) => sum + phones, this.#uncounted),
      moves: [...this.#moves.values()].sort((a, b) => b.phones - a.phones),
      disagreements: [...this.#disagreements.values()],
    }
  }

  /** Of the distinct differences, not of how many phones have them: another phone of a known kind is no other outcome. */
  outcome(): string {
    return [...this.#groups.keys(), ...this.#moves.keys()].sort().join('\n\n')
  }

  #move(phone: Phone, from: string, to: string, reason: string): void {
    const key = [from, to, reason.replaceAll(phone.mac, '')].join('\n')
    const known = this.#moves.get(key)
    const { example = exampleOf(phone), phones = 0 } = known ?? {}
    this.#moves.set(key, { from, to, reason, example, phones: phones + 1 })
  }

  #disagree(phone: Phone, before: RenderedDevice, after: RenderedDevice): void {
    for (const { key, said } of newDisagreements(before, after)) {
      if (this.#disagreements.has(key) || this.#disagreements.size >= MOST_DISAGREEMENTS) continue
      this.#disagreements.set(key, { key, said, example: exampleOf(phone) })
    }
  }
}

function exampleOf(phone: Phone): ExamplePhone {
  return { mac: phone.mac, name: phoneName(phone) }
}

function idOf(rendered: RenderedDevice | NoFile): string {
  return rendered.kind === 'none' ? '' : rendered.template.template.id
}

function titleOf(rendered: RenderedDevice | NoFile): string {
  return rendered.kind === 'none' ? '' : rendered.template.template.title
}

/** A secret that differs looks the same when it is masked: say so. */
function shownLine({ sign, text }: DiffLine): DiffLine {
  const shown = maskedLine(untagged(text))
  return { sign, text: sign === '+' && shown !== text ? `${shown} (set anew)` : shown }
}

function sameLines(a: readonly DiffLine[], b: readonly DiffLine[]): boolean {
  return a.length === b.length && a.every(({ text }, index) => text === b[index]?.text)
}
