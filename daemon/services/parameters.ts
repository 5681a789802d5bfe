// SPDX-License-Identifier: Apache-2.0
import { lint } from '#daemon/domain/provisioning/lint'
import type { Finding } from '#daemon/domain/provisioning/lint-codes'
import type { ParameterCatalogue } from '#daemon/domain/provisioning/parameter'
import type { LintReader, ParameterPage, ParameterSearch, ParametersPort } from '#web/ports/parameters'

/** The catalogue of parameters, for pages, programs and editors. */
export class Parameters implements ParametersPort {
  readonly #catalogue: ParameterCatalogue

  constructor(catalogue: ParameterCatalogue) {
    this.#catalogue = catalogue
  }

  get models(): readonly string[] {
    return this.#catalogue.models
  }

  get size(): number {
    return this.#catalogue.size
  }

  search({ page, pageSize, ...query }: ParameterSearch): ParameterPage {
    const found = this.#catalogue.search(query)
    const pageCount = Math.max(1, Math.ceil(found.length / pageSize))
    const shown = Math.min(page, pageCount)
    const rows = found.slice((shown - 1) * pageSize, shown * pageSize)
    return { rows, page: shown, pageCount, total: found.length }
  }

  lint(text: string, reader: LintReader): readonly Finding[] {
    return lint(text, { ...reader, catalogue: this.#catalogue })
  }
}
