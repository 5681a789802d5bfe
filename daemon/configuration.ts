// SPDX-License-Identifier: Apache-2.0
import { changes, inForce } from '#config/changes'
import { ConfigError } from '#config/load'
import type { Config } from '#config/schema'
import type { ConfigurationPort, ReloadReport } from '#web/ports/configuration'
import { PROBABLE_CAUSE } from './domain/alarm.ts'
import { faultText } from './journal.ts'
import type { Announce } from './messages.ts'
import type { Alarms } from './services/alarms/alarms.ts'

/** Checks what it needs of a new configuration (a ConfigError refuses it all), and returns how to put it in force. */
export type Prepare = (config: Config) => () => void | Promise<void>

export interface ConfigurationOptions {
  /** What the daemon was started with. */
  readonly config: Config
  /** Reads and checks the file again; throws ConfigError. Without it nothing can be reloaded. */
  readonly read?: (() => Config) | undefined
  readonly announce: Announce
  readonly alarms: Pick<Alarms, 'raise' | 'clear'>
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

const ALARM = { name: 'configuration refused', source: 'configuration' } as const
/** A file may be wrong in every line; nobody reads more. */
const MOST_COMPLAINTS = 50

/**
 * The configuration in force, and its way to change while the daemon runs. A part whose settings are live says so by
 * `follow`; whatever changed and nobody follows, or is marked so in the schema, waits for a restart and is named.
 */
export class Configuration implements ConfigurationPort {
  readonly #options: ConfigurationOptions
  readonly #followers: { readonly path: string; readonly prepare: Prepare }[] = []
  readonly #rereads: { readonly name: string; readonly reread: () => void | Promise<void> }[] = []
  #current: Config
  /** As last read: what waits for a restart is known from it. */
  #latest: Config
  #report: ReloadReport | undefined
  #running: Promise<ReloadReport> | undefined
  #again: Promise<ReloadReport> | undefined

  constructor(options: ConfigurationOptions) {
    this.#options = options
    this.#current = options.config
    this.#latest = options.config
  }

  /** What is in force now: settings that need a restart are as they were at the start. */
  get current(): Config {
    return this.#current
  }

  /** What follows from the configuration in force, worked out once for each. */
  derive<T>(from: (config: Config) => T): () => T {
    let of = this.#current
    let value = from(of)
    return () => {
      if (of !== this.#current) {
        of = this.#current
        value = from(of)
      }
      return value
    }
  }

  /** The setting at `path`, or the section with all live settings in it, can change while we run. */
  follow(path: string, prepare: Prepare): void {
    this.#followers.push({ path, prepare })
  }

  /** Called at every reload, whether a setting changed or not: for certificates and keys in files of their own. */
  onReload(name: string, reread: () => void | Promise<void>): void {
    this.#rereads.push({ name, reread })
  }

  lastReload(): ReloadReport | undefined {
    return this.#report
  }

  /** One at a time; those who ask while one runs share the next, which sees their file. */
  reload(): Promise<ReloadReport> {
    if (!this.#running) return this.#begin()
    this.#again ??= this.#running.then(() => this.#begin())
    return this.#again
  }

  #begin(): Promise<ReloadReport> {
    this.#again = undefined
    this.#running = this.#reload().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  async #reload(): Promise<ReloadReport> {
    const { config: booted, read, announce, alarms } = this.#options
    try {
      if (!read) throw new ConfigError(['this daemon was started without a configuration file'])
      const next = read()
      const force = inForce(booted, next)
      const changed = changes(this.#current, force).map(({ path }) => path)
      const live = changed.filter((path) => this.isLive(path))
      const effects = this.#followers
        .filter(({ path }) => live.some((one) => isWithin(one, path)))
        .map(({ prepare }) => prepare(force))
      // From here on nothing is refused any more.
      this.#current = force
      this.#latest = next
      const failures = await this.#perform(effects)
      alarms.clear(ALARM.name, ALARM.source)
      const restart = this.#waiting()
      const report = this.#told({
        outcome: live.length > 0 ? 'applied' : 'unchanged',
        applied: live,
        restart,
        failures,
      })
      announce('config.reloaded', { applied: live })
      if (restart.length > 0) announce('config.restart-needed', { settings: restart })
      return report
    } catch (error) {
      return this.#refuse(error)
    }
  }

  async #perform(effects: readonly (() => void | Promise<void>)[]): Promise<string[]> {
    const failures: string[] = []
    for (const [index, effect] of [...effects, ...this.#rereads.map(({ reread }) => reread)].entries()) {
      const name = this.#rereads[index - effects.length]?.name
      try {
        await effect()
      } catch (error) {
        failures.push(`${name ?? 'a setting'}: ${error instanceof Error ? error.message : String(error)}`)
      }
    }
    if (failures.length > 0) this.#options.announce('config.reread-failed', { failures })
    return failures
  }

  #refuse(error: unknown): ReloadReport {
    const { announce, alarms } = this.#options
    const isOurs = !(error instanceof ConfigError)
    if (isOurs) announce('daemon.fault', { error: faultText(error) })
    const all = isOurs ? [`a fault of ours: ${String(error)}`] : error.complaints
    const complaints = all.slice(0, MOST_COMPLAINTS)
    announce('config.refused', { complaints })
    const more = all.length > 1 ? ` (and ${all.length - 1} more)` : ''
    alarms.raise({
      ...ALARM,
      severity: 'major',
      eventType: 'processingError',
      probableCause: PROBABLE_CAUSE.configurationOrCustomizationError,
      additionalInfo: complaints.slice(0, 3),
      description: `The changed configuration cannot be used, the old one stays: ${complaints[0]}${more}`,
      remedy: 'Correct the file, try it with "offhook check-config", and reload again.',
    })
    return this.#told({ outcome: 'refused', complaints, applied: [], restart: this.#waiting(), failures: [] })
  }

  #told(report: Omit<ReloadReport, 'at' | 'complaints'> & Partial<Pick<ReloadReport, 'complaints'>>): ReloadReport {
    this.#report = { at: this.#options.now(), complaints: [], ...report }
    return this.#report
  }

  #waiting(): string[] {
    const differing = changes(this.#options.config, this.#latest)
    return differing.filter(({ path, restart }) => restart || !this.isLive(path)).map(({ path }) => path)
  }

  /** Whether some part follows the setting. */
  isLive(setting: string): boolean {
    return this.#followers.some(({ path }) => isWithin(setting, path))
  }
}

function isWithin(setting: string, path: string): boolean {
  return setting === path || setting.startsWith(`${path}.`)
}
