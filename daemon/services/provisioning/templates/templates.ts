// SPDX-License-Identifier: Apache-2.0

import { PHONE_LDAP_PLACEHOLDERS } from '#daemon/domain/phone-ldap'
import { KNOWN_PLACEHOLDERS } from '#daemon/domain/provisioning/known-placeholders'
import { namesIn } from '#daemon/domain/provisioning/placeholder'
import type { Draft, DraftChange } from '#daemon/domain/provisioning/revision'
import { type MappingRule, TEMPLATE_ID, type Template } from '#daemon/domain/provisioning/template'
import { SYSTEM } from '#daemon/domain/scope'
import { readTemplateXml } from '#daemon/services/archive/template-xml'
import { Overlay } from '#daemon/services/provisioning/changes/overlay'
import { MASKED } from '#daemon/services/provisioning/disclosure'
import type { Programs } from '#daemon/services/provisioning/programs'
import type { Provisioning } from '#daemon/services/provisioning/provisioning'
import { put, remove, type Store } from '#daemon/store/store'
import { levels, phones, templateMapping, templates } from '#daemon/store/tables'
import { type Mac, parseMac } from '#protocols/lib/mac'
import type { FieldError } from '#web/ports/saved'
import type {
  Drafted,
  Example,
  TemplateDraft,
  TemplateRow,
  TemplatesPort,
  TesterAnswer,
  TesterQuestion,
  TextFinding,
} from '#web/ports/templates'
import { type LintText, lintOf, problemsOf } from './findings.ts'
import { mappingErrors } from './mapping.ts'
import { whyKept } from './uses.ts'

export interface TemplatesOptions {
  readonly store: Store
  readonly shipped: readonly Template[]
  readonly programs: Programs
  readonly provisioning: Provisioning
  /** Absent: texts are only checked for what makes no sense. */
  readonly lint?: LintText
}

export const MOST_TEMPLATES = 500
const RULES = 'rules'
const MODEL = /^[A-Za-z0-9_-]{1,32}$/
const MOST_MODELS = 100

/** Templates, and which phones get which. Every edit is a draft: whoever asked for it looks at it before it is made. */
export class Templates implements TemplatesPort {
  readonly #options: TemplatesOptions

  constructor(options: TemplatesOptions) {
    this.#options = options
  }

