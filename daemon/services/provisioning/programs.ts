// SPDX-License-Identifier: Apache-2.0
import { compile, type Program } from '#daemon/domain/provisioning/language'

/** Characters of all texts that are remembered with what was read from them; a forgotten one only is read again. */
const REMEMBERED = 8 * 2 ** 20

/** Reads each text of the templates' language once. */
export class Programs {
  readonly #known = new Map<string, Program>()
  #size = 0

  of(text: string): Program {
    const known = this.#known.get(text)
    if (known) return known
    const program = compile(text)
    this.#size += text.length
    if (this.#size > REMEMBERED) {
      this.#known.clear()
      this.#size = text.length
    }
    this.#known.set(text, program)
    return program
  }
}
