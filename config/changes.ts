// SPDX-License-Identifier: Apache-2.0
import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import { type Config, configSchema } from './schema.ts'

/** A setting, or a list that is one setting, by its path: `dhcp.subnets`, `log.level`. */
export interface Setting {
  readonly path: string
  /** A change waits for the next start. */
  readonly restart: boolean
}

type Tree = Readonly<Record<string, unknown>>

/** Every setting of the schema, in its order. */
export function settings(schema: z.ZodType = configSchema): Setting[] {
  return leaves(schema, [], false)
}

/** The settings that two configurations disagree about. */
export function changes(before: Config, after: Config): Setting[] {
  return settings().filter(({ path }) => !isDeepStrictEqual(valueAt(before, path), valueAt(after, path)))
}

/** What is in force after `next` was read while a daemon runs that `booted` started: what needs a restart stays. */
export function inForce(booted: Config, next: Config): Config {
  const tree = structuredClone(next) as Tree
  for (const { path, restart } of settings()) if (restart) setAt(tree, path, valueAt(booted, path))
  return tree as Config
}

/** Sections are walked into; anything else, lists too, is one setting. */
function leaves(schema: z.ZodType, path: readonly string[], above: boolean): Setting[] {
  const restart = above || schema.meta()?.requiresRestart === true
  const inner = unwrapped(schema)
  if (!(inner instanceof z.ZodObject)) return [{ path: path.join('.'), restart }]
  return Object.entries(inner.shape).flatMap(([key, field]) => leaves(field as z.ZodType, [...path, key], restart))
}

function unwrapped(schema: z.ZodType): z.ZodType {
  let inner: unknown = schema
  while (inner instanceof z.ZodPrefault || inner instanceof z.ZodDefault || inner instanceof z.ZodOptional) {
    inner = inner.unwrap()
  }
  return inner as z.ZodType
}

function valueAt(config: unknown, path: string): unknown {
  let value = config
  for (const key of path.split('.')) value = isTree(value) ? value[key] : undefined
  return value
}

/** Sets a value that is there; where it is not, and the section is, it is taken away. */
function setAt(tree: Tree, path: string, value: unknown): void {
  const keys = path.split('.')
  const last = keys.pop() ?? ''
  let section: unknown = tree
  for (const key of keys) section = isTree(section) ? section[key] : undefined
  if (!isTree(section)) return
  if (value === undefined) Reflect.deleteProperty(section, last)
  else Reflect.set(section, last, value)
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
