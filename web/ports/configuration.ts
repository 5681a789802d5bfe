// SPDX-License-Identifier: Apache-2.0

/** What became of the last time that the configuration was read again. */
export interface ReloadReport {
  /** Milliseconds since the epoch. */
  readonly at: number
  /** `refused`: it cannot be used, and all stays as it was. */
  readonly outcome: 'applied' | 'unchanged' | 'refused'
  /** Why it was refused, each with file and line. */
  readonly complaints: readonly string[]
  /** Paths of settings that took effect at once. */
  readonly applied: readonly string[]
  /** Paths of settings that differ from those the daemon runs on, until it is started again. */
  readonly restart: readonly string[]
  /** What could not be read again besides the file, certificates say; the old one stays in use. */
  readonly failures: readonly string[]
}

export interface ConfigurationPort {
  /** Undefined until the configuration was read again for the first time. */
  lastReload(): ReloadReport | undefined
  /** Reads and checks the configuration, and applies what can be applied. Never rejects. */
  reload(): Promise<ReloadReport>
}
