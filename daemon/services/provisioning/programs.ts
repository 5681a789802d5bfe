// SPDX-License-Identifier: Apache-2.0
import { compile, type Program } from '#daemon/domain/provisioning/language'

/** Texts that are remembered with what was read from them; a forgotten one only is read again. */
const REMEMBERED = 5_000

/** Reads each text of the templates' language once. */
export class Programs {
  readonly #known = new Map<string, Program>()

  of(text: string): Program {
    const known = this.#known.get(text)
    if (known) return known
    const program = compile(text)
    if (this.#known.size >= REMEMBERED) this.#known.clear()
    this.#known.set(text, program)
    return program
  }
}
