// SPDX-License-Identifier: Apache-2.0

/** X.733 perceived severity; the number is AudioCodes' own (AC-FAULT-TC) and orders them. */
export const SEVERITY = { cleared: 0, indeterminate: 1, warning: 2, minor: 3, major: 4, critical: 5 } as const
export type Severity = keyof typeof SEVERITY

/** An active alarm; raising it again only counts it. Times are milliseconds since the epoch. */
export interface Alarm {
  /** `<name>@<source>`: one alarm per cause and place. */
  readonly id: string
  readonly name: string
  /** What is affected: `server/tftp`, `IPPhone/00908f123456`. */
  readonly source: string
  readonly severity: Exclude<Severity, 'cleared'>
  readonly description: string
  /** What an admin should do. */
  readonly remedy: string
  readonly raisedAt: number
  readonly lastAt: number
  readonly count: number
}
