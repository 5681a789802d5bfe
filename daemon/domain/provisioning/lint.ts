// SPDX-License-Identifier: Apache-2.0
import { compile, LONGEST_TEXT, type Statement } from './language.ts'
import { type Finding, LINT_CODES, type LintCode } from './lint-codes.ts'
import { checkValue, isReadableSecret, isSecretKey, OPAQUE } from './lint-value.ts'
import { factsOn, type Parameter, type ParameterCatalogue, type ParameterFacts } from './parameter.ts'

export interface LintOptions {
  readonly catalogue: ParameterCatalogue
  /** The base model that reads it, such as `440HD`; absent when it is for several. */
  readonly model?: string | undefined
  /** Its firmware's version; one that begins with `UC_` is for Skype for Business. */
  readonly firmware?: string | undefined
  /** Whether some level has a value for a placeholder, named without `%ITCS_` and `%`. Absent: nobody asks. */
  readonly isKnown?: ((placeholder: string) => boolean) | undefined
}

const MOST_FINDINGS = 1_000
/** Looking for a name that is like an unknown one costs most of all. */
const MOST_SUGGESTIONS = 10
/** Earlier lines of the same key, in different branches. */
const MOST_EARLIER = 16
const LONGEST_SHOWN = 100
/** Conditions in conditions; deeper ones are a problem already. */
const DEEPEST = 20
const RANK = { error: 0, warning: 1, hint: 2 } as const
/** Some line needs a look at its single characters. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const ODD = /^\ufeff|[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/

/**
 * What is wrong with a phone's file or a template of one, and what is good to know, in the order of its lines. Takes any
 * text and never throws.
 */
export function lint(text: string, options: LintOptions): Finding[] {
  return new Linter(options).run(text)
}

/** In which branches of which conditions a line stands, the outermost first. */
type Path = readonly string[]

interface Earlier {
  readonly line: number
  readonly path: Path
}

class Linter {
  readonly #options: LintOptions
  readonly #findings: Finding[] = []
  readonly #earlier = new Map<string, Earlier[]>()
  /** The model's own list, or undefined when there is none. */
  readonly #model: string | undefined
  readonly #listed: boolean
  #suggestions = 0
  #left = 0

  constructor(options: LintOptions) {
    const { model, firmware, catalogue } = options
    this.#options = options
    this.#model = model !== undefined && catalogue.models.includes(model) ? model : undefined
    const isSip = firmware !== undefined && firmware !== '' && !firmware.toUpperCase().startsWith('UC_')
    this.#listed = (model === undefined || this.#model !== undefined) && !isSip
  }

  run(text: string): Finding[] {
    if (text.length > LONGEST_TEXT) {
      this.#say(1, 'too-large', LINT_CODES['too-large'].means)
      return this.#findings
    }
    const { model } = this.#options
    if (model !== undefined && this.#model === undefined) {
      this.#say(1, 'model-not-listed', `The parameters of a ${shown(model)} are not listed: all models' were taken.`)
    }
    const lines = text.split(/\r\n|\r|\n/)
    if (ODD.test(text)) for (const [index, line] of lines.entries()) this.#characters(line, index + 1)
    const program = compile(text)
    for (const { line, message } of program.problems) this.#say(line, 'template', printable(message))
    this.#walk(program.statements, lines, [])
    if (this.#left > 0) this.#add(lines.length, 'not-all-shown', `${this.#left} more findings are not shown.`)
    return this.#findings.sort((a, b) => a.line - b.line || RANK[a.severity] - RANK[b.severity])
  }

  #characters(line: string, number: number): void {
    if (number === 1 && line.startsWith('\ufeff')) {
      this.#say(1, 'not-ascii', 'The file begins with a byte order mark, which phones do not expect.', { column: 1 })
    }
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
    const at = line.search(/[\u0000-\u0008\u000b-\u001f\u007f]/)
    if (at < 0) return
    const code = line.charCodeAt(at).toString(16).toUpperCase().padStart(2, '0')
    this.#say(number, 'control-character', `Here stands the control character ${code} (hex).`, { column: at + 1 })
  }

