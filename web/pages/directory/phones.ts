// SPDX-License-Identifier: Apache-2.0

import Router from '@koa/router'
import { actorOf, formField, type NoExtras, queryText, type Web, type WebContext, type WebState } from '#web/context'
import { urlPart } from '#web/format'
import { goOn } from '#web/kit/flash'
import { type Field, type Filled, form, readForm, type Section, type Values } from '#web/kit/form'
import { stepOf } from '#web/pages/changes/review'
import { showPage } from '#web/pages/shell'
import { reviewDraft } from '#web/pages/templates/review'
import type { ChangesPort } from '#web/ports/changes'
import {
  type DirectoryPort,
  PHONE_LDAP_SETTINGS,
  type PhoneLdapSetting,
  type PhoneLdapSettings,
  type PhoneLdapValue,
} from '#web/ports/directory'
import type { FieldError } from '#web/ports/saved'
import { HOME, regionOptions, tabs } from './words.ts'

const PATH = `${HOME}/phones`
/** More regions are chosen from a list. */
const MOST_LINKS = 12
/** The field of a password that was typed before the page that asks again. */
const SEALED = 'sealed-password'

type Level = PhoneLdapValue['from']

interface Words {
  readonly label: string
  readonly kind?: 'switch' | 'number' | 'mono' | 'password'
  readonly hint?: string
  readonly max?: number
  readonly wide?: boolean
}

const WORDS: Readonly<Record<PhoneLdapSetting, Words>> = {
  active: { label: 'Directory on phones', kind: 'switch' },
  server: { label: 'Server', hint: 'Empty: this server, at the address that the phone knows it by.' },
  port: { label: 'Port', kind: 'number', max: 65_535 },
  userName: {
    label: 'Name to bind with',
    kind: 'mono',
    hint: 'As the page of accounts shows it; empty to search anonymously.',
  },
  password: { label: 'Password', kind: 'password' },
  base: { label: 'Base', kind: 'mono', hint: 'Where the directory hangs.' },
  nameFilter: {
    label: 'Name filter',
    kind: 'mono',
    wide: true,
    hint: '% is what was typed; the phone puts a * behind it.',
  },
  nameAttributes: { label: 'Name attributes', kind: 'mono', hint: 'With blanks between.' },
  numberFilter: { label: 'Number filter', kind: 'mono', wide: true },
  numberAttributes: { label: 'Number attributes', kind: 'mono', hint: 'With blanks between.' },
  displayName: {
    label: 'Line on the display',
    kind: 'mono',
    hint: 'Attributes with a % before them, such as %sn, %givenName.',
  },
  maxHits: { label: 'Most entries', kind: 'number', max: 1000, hint: 'From 1 to 1,000.' },
  countryCode: { label: 'Country code', hint: 'Put before numbers that are looked up.' },
  areaCode: { label: 'Area code', hint: 'Put between country code and number.' },
  sortResults: { label: 'Sort on the phone', kind: 'switch' },
  searchTimeout: { label: 'Longest search', kind: 'number', max: 65_535, hint: 'In seconds.' },
  searchWhileTyping: { label: 'Search while typing', kind: 'switch', hint: 'Ask at every key.' },
  callLookup: { label: 'Look up callers', kind: 'switch', hint: 'Show the name of who calls.' },
}

const SECTIONS: readonly { readonly legend: string; readonly names: readonly PhoneLdapSetting[] }[] = [
  { legend: 'Server', names: ['active', 'server', 'port', 'base', 'userName', 'password'] },
  {
    legend: 'What is searched and shown',
    names: [
      'nameFilter',
      'numberFilter',
      'nameAttributes',
      'numberAttributes',
      'displayName',
      'maxHits',
      'searchWhileTyping',
      'sortResults',
      'searchTimeout',
    ],
  },
  { legend: 'Numbers', names: ['countryCode', 'areaCode', 'callLookup'] },
]

/** How phones ask a directory: for all, and what a region has instead. */
export function phonesRoutes(web: Web, directory: DirectoryPort): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>({ prefix: PATH })

  router.get('/', (ctx) => {
    const region = regionOf(queryText(ctx, 'region'))
    const settings = directory.phones.get(region)
    show(web, ctx, directory, region, settings, { values: ownValues(settings, levelOf(region)), errors: [] })
  })

  router.post('/', async (ctx) => {
    const region = regionOf(formField(ctx, 'region'))
    const settings = directory.phones.get(region)
    const { values, errors } = readForm(ctx, sections(settings, region))
    if (web.port.changes) return review(web, ctx, directory, web.port.changes, region, { values, errors })
    const saved =
      errors.length > 0
        ? { kind: 'refused' as const, errors }
        : await directory.phones.save(region, givenOf(values), values.forget !== '1', actorOf(ctx))
    if (saved.kind === 'saved') {
      return goOn(web, ctx, hrefOf(region), 'Saved. Phones get the new lines when they next fetch their configuration.')
    }
    ctx.status = saved.kind === 'refused' ? 422 : 409
    const conflict = [{ field: '', message: 'Somebody else has just changed these settings. Look at them again.' }]
    show(web, ctx, directory, region, settings, { values, errors: saved.kind === 'refused' ? saved.errors : conflict })
  })
  return router
}