  list(): readonly TemplateRow[] {
    const { store, provisioning } = this.#options
    const phonesOf = new Map<string, number>()
    for (const { value } of store.entries(phones)) {
      const id = provisioning.renderer.chosenFor(value).template?.template.id
      if (id !== undefined) phonesOf.set(id, (phonesOf.get(id) ?? 0) + 1)
    }
    return this.titles().map((template) => this.#row(template, phonesOf.get(template.id) ?? 0))
  }

  titles(): readonly Template[] {
    return [...this.#all.values()].toSorted((a, b) => a.title.localeCompare(b.title, 'en', { numeric: true }))
  }

  get(id: string): TemplateRow | undefined {
    return this.list().find(({ template }) => template.id === id)
  }

  shipped(id: string): Template | undefined {
    return this.#options.shipped.find((template) => template.id === id)
  }

  findings(draft: TemplateDraft): readonly TextFinding[] {
    const { lint } = this.#options
    const problems = this.#problems(draft)
    const known = this.#knownNames()
    const linted = lint ? lintOf(draft, lint, (name) => known.has(name)) : []
    return [...problems, ...linted].toSorted((a, b) => a.line - b.line)
  }

  example(draft: TemplateDraft, wanted: string): Example | undefined {
    const { store, provisioning } = this.#options
    const mac = parseMac(wanted) ?? this.#somePhone(draft)
    const phone = mac === undefined ? undefined : store.get(phones, mac)?.value
    if (!phone) return undefined
    const own = store.get(levels, `device/${phone.mac}`)?.value
    const changes: DraftChange[] = [
      put(templates, draft.id, draft),
      put(levels, `device/${phone.mac}`, { values: {}, sealed: {}, lines: '', ...own, template: draft.id }),
    ]
    const thought = provisioning.imagined(new Overlay(store, changes))
    const rendered = thought.device(phone.mac, thought.situationOf(phone), MASKED)
    if (rendered.kind === 'none') return undefined
    const { lines, left } = rendered.file
    return { mac: phone.mac, name: phone.userName, lines, left }
  }

  readXml(
    text: string,
  ): { readonly global: string; readonly private: string } | { readonly reason: string } | undefined {
    if (!/^\uFEFF?\s*<(\?xml|ipphonet)/i.test(text)) return undefined
    const read = readTemplateXml(text)
    if ('reason' in read) return { reason: read.reason }
    // Its shared file is called after the template here.
    const lines = read.private.trimStart().replace(/^include\s.*$/im, 'include %ITCS_GlobalFile%')
    return { global: read.global.trimStart(), private: lines }
  }

  add(draft: TemplateDraft): Drafted {
    const errors = [...templateErrors(draft)]
    if (this.#all.has(draft.id)) errors.push({ field: 'id', message: 'There is a template with this name already.' })
    if (this.#all.size >= MOST_TEMPLATES)
      errors.push({ field: '', message: `${MOST_TEMPLATES} templates are the most.` })
    return this.#drafted(draft, errors, `Add the template “${draft.title}”`, 'absent')
  }

  change(draft: TemplateDraft, revision: number): Drafted {
    if (!this.#all.has(draft.id)) return { kind: 'unknown' }
    const expect = revision === 0 ? 'absent' : revision
    return this.#drafted(draft, templateErrors(draft), `Change the template “${draft.title}”`, expect)
  }

  restore(id: string): Drafted {
    const shipped = this.shipped(id)
    const stored = this.#options.store.get(templates, id)
    if (!shipped || !stored) return { kind: 'unknown' }
    const message = 'It is as it came with Offhook.'
    if (same(shipped, stored.value)) return { kind: 'refused', errors: [{ field: '', message }] }
    const summary = `Restore the template “${shipped.title}” as it came`
    return done(summary, shipped, [remove(templates, id, stored.revision)])
  }

  remove(id: string): Drafted {
    const row = this.get(id)
    if (!row) return { kind: 'unknown' }
    const why = whyKept(row, this.#options.provisioning.renderer.tree)
    if (why !== undefined) return { kind: 'refused', errors: [{ field: '', message: why }] }
    const changes = [
      remove(templates, id, row.revision),
      ...(this.#options.store.get(levels, `template/${id}`) ? [remove(levels, `template/${id}`)] : []),
    ]
    return done(`Delete the template “${row.template.title}”`, row.template, changes)
  }

  mapping(): { readonly rules: readonly MappingRule[]; readonly revision: number } {
    const stored = this.#options.store.get(templateMapping, RULES)
    return { rules: stored?.value.rules ?? [], revision: stored?.revision ?? 0 }
  }

  map(rules: readonly MappingRule[], revision: number): Drafted {
    const errors = mappingErrors(rules, this.#all, this.#options.provisioning.renderer.tree)
    if (errors.length > 0) return { kind: 'refused', errors }
    return {
      kind: 'draft',
      draft: {
        summary: 'Change which models get which template',
        subject: { kind: 'mapping', key: RULES, name: 'Mapping of models' },
        changes: [put(templateMapping, RULES, { rules }, revision === 0 ? 'absent' : revision)],
      },
    }
  }

  ask({ model: asked, firmware: said, mac: text, scope }: TesterQuestion): TesterAnswer {
    const { store, provisioning } = this.#options
    const { tree } = provisioning.renderer
    const mac = text.trim() === '' ? undefined : parseMac(text)
    if (text.trim() !== '' && !mac) return refusal('mac', 'Enter a MAC address such as 00:90:8f:12:34:56.')
    if (scope !== '' && !tree.get(scope)) return refusal('scope', 'There is no such region or site.')
    const phone = mac && store.get(phones, mac)?.value
    if (mac && !phone && asked === '') return refusal('model', 'This phone is not known yet: enter a model, too.')
    const model = asked.trim().toUpperCase() || phone?.model || ''
    if (model === '') return refusal('model', 'Enter a model, or the MAC of a phone that is known.')
    const firmware = said.trim() || phone?.firmware || ''
    const path = scope === '' && phone ? provisioning.renderer.chosenFor(phone).path : tree.path(scope || SYSTEM.id)
    const own = (mac && store.get(levels, `device/${mac}`)?.value.template) ?? ''
    const chosen = provisioning.renderer.chosen({ model, firmware, own, path })
    if (!chosen) return { kind: 'none', reason: `No template knows the model ${model}, and no rule names it.` }
    return { kind: 'template', ...chosen, model, firmware, place: path.map(({ name }) => name) }
  }

  get #all(): ReadonlyMap<string, Template> {
    return this.#options.provisioning.renderer.templates
  }

  #row(template: Template, count: number): TemplateRow {
    const { store, programs } = this.#options
    const stored = store.get(templates, template.id)
    const shipped = this.shipped(template.id)
    const uses = (other: Template) =>
      [other.global, other.private].some((text) =>
        [...programs.of(text).uses].some((part) => part.startsWith(`${template.id}/`)),
      )
    const chosenFor = Array.from(store.entries(levels)).filter(({ value }) => value.template === template.id)
    return {
      template,
      origin: !shipped ? 'own' : stored && !same(shipped, stored.value) ? 'changed' : 'shipped',
      revision: stored?.revision ?? 0,
      phones: count,
      usedBy: [...this.#all.values()]
        .filter((other) => other.id !== template.id && uses(other))
        .map((one) => one.title),
      rules: this.mapping().rules.filter((rule) => rule.template === template.id),
      chosenFor: chosenFor.map(({ key }) => key.replace('device/', '')),
    }
  }

  #problems(draft: TemplateDraft): TextFinding[] {
    const { programs, provisioning } = this.#options
    return problemsOf(draft, programs, (part) => provisioning.renderer.partOf(part))
  }

  #drafted(draft: TemplateDraft, errors: readonly FieldError[], summary: string, expect: number | 'absent'): Drafted {
    const findings = this.#problems(draft)
    if (errors.length > 0 || findings.length > 0) {
      const wrong = findings.length > 0 ? [textError(findings)] : []
      return { kind: 'refused', errors: [...errors, ...wrong], findings: this.findings(draft) }
    }
    const refused = this.findings(draft).filter(({ severity }) => severity === 'error')
    if (refused.length > 0) return { kind: 'refused', errors: [textError(refused)], findings: this.findings(draft) }
    return done(summary, draft, [put(templates, draft.id, draft, expect)])
  }

  /** A phone that gets it, or one of its models. */
  #somePhone({ id, models }: TemplateDraft): Mac | undefined {
    const { store, provisioning } = this.#options
    let alike: Mac | undefined
    for (const { value } of store.entries(phones)) {
      if (provisioning.renderer.chosenFor(value).template?.template.id === id) return value.mac
      // What other templates are built upon has no models of its own.
      if (alike === undefined && (models.length === 0 || models.includes(value.model))) alike = value.mac
    }
    return alike
  }

  /** Placeholders that some level has a value for, or may have. */
  #knownNames(): ReadonlySet<string> {
    const { store, provisioning } = this.#options
    const set = Array.from(store.entries(levels), ({ value }) => [
      ...Object.keys(value.values),
      ...Object.keys(value.sealed),
    ])
    const layers = provisioning.renderer.layersAt(SYSTEM, undefined, MASKED)
    const directory = Object.values(PHONE_LDAP_PLACEHOLDERS)
    return new Set([...Object.keys(KNOWN_PLACEHOLDERS), ...directory, ...namesIn(layers), ...set.flat()])
  }
}

function templateErrors({ id, title, description, models, firmware }: TemplateDraft): FieldError[] {
  const errors: FieldError[] = []
  const check = (field: string, isRight: boolean, message: string) => {
    if (!isRight) errors.push({ field, message })
  }
  check('id', TEMPLATE_ID.test(id), 'Write small letters, digits and hyphens, at most 64.')
  check(
    'title',
    title.trim() !== '' && title.length <= 100 && isLine(title),
    'Enter a title of at most 100 characters.',
  )
  check('description', description.length <= 500 && isLine(description), 'At most 500 characters in one line.')
  check('models', models.length <= MOST_MODELS, `At most ${MOST_MODELS} models are possible.`)
  check(
    'models',
    models.every((model) => MODEL.test(model)),
    'Write models such as 440HD, one in each line.',
  )
  check('firmware', firmware === 'sip' || firmware === 'uc', 'Choose one of these.')
  return errors
}

function isLine(text: string): boolean {
  return !/\p{Cc}/u.test(text)
}

function textError(findings: readonly TextFinding[]): FieldError {
  const [first] = findings
  const part = first?.part === 'private' ? 'private' : 'global'
  return { field: part, message: `Line ${first?.line ?? 1}: ${first?.message ?? ''}` }
}

function same(a: Template, b: Template): boolean {
  const facts = ({ id, title, description, models, firmware, global, private: own }: Template) =>
    JSON.stringify([id, title, description, models, firmware, global, own])
  return facts(a) === facts(b)
}

function done(summary: string, { id, title }: Template, changes: Draft['changes']): Drafted {
  return { kind: 'draft', draft: { summary, subject: { kind: 'template', key: id, name: title }, changes } }
}

function refusal(field: string, message: string): TesterAnswer {
  return { kind: 'refused', errors: [{ field, message }] }
}
