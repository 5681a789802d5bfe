// SPDX-License-Identifier: Apache-2.0
import type { Draft } from '#daemon/domain/provisioning/revision'
import type { MappingRule, Template } from '#daemon/domain/provisioning/template'
import type { FieldError } from './saved.ts'

/** What a form would change; nothing is changed yet. */
export type Drafted =
  | {
      readonly kind: 'draft'
      readonly draft: Draft
      /** Fields to send instead when the form is sent again: secrets, sealed. */
      readonly instead?: Readonly<Record<string, string>>
    }
  | { readonly kind: 'refused'; readonly errors: readonly FieldError[]; readonly findings?: readonly TextFinding[] }
  /** What it was about is not there any more. */
  | { readonly kind: 'unknown' }

/** `shipped` comes with Offhook as it is; `changed` came with it and was edited; `own` was made here. */
export type TemplateOrigin = 'shipped' | 'changed' | 'own'

export interface TemplateRow {
  readonly template: Template
  readonly origin: TemplateOrigin
  /** Of the record, for edits; 0 while there is none. */
  readonly revision: number
  /** Phones that get their file from it now. */
  readonly phones: number
  /** Titles of templates that use a part of it. */
  readonly usedBy: readonly string[]
  /** Mapping rules that name it. */
  readonly rules: readonly MappingRule[]
  /** Phones that it was chosen for, by MAC. */
  readonly chosenFor: readonly string[]
}

export type TemplatePart = 'global' | 'private'

/** Something about one line of a text. `error`: it cannot be saved. */
export interface TextFinding {
  readonly part: TemplatePart
  /** From 1. */
  readonly line: number
  readonly severity: 'error' | 'warning' | 'hint'
  readonly message: string
}

/** What the editor sends. */
export type TemplateDraft = Template

/** A template's text as one phone would get it. */
export interface Example {
  /** The MAC that it was made for. */
  readonly mac: string
  readonly name: string
  readonly lines: readonly { readonly text: string; readonly from: string; readonly line: number }[]
  readonly left: readonly { readonly from: string; readonly line: number; readonly missing: string }[]
}

export interface TesterQuestion {
  readonly model: string
  readonly firmware: string
  /** A MAC; empty for any phone. */
  readonly mac: string
  /** Id of a scope; empty for where the phone is. */
  readonly scope: string
}

export type TesterAnswer =
  | {
      readonly kind: 'template'
      readonly template: Template
      readonly why: string
      readonly model: string
      readonly firmware: string
      /** Names from the system to the place. */
      readonly place: readonly string[]
    }
  | { readonly kind: 'none'; readonly reason: string }
  | { readonly kind: 'refused'; readonly errors: readonly FieldError[] }

/** Templates, and which phones get which. */
export interface TemplatesPort {
  list(): readonly TemplateRow[]
  /** By title; cheap, as no phone is looked at. */
  titles(): readonly { readonly id: string; readonly title: string }[]
  get(id: string): TemplateRow | undefined
  /** As it came with Offhook; undefined for one that was made here. */
  shipped(id: string): Template | undefined
  /** What is wrong with its texts, and what is good to know. */
  findings(draft: TemplateDraft): readonly TextFinding[]
  /** Rendered for a phone, of which secrets are masked; by default for one that gets it. Undefined when there is none. */
  example(draft: TemplateDraft, mac: string): Example | undefined
  /** What another manager's template file holds; undefined when the text is none, and why when it is a damaged one. */
  readXml(text: string): { readonly global: string; readonly private: string } | { readonly reason: string } | undefined
  add(draft: TemplateDraft): Drafted
  /** `revision` is that of the row which the edit was made upon. */
  change(draft: TemplateDraft, revision: number): Drafted
  /** A changed one becomes what came with Offhook. */
  restore(id: string): Drafted
  remove(id: string): Drafted
  mapping(): { readonly rules: readonly MappingRule[]; readonly revision: number }
  /** The rules as they should be; `revision` is that of the mapping which the edit was made upon. */
  map(rules: readonly MappingRule[], revision: number): Drafted
  ask(question: TesterQuestion): TesterAnswer
}