/** Shows what phones would get, before anything is saved. */
async function review(
  web: Web,
  ctx: WebContext,
  directory: DirectoryPort,
  changes: ChangesPort,
  region: string,
  { values, errors }: Filled,
): Promise<void> {
  const { password: typed = '', ...open } = values
  // A password that was typed is not shown again: it travels on sealed. What is typed since wins.
  const sealed = formField(ctx, SEALED)
  const revision = formField(ctx, 'revision')
  const again = (wrong: readonly FieldError[], kept = sealed) => {
    const hidden = { revision, ...(kept !== '' && { [SEALED]: kept }) }
    show(web, ctx, directory, region, directory.phones.get(region), { values: open, errors: wrong }, hidden)
  }
  if (stepOf(ctx) === 'form') return again([])
  if (errors.length > 0) {
    ctx.status = 422
    return again(errors)
  }
  const wanted = givenOf({ ...open, password: typed || sealed })
  const drafted = directory.phones.draft(region, wanted, values.forget !== '1', Number(revision) || 0)
  const forget = values.forget === '1' ? { forget: '1' } : {}
  await reviewDraft(web, ctx, changes, drafted, {
    ...{ section: 'directory', trail: [{ label: 'Phones’ settings', href: hrefOf(region) }] },
    ...{ action: PATH, cancel: hrefOf(region), done: hrefOf(region) },
    fields: { ...givenOf(open), ...forget, region, revision },
    refuse: again,
    gone: () => again([{ field: '', message: 'It is not there any more.' }]),
  })
}

/** What is empty is inherited. */
function givenOf(values: Values): Partial<Record<PhoneLdapSetting, string>> {
  const given = PHONE_LDAP_SETTINGS.filter((name) => values[name] !== '' && values[name] !== undefined)
  return Object.fromEntries(given.map((name) => [name, values[name] ?? '']))
}

function regionOf(text: string): string {
  return text.trim().slice(0, 100)
}

function levelOf(region: string): Level {
  return region === '' ? 'system' : 'region'
}

function hrefOf(region: string): string {
  return region === '' ? PATH : `${PATH}?region=${urlPart(region)}`
}

/** What this level says itself; the rest it inherits. */
function ownValues({ values }: PhoneLdapSettings, level: Level): Record<string, string> {
  const own = PHONE_LDAP_SETTINGS.filter((name) => values[name].from === level)
  return Object.fromEntries(own.map((name) => [name, values[name].value]))
}

function show(
  web: Web,
  ctx: WebContext,
  directory: DirectoryPort,
  region: string,
  settings: PhoneLdapSettings,
  filled: Filled,
  hidden: Values = { revision: String(settings.revision) },
): void {
  const options = regionOptions(directory, 'All phones', region)
  showPage(web, ctx, {
    ...{ view: 'directory/phones', title: 'Phones’ directory settings', section: 'directory' },
    data: {
      head: {
        title: 'Phones’ settings',
        lead: 'How phones ask a directory. What you leave empty is inherited: a region’s from all phones, that of all phones from what is built in.',
      },
      tabs: tabs('/phones'),
      regions: options.map(({ value, label }) => ({ value, label, href: hrefOf(value), current: value === region })),
      many: options.length > MOST_LINKS,
      region: region || 'all phones',
      lines: settings.lines,
      tryHref: `${HOME}/try${region === '' ? '' : `?region=${urlPart(region)}`}`,
      form: form(web, ctx, {
        ...{ action: PATH, twoColumns: true, submit: submitLabel(web, region) },
        ...{ hidden: { ...hidden, region }, sections: sections(settings, region, SEALED in hidden), ...filled },
      }),
    },
  })
}

function submitLabel(web: Web, region: string): string {
  if (web.port.changes) return 'Look at what changes'
  return region === '' ? 'Save for all phones' : `Save for ${region}`
}

function sections({ values }: PhoneLdapSettings, region: string, typed = false): Section[] {
  const level = levelOf(region)
  return SECTIONS.map(({ legend, names }) => ({
    legend,
    fields: names.flatMap((name): Field[] => {
      const value = values[name]
      if (name !== 'password') return [fieldOf(name, value, level, region)]
      const forget = { name: 'forget', label: 'Forget the password kept here', kind: 'check' } as const
      return [passwordField(value, level, typed), ...(value.set && value.from === level ? [forget] : [])]
    }),
  }))
}

function fieldOf(name: PhoneLdapSetting, { value, from }: PhoneLdapValue, level: Level, region: string): Field {
  const { label, kind, hint, max, wide } = WORDS[name]
  const about = { name, label, ...(hint && { hint }), ...(wide && { wide }) }
  // Of a value that this level sets, what would be inherited instead is not told to us.
  const inherited = from === level ? undefined : value
  const origin = region === '' ? 'built in' : from === 'system' ? 'as all phones' : 'built in'
  const note = inherited === undefined ? {} : { note: origin }
  if (kind === 'switch') {
    const now = inherited === undefined ? 'Inherited' : `Inherited: ${inherited === '1' ? 'on' : 'off'}`
    const options = [
      { value: '', label: now },
      { value: '1', label: 'On' },
      { value: '0', label: 'Off' },
    ]
    return { ...about, kind: 'select', options }
  }
  const shown = { ...about, ...note, ...(inherited && { placeholder: inherited }) }
  if (kind === 'number') return { ...shown, kind: 'number', min: 1, ...(max !== undefined && { max }) }
  return { ...shown, ...(kind === 'mono' && { mono: true }) }
}

function passwordField({ set = false, from }: PhoneLdapValue, level: Level, typed: boolean): Field {
  const kept = typed
    ? 'The one you typed is not saved yet'
    : set
      ? from === level
        ? 'One is kept here'
        : 'Inherited'
      : 'None'
  const hint = `${kept}; empty leaves it as it is. Phones get it in their configuration file.`
  return { name: 'password', label: 'Password', kind: 'password', maxLength: 128, autocomplete: 'new-password', hint }
}
