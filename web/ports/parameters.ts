// SPDX-License-Identifier: Apache-2.0
import type { Finding } from '#daemon/domain/provisioning/lint-codes'
import type { Parameter } from '#daemon/domain/provisioning/parameter'

export interface ParameterSearch {
  /** Words that must all stand in the name, without regard to case. */
  readonly text: string
  /** A base model such as `440HD`; all if absent. */
  readonly model?: string
  /** From 1. */
  readonly page: number
  readonly pageSize: number
}

export interface ParameterPage {
  readonly rows: readonly Parameter[]
  readonly page: number
  readonly pageCount: number
  readonly total: number
}

/** Who reads the text, as far as it is known. */
export interface LintReader {
  /** A base model such as `440HD`. */
  readonly model?: string | undefined
  /** Its firmware's version. */
  readonly firmware?: string | undefined
  /** Whether some level has a value for a placeholder, named without `%ITCS_` and `%`. Absent: nobody asks. */
  readonly isKnown?: ((placeholder: string) => boolean) | undefined
}

/** What the phones' parameters are, and what is wrong with a text that sets them. */
export interface ParametersPort {
  /** The models that the catalogue tells about. */
  readonly models: readonly string[]
  /** How many parameters are known. */
  readonly size: number
  search(query: ParameterSearch): ParameterPage
  /** In the order of the lines; takes any text. */
  lint(text: string, reader: LintReader): readonly Finding[]
}
