// SPDX-License-Identifier: Apache-2.0
import { setImmediate as nextTurn } from 'node:timers/promises'
import { driftOf } from '#daemon/domain/firmware'
import type { Phone } from '#daemon/domain/phone'
import { type CheckSchedule, checkSchedule } from '#daemon/domain/provisioning/check-schedule'
import { disagreements } from '#daemon/domain/provisioning/device-file'
import { namesIn, valuesOf } from '#daemon/domain/provisioning/placeholder'
import {
  DRIFT_STATES,
  type DriftState,
  driftState,
  type ServedFile,
  type ServedLevel,
} from '#daemon/domain/provisioning/served'
import type { PinnedFiles } from '#daemon/services/pinned-files'
import { maskedLine } from '#daemon/services/provisioning/changes/secrecy'
import { MASKED, WITHOUT_USER } from '#daemon/services/provisioning/disclosure'
import type { NoFile, RenderedDevice, Renderer, Situation } from '#daemon/services/provisioning/renderer'
import type { Store } from '#daemon/store/store'
import { phones } from '#daemon/store/tables'
import type { Mac } from '#protocols/lib/mac'
import type { Drift, DriftCounts, DriftPage, DriftQuery, Effective, ServedPort } from '#web/ports/served'
import type { ServedLog } from './log.ts'

export interface ServedDeskOptions {
  readonly store: Store
  readonly log: ServedLog
  readonly renderer: Renderer
  /** What a phone would be served, with what it may have. */
  readonly made: (mac: Mac, situation: Situation, level: ServedLevel) => RenderedDevice | NoFile
  /** Files that were uploaded for single phones. */
  readonly pinned?: Pick<PinnedFiles, 'get'>
  /** The version that was chosen for a phone. */
  readonly firmware: (phone: Phone) => Promise<{ readonly version: string } | undefined>
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/** Milliseconds for which a look at all phones is good enough. */
const FRESH = 15_000

const PINNED = 'A file is pinned to it, and given as it is: there is nothing to compare.'
/** Milliseconds without letting others go on. */
const SLICE = 8

interface Look {
  readonly at: number
  readonly rows: readonly (Drift & { readonly name: string })[]
  readonly counts: DriftCounts
}

/** Answers what phones have, had, and should have. */
export class ServedDesk implements ServedPort {
  readonly #options: ServedDeskOptions
  #look: Promise<Look> | undefined

  constructor(options: ServedDeskOptions) {
    this.#options = options
  }

