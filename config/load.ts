// SPDX-License-Identifier: Apache-2.0
import { isNode, LineCounter, parse, parseDocument } from 'yaml'
import type { z } from 'zod'
import { type Config, configSchema } from './schema.ts'

/** A configuration that cannot be used. The message holds every complaint with its path and place. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly code = 'CONFIG'
  readonly complaints: readonly string[]

  constructor(complaints: readonly string[]) {
    super(`The configuration cannot be used: ${complaints.join('; ')}`)
    this.complaints = complaints
  }
}

const PREFIX = 'OFFHOOK_'

/**
 * Checks a YAML text and lays the environment over it: `OFFHOOK_WEB__LISTEN=0.0.0.0:8090` sets `web.listen`
 * (two underscores go one level down; `data_folder` and `dataFolder` are the same key; values are read as YAML).
 */
export function loadConfig(
  text: string,
  file: string,
  environment: Readonly<Record<string, string | undefined>>,
): Config {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true })
  if (document.errors.length > 0) {
    throw new ConfigError(
      document.errors.map((error) => `${file}:${lines.linePos(error.pos[0]).line}: ${error.message}`),
    )
  }
  let tree: unknown
  try {
    tree = document.toJS({ maxAliasCount: 100 }) ?? {}
  } catch (error) {
    throw new ConfigError([`${file}: ${error instanceof Error ? error.message : String(error)}`])
  }
  if (!isTree(tree)) throw new ConfigError([`${file}:1: the file must hold sections such as "web:"`])
  const variables = overlay(tree, environment)
  const result = configSchema.safeParse(tree)
  if (result.success) return result.data
  throw new ConfigError(
    result.error.issues.flatMap(flatten).map(({ path, message }) => {
      const name = path.join('.') || '(top level)'
      const variable = variableOf(path.join('.'))
      return `${variable ?? `${file}${lineOf(path)}`}: ${name}: ${message}`
    }),
  )

  function variableOf(path: string): string | undefined {
    return (
      variables.get(path) ??
      (document.hasIn(path.split('.')) ? undefined : [...variables].find(([set]) => set.startsWith(`${path}.`))?.[1])
    )
  }

  /** The line of the deepest node on the path that the file has; a missing key is told at its parent. */
  function lineOf(path: readonly PropertyKey[]): string {
    for (let depth = path.length; depth >= 0; depth--) {
      const node = depth === 0 ? document.contents : document.getIn(path.slice(0, depth), true)
      if (isNode(node) && node.range) return `:${lines.linePos(node.range[0]).line}`
    }
    return ''
  }
}

type Tree = { [key: string]: unknown }

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * An unknown key is told at its own line, not at that of the section around it; of the forms that a value may have, the
 * one that was meant is the one whose type it has.
 */
function flatten(issue: z.core.$ZodIssue): { path: readonly PropertyKey[]; message: string }[] {
  if (issue.code === 'invalid_union') {
    const meant = issue.errors.find((issues) =>
      issues.every(({ code, path }) => code !== 'invalid_type' || path.length > 0),
    )
    if (!meant) return [{ path: issue.path, message: issue.message }]
    return meant.flatMap(flatten).map(({ path, message }) => ({ path: [...issue.path, ...path], message }))
  }
  if (issue.code !== 'unrecognized_keys') return [{ path: issue.path, message: issue.message }]
  return issue.keys.map((key) => ({ path: [...issue.path, key], message: 'there is no such setting' }))
}

/** Writes the environment into the tree; returns which variable set which path, for error messages. */
function overlay(tree: Tree, environment: Readonly<Record<string, string | undefined>>): Map<string, string> {
  const variables = new Map<string, string>()
  for (const [name, text] of Object.entries(environment)) {
    if (!name.startsWith(PREFIX) || text === undefined) continue
    const path = name.slice(PREFIX.length).toLowerCase().split('__').map(camel)
    if (path.length < 2) continue
    variables.set(path.join('.'), name)
    let section = tree
    for (const key of path.slice(0, -1)) {
      const inner = Object.hasOwn(section, key) ? section[key] : undefined
      section = isTree(inner) ? inner : define(section, key, {})
    }
    define(section, path.at(-1) ?? '', scalar(text))
  }
  return variables
}

function define<T>(section: Tree, key: string, value: T): T {
  Object.defineProperty(section, key, { value, enumerable: true, configurable: true, writable: true })
  return value
}

function camel(key: string): string {
  return key.replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase())
}

function scalar(text: string): unknown {
  try {
    return parse(text) ?? text
  } catch {
    return text
  }
}
