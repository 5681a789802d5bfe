// SPDX-License-Identifier: Apache-2.0
import type { Program, TextProblem } from './language.ts'

/** What a phone's files are made from: a shared part, and a part of its own that includes the shared one. */
export interface Template {
  /** Lower case letters, digits and hyphens; the name of its shared file. */
  readonly id: string
  readonly title: string
  readonly description: string
  readonly models: readonly string[]
  /** The firmware flavour it is for: Skype for Business (`UC_…` versions) or generic SIP. */
  readonly firmware: 'sip' | 'uc'
  readonly global: string
  readonly private: string
  /** Other names under which its shared file is fetched: those that another system gave it. */
  readonly aliases?: readonly string[]
}

/** Which template the phones of a model get in a place. */
export interface MappingRule {
  /** A model, or a pattern with `*`. */
  readonly model: string
  /** Id of the scope for whose phones it is; `system` for all. */
  readonly scope: string
  readonly template: string
}

/** All rules are one record: which of them wins must not depend on the order of two writes. */
export interface TemplateMapping {
  readonly rules: readonly MappingRule[]
}

/** A template, and why it is this one. */
export interface ChosenTemplate {
  readonly template: Template
  readonly why: string
}

export interface TemplateQuestion {
  readonly model: string
  readonly firmware: string
  /** What was chosen for this very phone; empty for nothing. */
  readonly own: string
  /** From the system to the phone's place: ids and names. */
  readonly path: readonly { readonly id: string; readonly name: string }[]
}

export const TEMPLATE_ID = /^[a-z0-9][a-z0-9-]{0,63}$/

/**
 * The template for a phone. What was chosen for the phone itself comes first, then the rule of the nearest place that fits
 * its model (a model before a pattern), then a template that knows the model, of its firmware's flavour where there
 * is a choice; one that was made here comes before one that was shipped.
 */
export function chooseTemplate(
  templates: ReadonlyMap<string, Template>,
  mapping: TemplateMapping,
  { model, firmware, own, path }: TemplateQuestion,
): ChosenTemplate | undefined {
  const chosen = templates.get(own)
  if (chosen) return { template: chosen, why: 'chosen for this phone' }
  for (const place of path.toReversed()) {
    const rule = bestRule(mapping, model, place.id)
    const template = rule && templates.get(rule.template)
    if (template) return { template, why: `mapped for ${rule.model} in ${place.name}` }
  }
  const flavour = firmware.toUpperCase().startsWith('UC_') ? 'uc' : 'sip'
  const fitting = [...templates.values()].filter(({ models }) => models.includes(model))
  const template = fitting.find(({ firmware }) => firmware === flavour) ?? fitting[0]
  return template && { template, why: `knows the model ${model}` }
}

function bestRule({ rules }: TemplateMapping, model: string, scope: string): MappingRule | undefined {
  const here = rules.filter((rule) => rule.scope === scope && modelFits(rule.model, model))
  return here.find((rule) => !rule.model.includes('*')) ?? here.toSorted((a, b) => b.model.length - a.model.length)[0]
}

/** Whether a model fits a pattern such as `C4*`; case is ignored. */
export function modelFits(pattern: string, model: string): boolean {
  const parts = pattern.split(/\*+/).map((part) => part.replaceAll(/[\\^$.|?+()[\]{}]/g, '\\$&'))
  return new RegExp(`^${parts.join('.*')}$`, 'i').test(model)
}

/** The name of a template's shared file, as device files include it. */
export function globalFileName({ id }: Pick<Template, 'id'>): string {
  return `${id}_global.cfg`
}

/** The name by which other templates use a part. */
export function partName(id: string, part: 'global' | 'private'): string {
  return `${id}/${part}`
}

/** What is wrong with the parts that a program uses: those that are not there, and those that lead back to it. */
export function* useProblems(
  self: string,
  program: Program,
  partOf: (part: string) => Program | undefined,
): Generator<TextProblem> {
  for (const statement of allUses(program)) {
    const { part, line } = statement
    if (!partOf(part)) yield { line, message: `There is no ${part}.` }
    else if (leadsTo(part, self, partOf, new Set())) yield { line, message: `${part} uses ${self}: that has no end.` }
  }
}

function leadsTo(from: string, to: string, partOf: (part: string) => Program | undefined, seen: Set<string>): boolean {
  if (from === to) return true
  if (seen.has(from)) return false
  seen.add(from)
  return [...(partOf(from)?.uses ?? [])].some((next) => leadsTo(next, to, partOf, seen))
}

function allUses({ statements }: Pick<Program, 'statements'>): { readonly part: string; readonly line: number }[] {
  return statements.flatMap((statement) => {
    if (statement.kind === 'use') return [statement]
    if (statement.kind === 'choice') return statement.branches.flatMap(({ body }) => allUses({ statements: body }))
    return []
  })
}
