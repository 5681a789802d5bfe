// SPDX-License-Identifier: Apache-2.0
import type Router from '@koa/router'
import { actorOf, type NoExtras, type Web, type WebContext, type WebState } from '#web/context'
import { count } from '#web/format'
import type { Action, Fact } from '#web/kit/cell'
import { showQuestion } from '#web/kit/confirm'
import { goOn } from '#web/kit/flash'
import { eventsUrl, renderKey } from '#web/live/fragments'
import { showMessage } from '#web/pages/message'
import { showPage } from '#web/pages/shell'
import { startTask } from '#web/pages/tasks'
import type { DeliveryTest, Destination, FormField, ForwardingPort } from '#web/ports/forwarding'
import { destinationHref, span, waitingWords, wellness } from './words.ts'

export const TRAIL = [{ label: 'Forwarding', href: '/forwarding' }]

/** How the last test of a destination ended, for as long as the daemon runs. */
interface Tested extends DeliveryTest {
  readonly at: number
  readonly by: string
}

export function destinationRoutes(web: Web, forwarding: ForwardingPort, router: Router<WebState, NoExtras>): void {
  const tests = new Map<string, Tested>()

  router.get('/forwarding/:id', (ctx) => {
    const id = ctx.params.id ?? ''
    const one = forwarding.destination(id)
    if (!one) return showNoDestination(web, ctx)
    const live = liveView(web, forwarding, one, tests.get(id))
    ctx.vary('HX-Request')
    if (ctx.get('HX-Request') !== '') {
      ctx.type = 'html'
      ctx.body = web.views.render('destination-live', live)
      return
    }
    showPage(web, ctx, {
      view: 'destination',
      title: one.name,
      section: 'forwarding',
      events: eventsUrl(['trouble', 'forwarding-pulse']),
      data: {
        ...live,
        head: { title: one.name, trail: TRAIL, live: true, actions: actionsOf(one, web.forms.token(ctx)) },
        pulse: renderKey(web.fragments, 'forwarding-pulse'),
      },
    })
  })

  /** It may take ten seconds: then it shows that it is at work. */
  router.post('/forwarding/:id/test', async (ctx) => {
    const id = ctx.params.id ?? ''
    const one = forwarding.destination(id)
    if (!one) return showNoDestination(web, ctx)
    const [href, by] = [destinationHref(id), actorOf(ctx)]
    await startTask(web, ctx, {
      title: `Testing ${one.name}`,
      back: href,
      run: async () => {
        const gone = { ok: false, sentence: 'It was removed meanwhile.' }
        const outcome = (await forwarding.test(id, by)) ?? gone
        for (const known of tests.keys()) if (!forwarding.destination(known)) tests.delete(known)
        tests.set(id, { ...outcome, at: web.port.now(), by })
        return { sentence: outcome.sentence, href: `${href}#test` }
      },
    })
  })

  router.post('/forwarding/:id/resend', async (ctx) => {
    const id = ctx.params.id ?? ''
    const queued = await forwarding.resend(id, actorOf(ctx))
    if (queued === undefined) return showNoDestination(web, ctx)
    const words = `${count(queued)} active ${queued === 1 ? 'alarm is' : 'alarms are'} sent once more.`
    goOn(web, ctx, destinationHref(id), words)
  })
  router.post('/forwarding/:id/pause', async (ctx) => {
    const id = ctx.params.id ?? ''
    if (!(await forwarding.pause(id, actorOf(ctx)))) return showNoDestination(web, ctx)
    goOn(web, ctx, destinationHref(id), 'It is paused: alarms are kept for it until it goes on.')
  })
  router.post('/forwarding/:id/continue', async (ctx) => {
    const id = ctx.params.id ?? ''
    if (!(await forwarding.proceed(id, actorOf(ctx)))) return showNoDestination(web, ctx)
    goOn(web, ctx, destinationHref(id), 'It goes on with what waits.')
  })

  router.get('/forwarding/:id/remove', (ctx) => {
    const one = forwarding.destination(ctx.params.id ?? '')
    if (!one) return showNoDestination(web, ctx)
    const lost = one.waiting > 0 ? `${waitingWords(one.waiting)} for it and would be lost. ` : ''
    showQuestion(web, ctx, {
      section: 'forwarding',
      title: `Remove ${one.name}?`,
      sentence: `${lost}It gets no more alarms. Its secrets are deleted, so this cannot be undone.`,
      touches: [one.target],
      act: 'Remove destination',
      cancel: destinationHref(one.id),
      trail: TRAIL,
    })
  })
  router.post('/forwarding/:id/remove', async (ctx) => {
    const id = ctx.params.id ?? ''
    const end = await forwarding.remove(id, actorOf(ctx))
    tests.delete(id)
    if (end === 'removed') return goOn(web, ctx, '/forwarding', 'The destination was removed.')
    const fixed = 'It stands in the configuration file and can only be removed there.'
    goOn(web, ctx, '/forwarding', end === 'fixed' ? fixed : 'There was no such destination any more.', 'warn')
  })
}