  #walk(statements: readonly Statement[], lines: readonly string[], path: Path): void {
    for (const statement of statements) {
      if (statement.kind === 'choice' && path.length < DEEPEST) {
        for (const [index, { body }] of statement.branches.entries()) {
          this.#walk(body, lines, [...path, `${statement.line}.${index}`])
        }
      } else if (statement.kind === 'line') {
        this.#line(lines[statement.line - 1] ?? '', statement.line, statement.names, statement.texts, path)
      }
    }
  }

  #line(raw: string, line: number, names: readonly string[], texts: readonly string[], path: Path): void {
    const text = raw.replace(/^\ufeff/, '').trim()
    if (text === '' || text.startsWith(';')) return
    this.#placeholders(raw, line, names, texts)
    const equals = text.indexOf('=')
    const key = text.slice(0, Math.max(0, equals)).trimEnd()
    const value = text.slice(equals + 1).trim()
    if (/^include(?:\s+[^\s=]|$)/i.test(text)) this.#include(text.slice('include'.length).trim(), line)
    else if (key === '' || /\s/.test(key)) this.#say(line, 'no-setting', noSettingMessage(text))
    else this.#setting(key, value, line, raw.indexOf('=') + 2, path)
  }

  #placeholders(raw: string, line: number, names: readonly string[], texts: readonly string[]): void {
    const { isKnown } = this.#options
    for (const name of isKnown ? new Set(names) : []) {
      if (isKnown?.(name)) continue
      const column = raw.indexOf(`%ITCS_${name}%`) + 1
      const message = `No level has a value for ${name}, so this line is left out.`
      this.#say(line, 'unknown-placeholder', message, { column })
    }
    if (texts.every((text) => !text.includes('%ITCS_'))) return
    this.#say(
      line,
      'broken-placeholder',
      'A placeholder here has no “%” at its end, or a letter that names cannot have.',
    )
  }

  #include(file: string, line: number): void {
    if (file === '') this.#say(line, 'no-setting', 'Write which file to include.')
    if (isFtp(file)) this.#ftp(line)
    if (!isAscii(file)) this.#say(line, 'not-ascii', 'The name of an included file must be ASCII.')
  }

  #setting(key: string, value: string, line: number, column: number, path: Path): void {
    const at = { column, key: shown(key) }
    if (isFtp(value)) this.#ftp(line, at)
    // Which key it is, only the phone's own values tell.
    if (key.includes('%')) return
    this.#duplicate(key, line, path)
    const parameter = this.#options.catalogue.find(key)
    if (parameter) this.#known(parameter, key, value, line, column)
    else this.#unknown(key, line)
    const variants = parameter?.variants ?? []
    if (value.includes('%ITCS_')) return
    if (value.startsWith('{') && !OPAQUE.test(value)) {
      const message = 'This begins like an encrypted value and does not end in "}.'
      if (value.startsWith('{"')) this.#say(line, 'damaged-secret', message, at)
    } else if (isSecretKey(key, variants) && isReadableSecret(value)) {
      this.#say(line, 'secret-in-clear', 'Everybody who may read this text can read this password.', at)
    }
  }

  #known(parameter: Parameter, key: string, value: string, line: number, column: number): void {
    const at = { column, key }
    const own = this.#model === undefined ? undefined : factsOn(parameter, this.#model)
    const variants = this.#model === undefined ? parameter.variants : own ? [own] : []
    if (variants.length === 0) {
      const models = parameter.variants.flatMap((facts) => facts.models).join(', ')
      this.#say(line, 'not-on-model', `A ${this.#model} does not have this; ${models} do.`, { key })
      return
    }
    this.#index(key, variants, line)
    if (isUcKey(key) && this.#isSip()) this.#say(line, 'uc-only', 'The SIP firmware has no keys below lync/.', { key })
    if (variants.some(({ reload }) => reload === 'reboot')) {
      this.#say(line, 'reboots', 'The phone restarts when this changes.', { key })
    }
    if (key.toLowerCase() === 'system/type') this.#type(value, line, at)
    if (value.includes('%ITCS_')) return
    const complaint = checkValue(variants, value)
    if (complaint) this.#say(line, complaint.code, complaint.message, at)
    if (!isAscii(value) && /(^|[/_])(url|uri|address|addr|domain|ip)$/i.test(key)) {
      this.#say(line, 'not-ascii', 'An address must be ASCII.', at)
    }
  }

  #type(value: string, line: number, at: { column: number; key: string }): void {
    const { model } = this.#options
    if (model === undefined || value.includes('%') || value === model) return
    this.#say(line, 'wrong-model', `This file is for a ${shown(value)}: a ${shown(model)} refuses it.`, at)
  }

  #index(key: string, variants: readonly ParameterFacts[], line: number): void {
    const [, digits] = /\/(\d{1,9})(?=\/|$)/.exec(key) ?? []
    const ranges = variants.flatMap(({ index }) => (index ? [index] : []))
    if (digits === undefined || ranges.length === 0) return
    const number = Number(digits)
    if (ranges.some(([first, last]) => number >= first && number <= last)) return
    const [first, last] = [Math.min(...ranges.map(([low]) => low)), Math.max(...ranges.map(([, high]) => high))]
    this.#say(line, 'no-such-index', `The number in this key goes from ${first} to ${last}.`, { key })
  }

  #unknown(key: string, line: number): void {
    if (!isAscii(key)) this.#say(line, 'not-ascii', 'A key must be ASCII.', { key: shown(key) })
    if (!this.#listed) {
      const whose = this.#isSip() ? 'the SIP firmware' : `a ${shown(this.#options.model ?? '')}`
      this.#say(line, 'key-not-listed', `This parameter is not known for ${whose}.`, { key: shown(key) })
      return
    }
    const like = this.#suggestions++ < MOST_SUGGESTIONS ? this.#options.catalogue.nearest(key) : undefined
    const message = like === undefined ? 'No phone is known to have this parameter.' : `Did you mean ${like}?`
    this.#say(line, 'unknown-key', message, { key: shown(key) })
  }

  #duplicate(key: string, line: number, path: Path): void {
    const name = key.toLowerCase()
    const earlier = this.#earlier.get(name)
    if (!earlier) {
      this.#earlier.set(name, [{ line, path }])
      return
    }
    // A line is dead when the later one is read wherever this one is.
    const isDead = (one: Earlier) => path.every((branch, depth) => one.path[depth] === branch)
    for (const one of earlier.filter(isDead)) {
      this.#say(one.line, 'duplicate-key', `Line ${line} sets this again, so this line has no effect.`, {
        key: shown(key),
      })
    }
    const alive = earlier.filter((one) => !isDead(one)).slice(-MOST_EARLIER)
    this.#earlier.set(name, [...alive, { line, path }])
  }

  #ftp(line: number, at: { column?: number; key?: string } = {}): void {
    this.#say(line, 'ftp', 'Offhook serves no FTP: the phone will ask another server for this.', at)
  }

  #isSip(): boolean {
    const { firmware } = this.#options
    return firmware !== undefined && firmware !== '' && !firmware.toUpperCase().startsWith('UC_')
  }

  #say(line: number, code: LintCode, message: string, at: { column?: number; key?: string } = {}): void {
    const room = this.#findings.length < MOST_FINDINGS
    if (room || (LINT_CODES[code].severity === 'error' && this.#findings.length < 2 * MOST_FINDINGS)) {
      this.#add(line, code, message, at)
    } else this.#left++
  }

  #add(line: number, code: LintCode, message: string, at: { column?: number; key?: string } = {}): void {
    this.#findings.push({ line, severity: LINT_CODES[code].severity, code, message, ...at })
  }
}

function noSettingMessage(text: string): string {
  if (text.startsWith('#')) return 'A comment begins with “;”.'
  if (text.startsWith('=')) return 'The key before “=” is missing.'
  return text.includes('=') ? 'A key has no blanks in it.' : 'Write key=value, “; a comment”, or “include file”.'
}

function isUcKey(key: string): boolean {
  return key.toLowerCase().startsWith('lync/')
}

function isFtp(text: string): boolean {
  return /(^|[^a-z])ftps?:\/\//i.test(text)
}

function isAscii(text: string): boolean {
  return /^[\t -~]*$/.test(text)
}

function shown(text: string): string {
  const part = printable(text.slice(0, LONGEST_SHOWN))
  return text.length > LONGEST_SHOWN ? `${part}…` : part
}

/** Nothing that moves a cursor or turns text around. */
function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}]/gu, '\ufffd')
}
