// SPDX-License-Identifier: Apache-2.0
import type Router from '@koa/router'
import { safeReturnPath } from '#web/auth/return-path'
import { actorOf, formField, type NoExtras, type Web, type WebContext, type WebState } from '#web/context'
import { count } from '#web/format'
import { showQuestion } from '#web/kit/confirm'
import { goOn } from '#web/kit/flash'
import { readForm, type Section } from '#web/kit/form'
import type { Tone } from '#web/pages/presence'
import type { AlarmOutcome, AlarmsPort } from '#web/ports/alarms'
import { ACKNOWLEDGE, COMMENT, showAlarmAgain, showNoAlarm } from './alarm.ts'
import { sourceText } from './places.ts'
import { standsFor } from './rows.ts'
import { alarmHref } from './words.ts'

export function alarmActionRoutes(web: Web, alarms: AlarmsPort, router: Router<WebState, NoExtras>): void {
  const text = (
    name: string,
    field: 'note' | 'text',
    sections: readonly Section[],
    done: string,
    run: (id: string, who: string, text: string) => Promise<AlarmOutcome>,
  ) => {
    router.post(`/alarms/:id/${name}`, async (ctx) => {
      const id = ctx.params.id ?? ''
      const { values, errors } = readForm(ctx, sections)
      const [fault] = errors
      const typed = values[field] ?? ''
      if (fault) return showAlarmAgain(web, ctx, alarms, id, { form: field, typed, message: fault.message })
      finish(web, ctx, id, await run(id, actorOf(ctx), typed), done)
    })
  }
  text('acknowledge', 'note', ACKNOWLEDGE, 'Acknowledged.', (...given) => alarms.acknowledge(...given))
  text('comment', 'text', COMMENT, 'The comment was added.', (...given) => alarms.comment(...given))

  router.post('/alarms/:id/unacknowledge', async (ctx) => {
    const id = ctx.params.id ?? ''
    finish(web, ctx, id, await alarms.unacknowledge(id, actorOf(ctx)), 'The acknowledgement was withdrawn.')
  })

  router.get('/alarms/:id/clear', (ctx) => {
    const alarm = alarms.get(ctx.params.id ?? '')
    if (!alarm) return showNoAlarm(web, ctx)
    const parts = alarms.list({ text: '', severities: [], parent: alarm.id, page: 1, pageSize: 1 }).total
    showQuestion(web, ctx, {
      section: 'alarms',
      title: `Clear ${alarm.name}?`,
      sentence:
        'Destinations are told that it is over. If its cause goes on, it is raised again. It stays in the history.',
      touches: [
        `${sourceText(alarm.source, alarms)}: ${alarm.description}`,
        ...(alarm.blast === undefined
          ? []
          : [`Stands for ${standsFor(alarm)}; ${count(parts)} parts are cleared with it.`]),
      ],
      act: 'Clear alarm',
      cancel: alarmHref(alarm.id),
      trail: [{ label: 'Alarms', href: '/alarms' }],
    })
  })
  router.post('/alarms/:id/clear', async (ctx) => {
    const id = ctx.params.id ?? ''
    const outcome = await alarms.clear(id, actorOf(ctx))
    if (outcome.kind !== 'done') return finish(web, ctx, id, outcome, '')
    goOn(web, ctx, '/alarms', `“${outcome.alarm.name}” was cleared.`)
  })
}

/** Back to where the form stood, or to the alarm; with what came of it. */
function finish(web: Web, ctx: WebContext, id: string, outcome: AlarmOutcome, done: string): void {
  const given = formField(ctx, 'back')
  const back = given === '' ? alarmHref(id) : safeReturnPath(given)
  goOn(web, ctx, back, ...endWords(outcome, done))
}

const GONE = 'Nothing was changed: the alarm is no longer active. It was cleared meanwhile.'

function endWords(outcome: AlarmOutcome, done: string): [string, Tone] {
  if (outcome.kind === 'done') return [done, 'ok']
  return outcome.kind === 'refused' ? [outcome.reason, 'bad'] : [GONE, 'warn']
}
