// SPDX-License-Identifier: Apache-2.0
import { formField, type Web, type WebContext } from '#web/context'
import type { FieldError } from '#web/ports/saved'
import type { Action } from './cell.ts'

export interface Option {
  readonly value: string
  readonly label: string
}

/** One field of a form: what it is called, what may stand in it. */
export interface Field {
  /** Also of its errors. */
  readonly name: string
  /** Of its element, where a page has two forms with fields of the same name; `f-<name>` unless told. */
  readonly id?: string
  readonly label: string
  /** One sentence below it. */
  readonly hint?: string
  /** `lines` is a textarea for several values, one in each line; `check` submits `1`; default `text`. A `datetime-local` has no zone (see `local-time`). */
  readonly kind?:
    | 'text'
    | 'password'
    | 'number'
    | 'email'
    | 'datetime-local'
    | 'lines'
    | 'textarea'
    | 'select'
    | 'check'
    | 'radio'
    | 'file'
  readonly required?: boolean
  /** In characters of the whole value; 256 unless told. */
  readonly maxLength?: number
  /** For numbers. */
  readonly min?: number
  readonly max?: number
  /** For `select` and `radio`: nothing else is taken. */
  readonly options?: readonly Option[]
  /** For text fields: offered while typing; anything else is taken, too. */
  readonly suggestions?: readonly string[]
  readonly placeholder?: string
  readonly autocomplete?: string
  readonly rows?: number
  /** For `file`: media types and endings. */
  readonly accept?: string
  readonly mono?: boolean
  /** Takes the whole width of a form in two columns. */
  readonly wide?: boolean
  /** Shown only while another field of the form has one of these values; without scripts, always. */
  readonly when?: { readonly field: string; readonly values: readonly string[] }
  /** Said quietly beside the label, such as where the value comes from. */
  readonly note?: string
}

export interface Section {
  readonly legend?: string
  readonly hint?: string
  readonly fields: readonly Field[]
  /** Folded until opened; never while it holds an error or a value. */
  readonly folded?: boolean
}

export type Values = Readonly<Record<string, string>>

export interface FormOptions {
  /** Where it posts to. */
  readonly action: string
  readonly sections: readonly Section[]
  readonly values?: Values
  readonly errors?: readonly FieldError[]
  readonly submit: string
  readonly look?: 'primary' | 'danger'
  readonly cancel?: string
  /** Sent along unseen. */
  readonly hidden?: Values
  /** For files: the path must be allowed in `web.uploads`. */
  readonly multipart?: boolean
  /** With scripts, says how much of its files has been sent. */
  readonly progress?: boolean
  /** Fields side by side where there is room. */
  readonly twoColumns?: boolean
  readonly actions?: readonly Action[]
}

/** For `views/kit/form`. */
export interface FormView extends FormOptions {
  readonly csrf: string
  readonly values: Values
  readonly errors: readonly FieldError[]
  /** Errors of no field that is shown. */
  readonly general: readonly string[]
  readonly labels: Values
}

export function form(web: Web, ctx: WebContext, options: FormOptions): FormView {
  const { sections, values = {}, errors = [] } = options
  const labels = Object.fromEntries(sections.flatMap(({ fields }) => fields.map(({ name, label }) => [name, label])))
  const general = errors.filter(({ field }) => !Object.hasOwn(labels, field)).map(({ message }) => message)
  return { ...options, values, errors, general, labels, csrf: web.forms.token(ctx) }
}

export interface Filled {
  /** Every field has one: empty when it was not sent. */
  readonly values: Values
  /** The first of each field. */
  readonly errors: readonly FieldError[]
}

const LONGEST = 256
/** Control characters that no line has; tabs become part of pasted text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it looks for
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/

/** Reads and judges what was sent by the descriptions of the fields. Files are not read here (see `fileOf`). */
export function readForm(ctx: WebContext, sections: readonly Section[]): Filled {
  const values: Record<string, string> = {}
  const errors: FieldError[] = []
  for (const field of sections.flatMap(({ fields }) => fields)) {
    const value = normalized(field, formField(ctx, field.name))
    values[field.name] = value
    const message = field.kind === 'file' ? undefined : problemOf(field, value)
    if (message !== undefined) errors.push({ field: field.name, message })
  }
  return { values, errors }
}

/** The values of a `lines` field. */
export function linesOf(value: string): string[] {
  return value
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

function normalized({ kind }: Field, value: string): string {
  if (kind === 'check') return value === '' ? '0' : '1'
  if (kind === 'password') return value
  return value.replaceAll(/\r\n?/g, '\n').trim()
}

function problemOf(field: Field, value: string): string | undefined {
  const { kind = 'text', required = false, maxLength = LONGEST, options } = field
  if (value === '')
    return required ? `Enter ${kind === 'select' || kind === 'radio' ? 'one of these' : 'this'}.` : undefined
  if (value.length > maxLength) return `It has ${value.length} characters; at most ${maxLength} are possible.`
  if (CONTROL.test(value)) return 'It holds a control character, perhaps from copying. Type it anew.'
  if (value.includes('\n') && kind !== 'lines' && kind !== 'textarea') return 'It must be a single line.'
  if (options && !options.some((option) => option.value === value)) return 'Choose one of these.'
  return kind === 'number' ? numberProblem(field, value) : undefined
}

function numberProblem({ min = 0, max = 1e9 }: Field, value: string): string | undefined {
  const whole = /^-?\d{1,10}$/.test(value) ? Number(value) : Number.NaN
  return whole >= min && whole <= max ? undefined : `Enter a whole number from ${min} to ${max}.`
}
