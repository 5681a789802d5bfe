// SPDX-License-Identifier: Apache-2.0

/** One kind of log line. */
export interface MessageRow {
  /** In the field `id` of the line. */
  readonly id: string
  readonly level: string
  readonly text: string
  /** What it tells an operator. */
  readonly meaning: string
  /** What it asks of one. */
  readonly remedy: string
}
