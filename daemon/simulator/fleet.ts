// SPDX-License-Identifier: Apache-2.0
import { lookup } from 'node:dns/promises'
import type { Ipv4 } from '#protocols/lib/ipv4'
import { type Clock, realClock } from './clock.ts'
import { type DhcpTimes, RFC_2131_TIMES } from './dhcp-client.ts'
import { PHONE_TIMES, type TransferTimes } from './downloader.ts'
import { StepFailure, Stopped } from './failure.ts'
import { Gate } from './gate.ts'
import { dealHabits, type HabitShares } from './habit.ts'
import { identityOf, MODELS } from './identity.ts'
import { VirtualPhone } from './phone.ts'
import { seededRandom } from './random.ts'
import { Relay } from './relay.ts'
import { type FleetReport, ReportBuilder } from './report.ts'
import { Segment } from './segment.ts'
import type { StepEvent } from './step.ts'

export interface FleetOptions {
  readonly phones: number
  /** The same seed makes the same phones and the same chances. */
  readonly seed: number
  readonly models: readonly string[]
  /** Host name or address of the DHCP server; everything else the phones learn from it. */
  readonly server: string
  readonly dhcpPort: number
  readonly relayAddress: Ipv4
  /** 0: any free port, announced to the server [RFC 8357]; 67: an ordinary relay agent. */
  readonly relayPort: number
  /** Option 82 sub-option 1; `%n` becomes the phone's number. Empty: not sent. */
  readonly circuitId: string
  /** `storm`: all phones get power at once. `steady`: `rate` of them in a second. */
  readonly mode: 'steady' | 'storm'
  readonly rate: number
  /** Phones that boot at the same time (`steady`; in a storm all do). */
  readonly concurrency: number
  /** Transfers that are open at the same time. */
  readonly sockets: number
  /** Keep the phones up, with keep-alives, until the signal aborts. */
  readonly stay: boolean
  /** What the phones do when their power goes off: both false is a power cut. */
  readonly leave: { readonly offline: boolean; readonly release: boolean }
  /** Sockets of a phone are bound to its leased address, which must then be this machine's (all of 127/8 is). */
  readonly bindLeased: boolean
  readonly checkFirmware: boolean
  /** Milliseconds for one boot. */
  readonly bootTimeout: number
  /** Milliseconds of a phone's minute: shorter ones make keep-alives come faster. */
  readonly minute: number
  readonly misbehave: HabitShares
  readonly dhcpTimes: DhcpTimes
  readonly transferTimes: TransferTimes
}

export const FLEET_DEFAULTS: Omit<FleetOptions, 'phones'> = {
  seed: 0,
  models: Object.keys(MODELS),
  server: '127.0.0.1',
  dhcpPort: 6767,
  relayAddress: '127.99.0.1' as Ipv4,
  relayPort: 0,
  circuitId: '',
  mode: 'steady',
  rate: 50,
  concurrency: 100,
  sockets: 256,
  stay: false,
  leave: { offline: false, release: false },
  bindLeased: true,
  checkFirmware: true,
  bootTimeout: 120_000,
  minute: 60_000,
  misbehave: {},
  dhcpTimes: RFC_2131_TIMES,
  transferTimes: PHONE_TIMES,
}

export interface FleetHooks {
  /** Ends the run: boots are stopped, phones that stay leave. */
  readonly signal: AbortSignal
  /** Called for each step that a phone took; must not throw. */
  readonly onStep?: (event: StepEvent) => void
  readonly clock?: Clock
}

/** Milliseconds for all phones to leave. */
const LEAVE_TIMEOUT = 10_000

/**
 * Boots a fleet, keeps it up if asked to, and resolves with the report; a phone that fails is in the report. Rejects
 * only when there is no beginning: with a ListenError for the relay address, or when the server's name is unknown.
 */
export async function runFleet(
  options: Partial<FleetOptions> & Pick<FleetOptions, 'phones'>,
  hooks: FleetHooks,
): Promise<FleetReport> {
  const settings = { ...FLEET_DEFAULTS, ...options }
  const { address } = await lookup(settings.server, { family: 4 })
  const { relayAddress, relayPort, circuitId, dhcpPort } = settings
  const server = { address, port: dhcpPort }
  const relay = new Relay({ address: relayAddress, port: relayPort, server, circuitId })
  await relay.open(hooks.signal)
  try {
    return await new Fleet(settings, relay, hooks).run(hooks.signal)
  } finally {
    relay.close()
  }
}

