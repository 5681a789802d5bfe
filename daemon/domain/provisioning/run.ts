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

/** `part` is the one of another template that the statement stands in; undefined for the text itself. */
type LineTaker = (text: string, statement: LineStatement, part: string | undefined) => void
type LineLeaver = (statement: LineStatement, missing: string, part: string | undefined) => void

interface Takers {
  readonly out: LineTaker
  readonly left: LineLeaver | undefined
  readonly part: string | undefined
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
export function run(program: Program, around: Surroundings, out: LineTaker, left?: LineLeaver): void {
  runAll(program.statements, around, { out, left, part: undefined }, 0, { left: MOST_STATEMENTS })
}

function runAll(
  statements: readonly Statement[],
  around: Surroundings,
  takers: Takers,
  depth: number,
  budget: Budget,
): void {
  for (const statement of statements) {
    if (budget.left-- <= 0) return
    if (statement.kind === 'line') {
      fill(statement, around, takers)
    } else if (statement.kind === 'choice') {
      const chosen = statement.branches.find(({ condition }) => !condition || holds(condition, around.lookup))
      if (chosen) runAll(chosen.body, around, takers, depth, budget)
    } else {
      // A circle is refused when it is saved; one that came in another way ends here.
      const part = depth < DEEPEST_USE ? around.partOf(statement.part) : undefined
      if (part) runAll(part.statements, around, { ...takers, part: statement.part }, depth + 1, budget)
    }
  }
}

function fill(statement: LineStatement, { lookup }: Surroundings, { out, left, part }: Takers): void {
  const { texts, names } = statement
  let text = texts[0] ?? ''
  for (const [index, name] of names.entries()) {
    const value = lookup(name)
    if (value === undefined) {
      left?.(statement, name, part)
      return
    }
    text += plain(value) + (texts[index + 1] ?? '')
  }
  out(text, statement, part)
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must go
const CONTROL = /[\u0000-\u001f\u007f]/
const CONTROLS = new RegExp(CONTROL, 'g')

function plain(value: string): string {
  return CONTROL.test(value) ? value.replaceAll(CONTROLS, '') : value
}
