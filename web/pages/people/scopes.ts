// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import { type Scope, type ScopeTree, SYSTEM } from '#daemon/domain/scope'
import type { ScopeDraft } from '#daemon/domain/scope-rules'
import { actorOf, formField, type NoExtras, queryText, type Web, type WebContext, type WebState } from '#web/context'
import { count } from '#web/format'
import { showQuestion } from '#web/kit/confirm'
import { goOn } from '#web/kit/flash'
import { type Filled, form, linesOf, readForm, type Section, type Values } from '#web/kit/form'
import { stepOf } from '#web/pages/changes/review'
import { showMessage } from '#web/pages/message'
import { showPage } from '#web/pages/shell'
import { levelHref } from '#web/pages/templates/words'
import type { Population, ScopesPort } from '#web/ports/scopes'
import { answerScopeReview } from './scope-review.ts'
import { CONFLICT, KINDS, many, placeText, SCOPES, SCOPES_TRAIL, scopeHref, scopeOptions, USERS } from './words.ts'

/** The tree of regions and sites: looking, adding, changing, moving, removing. */
export function scopesRoutes(web: Web, scopes: ScopesPort): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>({ prefix: SCOPES })
  const known = (ctx: WebContext, id: string | undefined): Scope | undefined => {
    const scope = id === SYSTEM.id ? undefined : scopes.tree().get(id ?? '')
    if (!scope) gone(web, ctx)
    return scope
  }

  router.get('/', (ctx) => {
    const tree = scopes.tree()
    const population = scopes.population()
    const unplaced = population.get(SYSTEM.id)
    showPage(web, ctx, {
      ...{ view: 'people/scopes', title: 'Regions and sites', section: 'scopes' },
      data: {
        head: {
          title: 'Regions and sites',
          lead: 'Where people and phones are. Settings of a region reach everything in it; the nearer one wins.',
          actions: [{ label: 'Add region', href: `${SCOPES}/add`, icon: 'add', look: 'primary' }],
        },
        nodes: tree.children(SYSTEM.id).map((scope) => nodeOf(tree, scope, population)),
        unplaced: unplaced && tree.size > 0 ? peopleText(unplaced) : '',
        none: NO_SCOPES,
      },
    })
  })

  router.get('/add', (ctx) => {
    const within = queryText(ctx, 'in')
    const parent = scopes.tree().get(within) ?? SYSTEM
    const kind = parent.kind === 'site' || parent.kind === 'region' ? 'site' : 'region'
    show(web, ctx, scopes, undefined, { values: { kind, parent: parent.id }, errors: [] })
  })
  router.post('/add', (ctx) => save(web, ctx, scopes, undefined))

  router.get('/of/:id', (ctx) => {
    const scope = known(ctx, ctx.params.id)
    if (scope) show(web, ctx, scopes, scope, { values: valuesOf(scope), errors: [] })
  })
  router.post('/of/:id', async (ctx) => {
    const scope = known(ctx, ctx.params.id)
    if (scope) await save(web, ctx, scopes, scope)
  })

  router.get('/of/:id/remove', async (ctx) => {
    const scope = known(ctx, ctx.params.id)
    if (!scope) return
    const tree = scopes.tree()
    const { scopes: inside, users, phones, configured } = scopes.use(scope.id)
    const heir = scope.parent === SYSTEM.id ? 'the system' : placeText(tree, scope.parent)
    const outcome = await web.port.scopePreviews?.remove(scope.id, scope.version)
    const changed = outcome?.kind === 'preview' ? outcome.preview.changed : 0
    showQuestion(web, ctx, {
      ...{
        section: 'scopes',
        title: `Remove ${scope.name}?`,
        act: `Remove ${scope.kind}`,
        cancel: scopeHref(scope.id),
      },
      trail: SCOPES_TRAIL,
      sentence: `Users and phones that were put here belong to ${heir} then. This cannot be undone.`,
      touches: [
        ...inside.map(({ id, kind }) => `The ${kind} ${placeText(tree, id)} goes with it`),
        ...(users > 0 ? [`${many(count(users), 'user moves', 'users move')} to ${heir}`] : []),
        ...(phones > 0 ? [`${many(count(phones), 'phone is', 'phones are')} here now`] : []),
        ...(changed > 0 ? [`${many(count(changed), 'phone gets', 'phones get')} another file at the next check`] : []),
        ...configured.map(
          (name) => `The subnet ${name} of the configuration names it, and makes it anew at the next start`,
        ),
      ],
      hidden: { version: String(scope.version) },
    })
  })
  router.post('/of/:id/remove', async (ctx) => {
    const scope = known(ctx, ctx.params.id)
    if (!scope) return
    const removed = await scopes.remove(scope.id, Number(formField(ctx, 'version')), actorOf(ctx))
    if (removed.kind === 'done') return goOn(web, ctx, SCOPES, `Removed ${scope.name}.`)
    goOn(web, ctx, scopeHref(scope.id), 'Somebody else has just changed it, so it was not removed.', 'warn')
  })
  return router
}

interface Node {
  readonly name: string
  readonly kind: string
  readonly href: string
  readonly addHref: string
  readonly removeHref: string
  readonly facts: readonly string[]
  readonly children: readonly Node[]
}

/** With what lies in it. */
function nodeOf(tree: ScopeTree, scope: Scope, population: ReadonlyMap<string, Population>): Node {
  const { id, name, kind, timeZone, subnets, description } = scope
  const href = scopeHref(id)
  const here = population.get(id)
  return {
    ...{ name, kind, href, addHref: `${SCOPES}/add?in=${encodeURIComponent(id)}`, removeHref: `${href}/remove` },
    facts: [here ? peopleText(here) : '', timeZone, subnets.join(', '), description].filter((text) => text !== ''),
    children: tree.children(id).map((child) => nodeOf(tree, child, population)),
  }
}