class Fleet {
  readonly #options: FleetOptions
  readonly #relay: Relay
  readonly #clock: Clock
  readonly #report = new ReportBuilder()
  readonly #segment = new Segment()
  readonly #booting: Gate
  readonly #phones: readonly VirtualPhone[]
  /** One per phone: ends what it does. */
  readonly #lives = new Set<AbortController>()
  #booted = 0
  #failed = 0

  constructor(options: FleetOptions, relay: Relay, { onStep, clock = realClock() }: FleetHooks) {
    this.#options = options
    this.#relay = relay
    this.#clock = clock
    this.#booting = new Gate(options.mode === 'storm' ? options.phones : options.concurrency)
    const { seed, models, phones, dhcpTimes, transferTimes, minute, bindLeased, checkFirmware } = options
    const times = { dhcpTimes, transferTimes, minute }
    const tell = (event: StepEvent) => {
      this.#report.step(event)
      onStep?.(event)
    }
    const parts = { clock, relay, segment: this.#segment, sockets: new Gate(options.sockets), onStep: tell }
    const world = { ...parts, ...times, bindLeased, checkFirmware }
    const habits = dealHabits(phones, options.misbehave, seededRandom(seed))
    this.#phones = habits.map((habit, index) => {
      const number = index + 1
      return new VirtualPhone(identityOf(seed, number, models), habit, world, seededRandom(~seed, number))
    })
  }

  async run(signal: AbortSignal): Promise<FleetReport> {
    const beganAt = this.#clock.now()
    const stop = () => {
      for (const life of this.#lives) life.abort(new Stopped())
    }
    signal.addEventListener('abort', stop, { once: true })
    try {
      const { mode, rate } = this.#options
      await Promise.all(
        this.#phones.map((phone, index) => this.#live(phone, mode === 'storm' ? 0 : (index * 1000) / rate, signal)),
      )
    } finally {
      stop()
      signal.removeEventListener('abort', stop)
    }
    const { phones, seed, mode } = this.#options
    const booted = this.#booted
    const failed = this.#failed
    return this.#report.finish({
      phones,
      seed,
      mode,
      booted,
      failed,
      unfinished: phones - booted - failed,
      seconds: (this.#clock.now() - beganAt) / 1000,
      anomalies: { ...this.#relay.counters, addressConflicts: this.#segment.conflicts },
    })
  }

  /** From power on to power off: once, or again and again while the phone stays; a restart takes two seconds of its own. */
  async #live(phone: VirtualPhone, delay: number, outer: AbortSignal): Promise<void> {
    const life = new AbortController()
    this.#lives.add(life)
    if (outer.aborted) life.abort(new Stopped())
    let tried = false
    let everBooted = false
    try {
      await this.#clock.sleep(delay, life.signal)
      for (let failures = 0; ; ) {
        const booted = await this.#boot(phone, life.signal)
        tried = true
        if (booted && !everBooted) this.#booted++
        everBooted ||= booted
        if (!this.#options.stay) break
        failures = booted ? 0 : failures + 1
        if (booted) await phone.stay(life.signal)
        const pause = booted ? this.#options.minute / 30 : powerCyclePause(failures)
        await this.#clock.sleep(pause, life.signal)
      }
    } catch (error) {
      if (!(error instanceof Stopped)) throw error
    } finally {
      if (tried && !everBooted) this.#failed++
      this.#lives.delete(life)
    }
    const leaving = AbortSignal.timeout(LEAVE_TIMEOUT)
    await phone.leave(this.#options.leave, leaving).catch((error: unknown) => {
      if (!leaving.aborted) throw error
    })
  }

  /** False when the phone did not come up; rejects when it was stopped. */
  #boot(phone: VirtualPhone, life: AbortSignal): Promise<boolean> {
    return this.#booting.run(life, async () => {
      const beganAt = this.#clock.now()
      try {
        await within(this.#options.bootTimeout, life, (signal) => phone.boot(signal))
        this.#report.boot(this.#clock.now() - beganAt)
        return true
      } catch (error) {
        if (error instanceof StepFailure) return false
        throw error
      }
    })
  }
}

/** Milliseconds before somebody switches a phone that could not boot off and on again: 5 s, doubling up to 5 min. */
function powerCyclePause(failures: number): number {
  return Math.min(2500 * 2 ** failures, 300_000)
}

async function within<T>(ms: number, outer: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const inner = new AbortController()
  const stop = () => inner.abort(outer.reason)
  const timer = setTimeout(() => inner.abort(new StepFailure(`boot took longer than ${ms / 1000} s`)), ms)
  outer.addEventListener('abort', stop, { once: true })
  try {
    return await work(inner.signal)
  } finally {
    clearTimeout(timer)
    outer.removeEventListener('abort', stop)
  }
}
