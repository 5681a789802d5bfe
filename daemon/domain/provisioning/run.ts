// SPDX-License-Identifier: Apache-2.0
import { holds } from './condition.ts'
import type { LineStatement, Program, Statement } from './language.ts'

/** What a text is run with. */
export interface Surroundings {
  /** Undefined when no layer knows the placeholder. */
  readonly lookup: (name: string) => string | undefined
  /** The part of another template, `<template>/global` or `<template>/private`. */
  readonly partOf: (part: string) => Program | undefined
}

/** What became of a line. */
export interface RunLine {
  readonly text: string
  readonly statement: LineStatement
}

const DEEPEST_USE = 8
/** Statements of one text, with all that it uses: parts that use each other could ask for billions. */
const MOST_STATEMENTS = 50_000

interface Budget {
  left: number
}

/**
 * Fills a text line by line. A line with a placeholder that no layer knows goes to `left` instead, so that the phone
 * keeps its default. Values are put in once (never expanded again) and stripped of control characters: no value can add a
 * line.
 */
export function run(
  program: Program,
  around: Surroundings,
  out: (text: string, statement: LineStatement) => void,
  left?: (statement: LineStatement, missing: string) => void,
): void {
  runAll(program.statements, around, out, left, 0, { left: MOST_STATEMENTS })
}

function runAll(
  statements: readonly Statement[],
  around: Surroundings,
  out: (text: string, statement: LineStatement) => void,
  left: ((statement: LineStatement, missing: string) => void) | undefined,
  depth: number,
  budget: Budget,
): void {
  for (const statement of statements) {
    if (budget.left-- <= 0) return
    if (statement.kind === 'line') {
      fill(statement, around, out, left)
    } else if (statement.kind === 'choice') {
      const chosen = statement.branches.find(({ condition }) => !condition || holds(condition, around.lookup))
      if (chosen) runAll(chosen.body, around, out, left, depth, budget)
    } else {
      // A circle is refused when it is saved; one that came in another way ends here.
      const part = depth < DEEPEST_USE ? around.partOf(statement.part) : undefined
      if (part) runAll(part.statements, around, out, left, depth + 1, budget)
    }
  }
}

function fill(
  statement: LineStatement,
  { lookup }: Surroundings,
  out: (text: string, statement: LineStatement) => void,
  left: ((statement: LineStatement, missing: string) => void) | undefined,
): void {
  const { texts, names } = statement
  let text = texts[0] ?? ''
  for (const [index, name] of names.entries()) {
    const value = lookup(name)
    if (value === undefined) {
      left?.(statement, name)
      return
    }
    text += plain(value) + (texts[index + 1] ?? '')
  }
  out(text, statement)
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must go
const CONTROL = /[\u0000-\u001f\u007f]/
const CONTROLS = new RegExp(CONTROL, 'g')

function plain(value: string): string {
  return CONTROL.test(value) ? value.replaceAll(CONTROLS, '') : value
}
