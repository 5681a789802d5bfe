// SPDX-License-Identifier: Apache-2.0
import { type Condition, namesOf, parseCondition } from './condition.ts'

/**
 * The language of templates. A text is a phone's cfg, in which
 *
 *     %ITCS_Name%           is a placeholder; a line with one that has no value is left out,
 *     ;#if SRTP = 1         …, `;#elif`, `;#else` and `;#endif` choose lines,
 *     ;#use other/global    puts in the global or private part of another template.
 *
 * All but placeholders are comments to a phone, so a template stays a readable cfg.
 */
export type Statement = LineStatement | ChoiceStatement | UseStatement

export interface LineStatement {
  readonly kind: 'line'
  /** From 1. */
  readonly line: number
  /** Text and placeholders in turn: text first and last. */
  readonly texts: readonly string[]
  readonly names: readonly string[]
}

export interface ChoiceStatement {
  readonly kind: 'choice'
  readonly line: number
  /** The first whose condition holds; `;#else` has none. */
  readonly branches: readonly { readonly condition: Condition | undefined; readonly body: readonly Statement[] }[]
}

export interface UseStatement {
  readonly kind: 'use'
  readonly line: number
  /** `<template>/global` or `<template>/private`. */
  readonly part: string
}

/** What is wrong with a template's text. */
export interface TextProblem {
  /** From 1. */
  readonly line: number
  readonly message: string
}

export interface Program {
  readonly statements: readonly Statement[]
  readonly problems: readonly TextProblem[]
  /** Every placeholder that the text itself asks for, without `%ITCS_` and `%`. */
  readonly names: ReadonlySet<string>
  /** The parts that it uses. */
  readonly uses: ReadonlySet<string>
}

/** Bytes of a template's part; far more than a phone would read. */
export const LONGEST_TEXT = 256 * 1024
const DEEPEST_CHOICE = 16
const PLACEHOLDER = /%ITCS_([A-Za-z0-9_]{1,64})%/
const DIRECTIVE = /^\s*;#\s*([a-z]*)\s*(.*?)\s*$/i
const PART = /^[a-z0-9][a-z0-9-]{0,63}\/(global|private)$/

interface Open {
  readonly line: number
  readonly branches: { condition: Condition | undefined; body: Statement[] }[]
  hasElse: boolean
}

/** Reads a text. It never fails: what cannot be read is a problem, and the rest still runs. */
export function compile(text: string): Program {
  const reader = new Reader()
  for (const [index, line] of text.split(/\r\n|\r|\n/).entries()) reader.take(line, index + 1)
  return reader.end()
}

class Reader {
  readonly #statements: Statement[] = []
  readonly #problems: TextProblem[] = []
  readonly #names = new Set<string>()
  readonly #uses = new Set<string>()
  readonly #open: Open[] = []
  /** Conditions opened deeper than may be: their lines count as those of the deepest. */
  #tooDeep = 0

  take(text: string, line: number): void {
    const [directive, word = '', rest = ''] = DIRECTIVE.exec(text) ?? []
    if (directive === undefined) this.#line(text, line)
    else this.#directive(word.toLowerCase(), rest, line)
  }

  end(): Program {
    for (let open = this.#open.at(-1); open; open = this.#open.at(-1)) {
      this.#wrong(open.line, 'This ;#if has no ;#endif.')
      this.#close()
    }
    return { statements: this.#statements, problems: this.#problems, names: this.#names, uses: this.#uses }
  }

  #directive(word: string, rest: string, line: number): void {
    if (word === 'if') this.#if(rest, line)
    else if (word === 'elif') this.#branch(this.#condition(rest, line), line)
    else if (word === 'else') this.#branch(undefined, line)
    else if (word === 'endif') this.#endif(line)
    else if (word === 'use') this.#use(rest, line)
    else this.#wrong(line, `There is no “;#${word}”: write ;#if, ;#elif, ;#else, ;#endif or ;#use.`)
  }

  #line(text: string, line: number): void {
    const pieces = text.split(PLACEHOLDER)
    const names = pieces.filter((_, index) => index % 2 === 1)
    for (const name of names) this.#names.add(name)
    this.#add({ kind: 'line', line, names, texts: pieces.filter((_, index) => index % 2 === 0) })
  }

  #if(text: string, line: number): void {
    if (this.#open.length >= DEEPEST_CHOICE) {
      if (this.#tooDeep === 0) this.#wrong(line, `Conditions nest at most ${DEEPEST_CHOICE} deep.`)
      this.#tooDeep++
      return
    }
    this.#open.push({ line, branches: [{ condition: this.#condition(text, line), body: [] }], hasElse: false })
  }

  #branch(condition: Condition | undefined, line: number): void {
    const open = this.#open.at(-1)
    if (this.#tooDeep > 0) return
    if (!open) this.#wrong(line, 'There is no ;#if before this.')
    else if (open.hasElse) this.#wrong(line, 'The ;#else of this ;#if came before.')
    else {
      open.hasElse = condition === undefined
      open.branches.push({ condition, body: [] })
    }
  }

  #endif(line: number): void {
    if (this.#tooDeep > 0) {
      this.#tooDeep--
      return
    }
    if (this.#open.length === 0) this.#wrong(line, 'There is no ;#if before this ;#endif.')
    this.#close()
  }

  #close(): void {
    const open = this.#open.pop()
    if (open) this.#add({ kind: 'choice', line: open.line, branches: open.branches })
  }

  #use(part: string, line: number): void {
    if (!PART.test(part)) {
      this.#wrong(line, 'Write the template and which part of it: ;#use audiocodes-sip/global.')
      return
    }
    this.#uses.add(part)
    this.#add({ kind: 'use', line, part })
  }

  #condition(text: string, line: number): Condition {
    const condition = parseCondition(text)
    for (const name of condition ? namesOf(condition) : []) this.#names.add(name)
    if (!condition) this.#wrong(line, `“${text.slice(0, 80)}” is no condition: write Name, !Name, Name = text.`)
    return condition ?? { anyOf: [] }
  }

  #add(statement: Statement): void {
    const body = this.#open.at(-1)?.branches.at(-1)?.body ?? this.#statements
    body.push(statement)
  }

  #wrong(line: number, message: string): void {
    this.#problems.push({ line, message })
  }
}
