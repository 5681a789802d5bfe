// SPDX-License-Identifier: Apache-2.0
import type { Clock } from './clock.ts'
import { readConfiguration } from './config-reader.ts'
import { DhcpClient, type DhcpTimes, type Lease } from './dhcp-client.ts'
import { type Caller, Downloader, type TransferTimes } from './downloader.ts'
import { asFailure, StepFailure } from './failure.ts'
import { ImageReader } from './firmware.ts'
import type { Gate } from './gate.ts'
import type { Habit } from './habit.ts'
import { type PhoneIdentity, userAgentOf } from './identity.ts'
import { readAnswer, type Status, statusReport } from './keepalive.ts'
import { LeaseKeeper } from './lease-keeper.ts'
import { type ProvisioningSource, sourceOfLease, staticUrl } from './provisioning-url.ts'
import type { Random } from './random.ts'
import type { Relay } from './relay.ts'
import type { Segment } from './segment.ts'
import { type StepEvent, type StepName, StepRunner, type Tally } from './step.ts'
import type { TftpOptions } from './tftp-reader.ts'

/** What a phone finds around it. */
export interface Surroundings {
  readonly clock: Clock
  readonly relay: Relay
  readonly segment: Segment
  /** Bounds the sockets that are open at once, over all phones. Waiting here counts into no step. */
  readonly sockets: Gate
  readonly onStep: (event: StepEvent) => void
  readonly dhcpTimes: DhcpTimes
  readonly transferTimes: TransferTimes
  /** Milliseconds of a phone's minute. */
  readonly minute: number
  readonly bindLeased: boolean
  readonly checkFirmware: boolean
}

/** How a phone's stay ended: told to restart, or without an address any more. */
export type StayEnd = 'reset' | 'lease lost'

/** The settings that a virtual phone acts upon; it forgets the rest, as a fleet's would not fit in memory. */
const ACTED_UPON = new Set([
  'ems_server/keep_alive_period',
  'ems_server/provisioning/url',
  'ems_server/user_name',
  'provisioning/configuration/url',
  'provisioning/firmware/url',
  'security/provisioning/verify_server_certificate',
])

/** Minutes, unless the cfg says otherwise. */
const KEEP_ALIVE_PERIOD = 60

/** One virtual phone, from power on to power off: address, files, firmware, reports. */
export class VirtualPhone {
  readonly identity: PhoneIdentity
  readonly habit: Habit
  readonly #world: Surroundings
  readonly #random: Random
  readonly #steps: StepRunner
  readonly #keeper: LeaseKeeper
  readonly #downloads: Downloader
  #firmware: string
  #settings: ReadonlyMap<string, string> = new Map()
  /** Eight hex digits, new with each boot. */
  #sessionId = ''
  #keepAlives = 0
  /** An answer to a report told the phone to restart. */
  #resetAsked = false

  constructor(identity: PhoneIdentity, habit: Habit, world: Surroundings, random: Random) {
    this.identity = identity
    this.habit = habit
    this.#world = world
    this.#random = random
    this.#firmware = identity.firmware
    this.#steps = new StepRunner(identity, world.clock, world.onStep)
    const client = new DhcpClient(identity, world.relay, world.clock, random, world.dhcpTimes)
    this.#keeper = new LeaseKeeper(identity.mac, client, world.segment, world.clock, this.#steps)
    this.#downloads = new Downloader(world.clock, world.transferTimes)
  }