export function showNoDestination(web: Web, ctx: WebContext): void {
  const sentence = 'It was removed, or it never was.'
  showMessage(web, ctx, 404, { title: 'No such destination', section: 'forwarding', sentence })
}

function actionsOf(one: Destination, csrf: string): Action[] {
  const href = destinationHref(one.id)
  const change: Action[] = [
    { label: 'Edit', href: `${href}/edit` },
    { label: 'Remove …', href: `${href}/remove` },
  ]
  return [
    { label: 'Send a test', href: `${href}/test`, csrf, look: 'primary' },
    { label: 'Resend active alarms', href: `${href}/resend`, csrf },
    one.state === 'paused'
      ? { label: 'Continue', href: `${href}/continue`, csrf }
      : { label: 'Pause', href: `${href}/pause`, csrf },
    ...(one.origin === 'config' ? [] : change),
  ]
}

function liveView(web: Web, forwarding: ForwardingPort, one: Destination, tested: Tested | undefined): object {
  const { time, port } = web
  const now = port.now()
  const kind = forwarding.kinds().find(({ kind }) => kind === one.kind)
  return {
    ...{ self: destinationHref(one.id), ...wellness(one) },
    tested: tested && { ...tested, moment: time.moment(tested.at, now) },
    fixed: one.origin === 'config',
    facts: [
      { label: 'Goes to', cell: { text: one.target, mono: true } },
      { label: 'Kind', cell: kind?.label ?? one.kind },
      { label: 'Last delivery', cell: { moment: time.moment(one.lastDeliveredAt, now) } },
      { label: 'Last failure', cell: { moment: time.moment(one.lastErrorAt, now) } },
      ...(one.lastError && one.state !== 'failing' ? [{ label: 'It was', cell: one.lastError }] : []),
      {
        label: 'Waiting',
        cell: one.waiting === 0 ? 'Nothing' : `${count(one.waiting)}, the oldest for ${span(one.lag)}`,
      },
      { label: 'Delivered since the start', cell: count(one.delivered) },
      { label: 'Failed tries since the start', cell: count(one.failed) },
      { label: 'Given up since the start', cell: count(one.dropped) },
    ],
    groups: groupsOf(kind?.fields ?? [], one),
  }
}

/** The settings in the groups of the form; what is not in use is left out. */
function groupsOf(fields: readonly FormField[], one: Destination): { name: string; facts: Fact[] }[] {
  const groups = new Map<string, Fact[]>()
  for (const field of fields) {
    const { name, label, group, when } = field
    if (when && !when.values.includes(one.values[when.field] ?? '')) continue
    const facts = groups.get(group) ?? []
    groups.set(group, [
      ...facts,
      { label, cell: settingCell(field, one.values[name] ?? '', one.secretsSet.includes(name)) },
    ])
  }
  const used = [...groups].filter(([, facts]) => facts.some(({ cell }) => cell !== ''))
  return used.map(([name, facts]) => ({ name, facts }))
}

function settingCell({ type, options }: FormField, value: string, isSet: boolean): Fact['cell'] {
  if (type === 'secret') return isSet ? 'Set, and never shown' : ''
  if (type === 'check') return value === 'true' ? 'Yes' : 'No'
  if (type === 'list') return value === '' ? '' : { lines: value.split('\n') }
  return options?.find((option) => option.value === value)?.label ?? value
}