function peopleText({ users, phones }: Population): string {
  const texts = [
    users > 0 ? many(count(users), 'user', 'users') : '',
    phones > 0 ? many(count(phones), 'phone', 'phones') : '',
  ]
  return texts.filter((text) => text !== '').join(', ')
}

async function save(web: Web, ctx: WebContext, scopes: ScopesPort, known: Scope | undefined): Promise<void> {
  const filled = readForm(ctx, sections(scopes, known))
  const refuse = (status: number, errors: Filled['errors'], scope = known) => {
    ctx.status = status
    show(web, ctx, scopes, scope, { values: filled.values, errors })
  }
  if (filled.errors.length > 0) return refuse(422, filled.errors)
  // Back from the review, to be edited on.
  if (stepOf(ctx) === 'form') {
    return show(web, ctx, scopes, known, { values: filled.values, errors: [] })
  }
  const draft = draftOf(filled.values)
  const version = Number(formField(ctx, 'version'))
  const apply = (by: string, why: string) =>
    known ? scopes.change(known.id, draft, version, by, why) : scopes.add(draft, by, why)
  const outcome = await web.port.scopePreviews?.save(known?.id, draft, version)
  if (outcome?.kind === 'preview' && outcome.preview.changed > 0 && web.port.changes) {
    const fields = { ...filled.values, version: String(version) }
    return answerScopeReview(web, ctx, web.port.changes, { ...outcome, fields, apply })
  }
  const answer = outcome === undefined || outcome.kind === 'preview' ? await apply(actorOf(ctx), '') : outcome
  switch (answer.kind) {
    case 'done':
      return goOn(web, ctx, SCOPES, `${known ? 'Saved' : 'Added'} ${answer.scope.name}.`)
    case 'refused':
      return refuse(422, [{ field: answer.refusal.field, message: answer.refusal.reason }])
    case 'conflict':
      return refuse(409, [{ field: '', message: CONFLICT }], answer.scope)
    case 'unknown':
      return gone(web, ctx)
  }
}

function show(web: Web, ctx: WebContext, scopes: ScopesPort, known: Scope | undefined, filled: Filled): void {
  const title = known ? known.name : 'Add region or site'
  const actions = known && [
    { label: 'Its users', href: `${USERS}?region=${encodeURIComponent(known.id)}`, of: `of ${known.name}` },
    ...(web.port.levels
      ? [{ label: 'Phone settings', href: levelHref(`scope/${known.id}`), of: `of ${known.name}` }]
      : []),
    { label: 'Add below', href: `${SCOPES}/add?in=${encodeURIComponent(known.id)}`, of: known.name, icon: 'add' },
    { label: 'Remove', href: `${scopeHref(known.id)}/remove`, of: known.name },
  ]
  showPage(web, ctx, {
    ...{ view: 'kit/form-page', title, section: 'scopes' },
    data: {
      head: { title, trail: SCOPES_TRAIL, ...(actions && { actions }) },
      form: form(web, ctx, {
        ...{ action: ctx.path, cancel: SCOPES, twoColumns: true, submit: known ? 'Save' : 'Add', ...filled },
        sections: sections(scopes, known),
        ...(known && { hidden: { version: String(known.version) } }),
      }),
    },
  })
}

function sections(scopes: ScopesPort, known: Scope | undefined): Section[] {
  const kinds = KINDS.some(({ value }) => value === known?.kind) || !known ? KINDS : [...KINDS, kindOption(known)]
  return [
    {
      fields: [
        { name: 'name', label: 'Name', required: true, maxLength: 64 },
        {
          ...{ name: 'parent', label: 'Lies in', kind: 'select' },
          options: scopeOptions(scopes.tree(), 'The system', known?.id),
        },
        { name: 'kind', label: 'What it is', kind: 'radio', options: kinds, wide: true },
        {
          ...{ name: 'timeZone', label: 'Time zone', maxLength: 64, placeholder: 'Europe/Berlin' },
          suggestions: Intl.supportedValuesOf('timeZone'),
          hint: 'For the clocks of its phones; empty for that of where it lies.',
        },
        {
          ...{ name: 'subnets', label: 'Subnets', kind: 'lines', maxLength: 2000, mono: true },
          hint: 'One in each line, such as 10.1.4.0/24. Phones with such an address are taken to be here.',
        },
        { name: 'description', label: 'Description', maxLength: 500, wide: true },
      ],
    },
  ]
}

function kindOption({ kind }: Scope): (typeof KINDS)[number] {
  return { value: kind, label: kind }
}

function valuesOf({ name, parent, kind, timeZone, subnets, description }: Scope): Values {
  return { name, parent, kind, timeZone, subnets: subnets.join('\n'), description }
}

function draftOf(values: Values): ScopeDraft {
  const { name = '', parent = '', timeZone = '', subnets = '', description = '' } = values
  const kind = values.kind as Scope['kind']
  return { name, parent, kind: kind || 'region', timeZone, subnets: linesOf(subnets), description }
}

const NO_SCOPES = {
  title: 'No region yet',
  sentence:
    'Add your countries, cities or buildings, with their time zones and subnets. Small companies need none: everything belongs to the system then.',
  icon: 'places',
  actions: [{ label: 'Add region', href: `${SCOPES}/add`, icon: 'add', look: 'primary' }],
} as const

function gone(web: Web, ctx: WebContext): void {
  showMessage(web, ctx, 404, {
    title: 'Region not found',
    sentence: 'There is no such region or site: somebody may have removed it.',
    section: 'scopes',
    ways: [{ label: 'Regions and sites', href: SCOPES }],
  })
}