  /** Power on. Rejects with a StepFailure at the first step that stops a phone, or with the signal's reason. */
  async boot(signal: AbortSignal): Promise<void> {
    this.#sessionId = this.#random.hex(8)
    this.#keepAlives = 0
    this.#resetAsked = false
    this.#settings = new Map()
    const lease = await this.#keeper.obtain(signal)
    const source = await this.#configure(lease, signal)
    if (this.#world.checkFirmware) await this.#checkFirmware(source, signal)
    await this.#report('started', 'started', signal)
    if (this.habit === 'never-registers') await this.#report('keep-alive', 'unregistered', signal)
    else if (this.habit !== 'silent-after-started') await this.#report('registered', 'registered', signal)
  }

  /** Keeps its lease and its manager's interest until something ends the boot; rejects when the signal aborts. */
  async stay(signal: AbortSignal): Promise<StayEnd> {
    const { clock } = this.#world
    let keepAliveAt = clock.now() + this.#keepAlivePeriod()
    while (!this.#resetAsked) {
      const rebindAt = this.#keeper.lease?.rebindAt ?? 0
      await clock.sleep(Math.min(keepAliveAt, rebindAt) - clock.now(), signal)
      if (clock.now() >= rebindAt && !(await this.#keeper.rebind(signal))) return 'lease lost'
      if (clock.now() < keepAliveAt) continue
      keepAliveAt = clock.now() + this.#keepAlivePeriod()
      await this.#keepAlive(signal)
    }
    return 'reset'
  }

  /** Power off: says so to the manager, gives the address back, both, or neither as in a power cut. */
  async leave(how: { readonly offline: boolean; readonly release: boolean }, signal: AbortSignal): Promise<void> {
    const reports = this.#settings.has('ems_server/provisioning/url') && this.habit !== 'silent-after-started'
    if (how.offline && reports && this.#keeper.lease) {
      await this.#report('offline', 'offline', signal).catch(rethrowUnlessFailure)
    }
    if (how.release) await this.#world.sockets.run(signal, () => this.#keeper.release(this.#world.bindLeased))
    this.#keeper.forget()
  }

  /** The bootstrap file, then the phone's own if the bootstrap names one. */
  async #configure(lease: Lease, signal: AbortSignal): Promise<ProvisioningSource> {
    const { identity } = this
    const source = await this.#socketStep('bootstrap', signal, async (tally) => {
      const found = sourceOfLease(lease, identity)
      this.#settings = await this.#readConfig(found.config, tally, signal)
      return found
    })
    const own = this.#settings.get('provisioning/configuration/url')
    if (!own) return source
    await this.#socketStep('config', signal, async (tally) => {
      const values = await this.#readConfig(staticUrl(own, `${identity.mac}.cfg`, identity), tally, signal)
      this.#settings = new Map([...this.#settings, ...values])
    })
    return source
  }

  async #readConfig(url: URL, tally: Tally, signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
    const fetchText = (file: URL) => this.#downloads.text(file, this.#caller(), tally, signal)
    const { values, oddities } = await readConfiguration(url, fetchText)
    const type = values.get('system/type')
    if (type !== undefined && type !== this.identity.model) throw new StepFailure('cfg is for another model')
    if (oddities > 0) tally.warning = 'lines that no phone can read'
    return new Map([...values].filter(([name]) => ACTED_UPON.has(name)))
  }

  /** Boots go on without new firmware, whatever the reason. */
  async #checkFirmware(source: ProvisioningSource, signal: AbortSignal): Promise<void> {
    await this.#socketStep('firmware', signal, async (tally) => {
      try {
        await this.#takeFirmware(source, signal)
      } catch (error) {
        signal.throwIfAborted()
        const { kind, message } = asFailure(error)
        if (kind === 'missing') tally.warning = message
        else tally.failed = message
      }
    })
  }

  async #takeFirmware(source: ProvisioningSource, signal: AbortSignal): Promise<void> {
    const { identity } = this
    const url = this.#settings.get('provisioning/firmware/url')
    const image = url ? staticUrl(url, `${identity.model}.img`, identity) : source.firmware
    const fits = (model: string) => model === '' || model.toUpperCase() === identity.model.toUpperCase()
    const wants = (version: string) => this.habit !== 'wrong-version' && version !== this.#firmware
    const reader = new ImageReader((header) => fits(header.model) && wants(header.version))
    const { complete } = await this.#downloads.image(image, this.#caller(), reader.sink, signal)
    const { model, version } = reader.result()
    if (!fits(model)) throw new StepFailure('image is for another model')
    // The restart after an image is burnt is not played: the boot goes on with the new version.
    if (complete && wants(version)) this.#firmware = version
  }

  async #keepAlive(signal: AbortSignal): Promise<void> {
    if (this.habit === 'silent-after-started') return
    this.#keepAlives++
    await this.#report('keep-alive', this.#statusNow(), signal).catch(rethrowUnlessFailure)
  }

  #statusNow(): Status {
    if (this.habit === 'never-registers' || this.habit === 'loses-registration') return 'unregistered'
    return this.habit === 'flaps' && this.#keepAlives % 2 === 1 ? 'unregistered' : 'registered'
  }

  /** Posts a report and heeds the answer: `reset` is the one command whose meaning is known. */
  #report(step: StepName, status: Status, signal: AbortSignal): Promise<void> {
    return this.#socketStep(step, signal, async (tally) => {
      const base = this.#settings.get('ems_server/provisioning/url')
      const { lease } = this.#keeper
      if (!base || !lease) throw new StepFailure('cfg names no ems_server/provisioning/url')
      const caller = this.#caller()
      const report = statusReport(base, {
        identity: this.identity,
        status,
        firmware: this.#firmware,
        userAgent: caller.userAgent,
        address: lease.address,
        mask: lease.mask,
        sessionId: this.#sessionId,
        emsUser: this.#settings.get('ems_server/user_name') ?? 'system',
        emsDigest: this.#random.hex(32),
      })
      const commands = readAnswer(await this.#downloads.post(report, caller, tally, signal))
      this.#resetAsked ||= commands.includes('reset')
    })
  }

  /** Milliseconds; Infinity when switched off by 0. */
  #keepAlivePeriod(): number {
    const text = this.#settings.get('ems_server/keep_alive_period') ?? ''
    const minutes = /^\d{1,3}$/.test(text) && Number(text) <= 300 ? Number(text) : KEEP_ALIVE_PERIOD
    return minutes === 0 ? Number.POSITIVE_INFINITY : minutes * this.#world.minute
  }

  #caller(): Caller {
    const { mac, model } = this.identity
    return {
      userAgent: userAgentOf(model, this.#firmware, mac),
      localAddress: this.#world.bindLeased ? this.#keeper.lease?.address : undefined,
      tftp: tftpOptionsOf(this.#firmware),
      verify: this.#settings.get('security/provisioning/verify_server_certificate') === '1',
    }
  }

  #socketStep<T>(step: StepName, signal: AbortSignal, work: (tally: Tally) => Promise<T>): Promise<T> {
    return this.#world.sockets.run(signal, () => this.#steps.run(step, work))
  }
}

/** Older firmware speaks plain RFC 1350; newer ones ask for larger blocks, the newest for windows too. A choice. */
function tftpOptionsOf(firmware: string): TftpOptions {
  if (firmware.startsWith('UC_3')) return { blksize: 1428, windowsize: 8, tsize: true }
  return firmware.startsWith('UC_') ? { blksize: 1428, tsize: true } : {}
}

/** A report that fails is told as a step and stops no phone that is up. */
function rethrowUnlessFailure(error: unknown): void {
  if (!(error instanceof StepFailure)) throw error
}
