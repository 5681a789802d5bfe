// SPDX-License-Identifier: Apache-2.0
import type { Program } from './language.ts'
import { type Layer, resolve } from './placeholder.ts'
import { run } from './run.ts'

/** What a phone's own file is made of. */
export interface DeviceFileParts {
  /** What people call the template. */
  readonly template: string
  readonly global: Program
  readonly private: Program
  /** Lines that levels add, the farthest level first. */
  readonly additions: readonly Addition[]
  /** The layers of this very phone. */
  readonly own: readonly Layer[]
  readonly partOf: (part: string) => Program | undefined
}

export interface Addition {
  /** What people call the level: `region Berlin`, `user anna`. */
  readonly from: string
  readonly program: Program
}

/** A line of a phone's file, and why it is there. */
export interface FileLine {
  readonly text: string
  /** The template's part, the part of another one that it uses, or the level that added it. */
  readonly from: string
  /** The line of that text, from 1. */
  readonly line: number
  /** The placeholders that were filled in. */
  readonly names: readonly string[]
}

/** A line that was left out, because no layer has a value for the placeholder. */
export interface LeftLine {
  readonly from: string
  readonly line: number
  readonly missing: string
}

export interface DeviceFile {
  /** In the order in which the phone reads them: later lines win. */
  readonly lines: readonly FileLine[]
  readonly left: readonly LeftLine[]
}

/** One setting that several places wrote differently. */
export interface Disagreement {
  readonly key: string
  /** The last one wins. */
  readonly said: readonly { readonly value: string; readonly from: string }[]
}

/** The text of a template's shared file, for whoever has these layers. */
export function sharedText(global: Program, layers: readonly Layer[], partOf: DeviceFileParts['partOf']): string {
  const lines: string[] = []
  run(global, { lookup: (name) => resolve(layers, name)?.value, partOf }, (text) => lines.push(text))
  return lines.join('\n')
}

/**
 * A phone's own file. The shared file is the same for all who fetch it from one place; what a phone, its user or its own
 * place set is written into its own file, after the line that includes the shared one: later lines win. What levels add
 * comes last, the nearest at the very end. `theirs` are the lines of the shared file.
 */
export function deviceFile(parts: DeviceFileParts, theirs: ReadonlySet<string>): DeviceFile {
  const left: LeftLine[] = []
  const around = { lookup: (name: string) => resolve(parts.own, name)?.value, partOf: parts.partOf }
  const linesOf = (program: Program, from: string): FileLine[] => {
    const lines: FileLine[] = []
    run(
      program,
      around,
      (text, { line, names }, part) => lines.push({ text, from: part ?? from, line, names }),
      ({ line }, missing, part) => left.push({ from: part ?? from, line, missing }),
    )
    return lines
  }
  const differing = linesOf(parts.global, `${parts.template}, shared part`).filter(
    ({ text }) => !theirs.has(text) && SETS.test(text),
  )
  const own = linesOf(parts.private, `${parts.template}, own part`)
  const included = own.findIndex(({ text }) => INCLUDES.test(text))
  const added = parts.additions.flatMap(({ from, program }) => linesOf(program, from))
  const lines = own.toSpliced(included + 1, 0, ...differing)
  if (added.length === 0) return { lines, left }
  // A text's last line is empty when it ends with a line break: what is added goes before it.
  const end = lines.at(-1)?.text === '' ? lines.length - 1 : lines.length
  return { lines: lines.toSpliced(end, 0, ...added.filter(({ text }) => text.trim() !== '')), left }
}

const SETS = /^\s*[^;#\s]/
const INCLUDES = /^\s*include\s/i

export function textOf({ lines }: DeviceFile): string {
  return lines.map(({ text }) => text).join('\n')
}

/** A file with lines at its end, where they win. */
export function withLines(text: string, lines: readonly string[]): string {
  if (lines.length === 0) return text
  return `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${lines.join('\n')}\n`
}

/** Keys that more than one part or level set, and not all to the same. */
export function disagreements(lines: readonly FileLine[]): Disagreement[] {
  const said = new Map<string, { value: string; from: string }[]>()
  for (const { text, from } of lines) {
    const setting = settingOf(text)
    if (!setting) continue
    const sayings = said.get(setting.key)
    if (sayings) sayings.push({ value: setting.value, from })
    else said.set(setting.key, [{ value: setting.value, from }])
  }
  return [...said]
    .filter(([, sayings]) => sayings.some(({ value }) => value !== sayings[0]?.value))
    .map(([key, sayings]) => ({ key, said: sayings }))
}

/** `path/name=value`; blanks around the equals sign are tolerated. Undefined for any other line. */
export function settingOf(text: string): { readonly key: string; readonly value: string } | undefined {
  const [, key = '', value = ''] = /^\s*([^\s;#=][^=]*?)\s*=\s*(.*?)\s*$/.exec(text) ?? []
  return key === '' ? undefined : { key, value }
}