  effective(mac: Mac): Effective | { readonly none: string } | undefined {
    const { store, renderer } = this.#options
    const phone = store.get(phones, mac)?.value
    if (!phone) return undefined
    const shown = phone.approval === 'approved' ? MASKED : WITHOUT_USER
    if (this.#isPinned(mac)) return { none: PINNED }
    const made = renderer.device(mac, renderer.situationOf(phone), shown)
    if (made.kind === 'none') return { none: made.reason }
    const { file, layers, template, scope, shared } = made
    const asked = namesAsked(renderer, template.template.id)
    const used = new Set([...asked, ...file.lines.flatMap(({ names }) => names)])
    const lines = file.lines.map((line) => ({ ...line, text: maskedLine(line.text) }))
    return {
      ...{ template: template.template.title, why: template.why, lines, left: file.left },
      place: renderer.tree.path(scope.id).map(({ name }) => name),
      shared: shared.map(maskedLine),
      disagreements: disagreements(lines),
      values: namesIn(layers).flatMap((name) => {
        const said = valuesOf(layers, name)
        const last = said.at(-1)
        return last ? [{ name, ...last, overridden: said.slice(0, -1), used: used.has(name) }] : []
      }),
    }
  }

  async drift(mac: Mac): Promise<Drift | undefined> {
    const phone = this.#options.store.get(phones, mac)?.value
    return phone && this.#drift(phone)
  }

  async drifting({ state, page, pageSize }: DriftQuery): Promise<DriftPage> {
    const { at, rows, counts } = await this.#freshLook()
    const found = rows.filter((row) => {
      return state === '' || row.state === state || (state === 'firmware' && row.firmware.state === 'other')
    })
    const pageCount = Math.max(1, Math.ceil(found.length / pageSize))
    const shown = Math.min(page, pageCount)
    return {
      rows: found.slice((shown - 1) * pageSize, shown * pageSize),
      counts,
      total: found.length,
      page: shown,
      pageCount,
      at,
    }
  }

  history(mac: Mac): readonly ServedFile[] {
    return this.#options.log.of(mac).toReversed()
  }

  text(mac: Mac, hash: string): Promise<string | undefined> {
    return this.#options.log.text(mac, hash)
  }

  /** One look serves all who ask at the same time. */
  async #freshLook(): Promise<Look> {
    const known = await this.#look?.catch(() => undefined)
    if (known && Math.abs(this.#options.now() - known.at) < FRESH && this.#look) return known
    const look = this.#lookAtAll()
    this.#look = look
    return look
  }

  async #lookAtAll(): Promise<Look> {
    const counts: Record<DriftState, number> = { old: 0, never: 0, waiting: 0, none: 0, current: 0 }
    const rows: (Drift & { name: string })[] = []
    let firmware = 0
    let slice = performance.now()
    for (const { value: phone } of this.#options.store.entries(phones)) {
      const drift = await this.#drift(phone)
      counts[drift.state] += 1
      if (drift.firmware.state === 'other') firmware += 1
      rows.push({ ...drift, name: phone.label || phone.displayName || phone.owner || phone.userName })
      if (performance.now() - slice < SLICE) continue
      await nextTurn()
      slice = performance.now()
    }
    const order = new Map<DriftState, number>(DRIFT_STATES.map((state, index) => [state, index]))
    rows.sort((a, b) => (order.get(a.state) ?? 0) - (order.get(b.state) ?? 0))
    return { at: this.#options.now(), rows, counts: { ...counts, firmware } }
  }

  #isPinned(mac: Mac): boolean {
    const { pinned } = this.#options
    return pinned?.get(mac, 'cfg') !== undefined || pinned?.get(mac, 'cfx') !== undefined
  }

  async #drift(phone: Phone): Promise<Drift> {
    const { log, renderer, made, now } = this.#options
    const { mac } = phone
    const served = log.of(mac).at(-1)
    const chosen = (await this.#options.firmware(phone))?.version ?? ''
    const firmware = { reported: phone.firmware, chosen, state: driftOf(phone.firmware, chosen) }
    const level = served?.level ?? (phone.approval === 'approved' ? 'secrets' : 'nothing')
    if (this.#isPinned(mac)) return { mac, state: 'none', reason: PINNED, hash: '', served, schedule: '', firmware }
    const rendered = made(mac, { ...renderer.situationOf(phone), named: served?.named }, level)
    if (rendered.kind === 'none') {
      return { mac, state: 'none', reason: rendered.reason, hash: '', served, schedule: '', firmware }
    }
    const schedule = checkSchedule([...rendered.shared, ...rendered.file.lines.map(({ text }) => text)])
    const hash = log.hashOf(rendered)
    const since = Math.max(phone.firstSeenAt, log.since)
    const state = driftState(served, hash, schedule.longest, since, now())
    return { mac, state, reason: reasonOf(state, schedule), hash, served, schedule: schedule.text, firmware }
  }
}

/** The placeholders that a template's parts ask for, with those that they use. */
function namesAsked(renderer: Renderer, id: string): Set<string> {
  const names = new Set<string>()
  const parts = new Set([`${id}/global`, `${id}/private`])
  for (const part of parts) {
    const program = renderer.partOf(part)
    for (const name of program?.names ?? []) names.add(name)
    for (const used of program?.uses ?? []) parts.add(used)
  }
  return names
}

function reasonOf(state: DriftState, { text, longest }: CheckSchedule): string {
  const looks = `It looks for another file ${text}.`
  switch (state) {
    case 'current':
      return 'It has the file that it would be served now.'
    case 'waiting':
      return longest === undefined
        ? `Another file waits for it until it starts again.`
        : `Another file waits for it. ${looks}`
    case 'old':
      return `It has an old file and should have fetched the new one by now. ${looks}`
    case 'never':
      return `It never fetched a file here and should have by now. ${looks}`
    case 'none':
      return 'There is no file for it.'
  }
}
