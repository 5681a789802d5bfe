// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path'
import { Eta } from 'eta'

/** Beside this file, in the sources and in `dist/` alike. */
const FOLDER = join(import.meta.dirname, 'views')

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Markup, and every control or invisible format character but tab, line ends and the joiners that some scripts need. */
const SPECIAL = /[&<>"']|(?![\t\n\r\u200c\u200d])[\p{Cc}\p{Cf}]/gu

/**
 * Makes any value safe in HTML text and in quoted attributes. Phones send hostile text, so control characters become
 * visible pictures (U+2400…) and characters that could reorder what an admin reads become U+FFFD.
 */
export function escapeHtml(value: unknown): string {
  if (value === undefined || value === null) return ''
  return String(value).replaceAll(SPECIAL, (char) => {
    const code = char.codePointAt(0) ?? 0
    return ENTITIES[char] ?? (code < 0x20 ? String.fromCodePoint(0x2400 + code) : '\ufffd')
  })
}

/**
 * An included template gets what it is given and nothing of the page around it, whose values would else stand in for
 * those that are left out. Given nothing, it gets the page's.
 */
const INCLUDE_ALONE = {
  processFnString(code: string): string {
    const alone = code.replace('{...it, ...(__eta_d ?? {})}', '__eta_d ?? it')
    if (alone === code) throw new Error('Eta includes templates in another way than it did')
    return alone
  },
}

/** The templates of `views/`. `<%= … %>` is escaped; `<%~ … %>` is for HTML that a template of ours made. */
export class Views {
  readonly #eta = new Eta({
    views: FOLDER,
    cache: true,
    autoEscape: true,
    escapeFunction: escapeHtml,
    plugins: [INCLUDE_ALONE],
  })

  render(name: string, data: object): string {
    return this.#eta.render(name, data)
  }
}
