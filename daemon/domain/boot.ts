// SPDX-License-Identifier: Apache-2.0
import type { Ending, Exchange } from '#protocols/lib/exchange'

/** The steps of a boot in their usual order. */
export const BOOT_STEPS = [
  'discover',
  'lease',
  'bootstrap',
  'config',
  'firmware',
  'started',
  'registered',
  'unregistered',
  'offline',
] as const

export type BootStepName = (typeof BOOT_STEPS)[number]

/** One step that a phone was seen to take. Repeats in a row are folded into one with a count. */
export interface BootStep {
  readonly step: BootStepName
  /** Milliseconds since the epoch: of the first, and of the last when it was repeated. */
  readonly at: number
  readonly lastAt: number
  readonly count: number
  readonly ending: Ending
  readonly protocol: string
  /** What was asked and answered, in the protocol's words, and the reason if it was refused. */
  readonly detail: string
  /** How long the answer took, in microseconds (the last one's). */
  readonly micros: number
}

/** The last steps of one phone, oldest first. */
export interface BootTimeline {
  readonly steps: readonly BootStep[]
}

/** About two boots; keeps a phone's record near one kilobyte. */
const KEPT = 16

const STEP_OF_FILE: ReadonlyMap<string | undefined, BootStepName> = new Map([
  ['bootstrap', 'bootstrap'],
  ['device-config', 'config'],
  ['global-config', 'config'],
  ['firmware', 'firmware'],
])

/** Which boot step an exchange is, if any. */
export function bootStepOf(exchange: Exchange, at: number): BootStep | undefined {
  const step = stepName(exchange)
  if (!step) return undefined
  const { protocol, operation, answer, reason, ending, micros, evidence } = exchange
  const asked = evidence.file ? `${operation} ${evidence.file}` : operation
  const detail = [asked, answer && `→ ${answer}`, reason && `(${reason})`].filter(Boolean).join(' ')
  return { step, at, lastAt: at, count: 1, ending, protocol, detail: detail.slice(0, 200), micros }
}

/** The timeline with one more step; a repeat of the last step with the same ending only raises its count. */
export function withStep(timeline: BootTimeline | undefined, step: BootStep): BootTimeline {
  const steps = timeline?.steps ?? []
  const last = steps.at(-1)
  if (last && last.step === step.step && last.ending === step.ending && last.detail === step.detail) {
    return { steps: [...steps.slice(0, -1), { ...step, at: last.at, count: last.count + 1 }] }
  }
  return { steps: [...steps, step].slice(-KEPT) }
}

function stepName({ protocol, operation, evidence }: Exchange): BootStepName | undefined {
  if (protocol === 'dhcp') {
    if (operation === 'DISCOVER') return 'discover'
    return operation === 'REQUEST' || operation === 'INFORM' ? 'lease' : undefined
  }
  if (protocol === 'sip') return operation === 'SUBSCRIBE' ? 'discover' : undefined
  if (protocol === 'keepalive') return BOOT_STEPS.find((step) => step === evidence.status)
  return STEP_OF_FILE.get(evidence.fileKind)
}
