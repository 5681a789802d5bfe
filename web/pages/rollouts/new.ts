// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import { BATCH, DELAY } from '#daemon/domain/job'
import { minuteOfDay } from '#daemon/domain/job-order'
import { LIMITS, SHARES } from '#daemon/domain/rollout/rollout'
import { actorOf, formField, type NoExtras, type Web, type WebContext, type WebState } from '#web/context'
import { count } from '#web/format'
import { goOn } from '#web/kit/flash'
import { type Field, form, readForm, type Section, type Values } from '#web/kit/form'
import { showPage } from '#web/pages/shell'
import type { RolloutDraft, RolloutPlan, RolloutsPort } from '#web/ports/rollouts'
import type { FieldError } from '#web/ports/saved'
import { HOME, modelsText } from './words.ts'

const MOST_CANARIES = 20
/** Images that one form can choose, each for models of its own. */
const IMAGE_FIELDS = ['image', 'image2', 'image3'] as const

const USUAL: Values = {
  ...{ where: 'system', shares: SHARES.join(', '), restart: '1', batch: '20', delay: '30' },
  ...Object.fromEntries(Object.entries(LIMITS).map(([name, { usual }]) => [name, String(usual)])),
}

/** Choosing an image, a place and stages; then who gets it when; then the rollout. */
export function rolloutNewRoutes(web: Web, rollouts: RolloutsPort): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>({ prefix: `${HOME}/new` })
  router.get('/', (ctx) => show(web, ctx, rollouts, { values: USUAL, errors: [] }))
  router.post('/', async (ctx) => {
    const { values, errors } = readForm(ctx, sectionsOf(web, rollouts))
    const refuse = (wrong: readonly FieldError[]) => {
      ctx.status = 422
      show(web, ctx, rollouts, { values, errors: wrong.map(renamed) })
    }
    if (errors.length > 0) return refuse(errors)
    const seed = formField(ctx, 'seed').slice(0, 32) || Buffer.from(web.random(9)).toString('hex')
    const draft = draftOf(values, seed)
    if ('field' in draft) return refuse([draft])
    const plan = rollouts.plan(draft)
    if (plan.kind !== 'saved') return refuse(plan.kind === 'refused' ? plan.errors : [])
    // What was shown must be what is done: another number of phones is shown again.
    if (formField(ctx, 'seen') !== String(plan.value.size))
      return preview(web, ctx, { ...values, seed }, draft, plan.value)
    const saved = await rollouts.begin(draft, actorOf(ctx))
    if (saved.kind === 'saved') return goOn(web, ctx, `${HOME}/${saved.value.id}`, 'The rollout has begun.')
    refuse(saved.kind === 'refused' ? saved.errors : [])
  })
  return router
}

function sectionsOf({ port }: Web, rollouts: RolloutsPort): readonly Section[] {
  const images = rollouts.images().map(({ id, version, models, fileName }) => {
    return { value: id, label: `${version} for ${models.join(', ')} (${fileName.slice(0, 60)})` }
  })
  const scopes = port.scopes?.tree()
  const places = (scopes?.below() ?? [])
    .map(({ id }) => ({ value: id, label: scopes?.pathText(id) ?? id }))
    .sort((a, b) => a.label.localeCompare(b.label))
  const limit = (name: keyof typeof LIMITS, label: string, hint: string): Field => {
    const { least, most } = LIMITS[name]
    return { name, label, kind: 'number', required: true, min: least, max: most, hint }
  }
  return [
    {
      legend: 'What, and where',
      fields: [
        {
          ...{ name: 'image', label: 'Image', kind: 'select', required: true },
          options: [{ value: '', label: images.length === 0 ? 'Upload an image first' : 'Choose one' }, ...images],
        },
        {
          ...{ name: 'where', label: 'Where', kind: 'select', required: true },
          options: [{ value: 'system', label: 'Everywhere' }, ...places],
          hint: 'All phones of its models there, but for those with a nearer choice of their own.',
        },
        {
          ...{ name: 'restart', label: 'Phones restart, and update their configuration on the way', kind: 'check' },
          hint: 'Without it they are asked to look for a new image, which not every firmware understands.',
        },
      ],
    },
    {
      legend: 'More models in the same rollout',
      folded: true,
      fields: IMAGE_FIELDS.slice(1).map((name, i) => ({
        ...{ name, label: `Image ${i + 2}`, kind: 'select' as const },
        options: [{ value: '', label: 'None' }, ...images],
      })),
    },
    {
      legend: 'Stages',
      hint: 'First one registered phone of each model at each site, the canary. Then so many percent of all phones.',
      fields: [
        { name: 'shares', label: 'Percent of all phones, stage by stage', required: true, maxLength: 80 },
        limit('soakMinutes', 'Watch each stage for minutes', 'At least; longer until everybody is back.'),
        limit(
          'patienceMinutes',
          'A phone is back after minutes',
          'With the new version, and registered if it was before.',
        ),
        limit(
          'tolerancePercent',
          'Percent more in trouble than before the start',
          'How many phones are in trouble anyway is measured before the start. More than that and this halts it.',
        ),
      ],
    },
    {
      legend: 'How fast within a stage',
      fields: [
        { name: 'batch', label: 'Phones at once', kind: 'number', required: true, min: BATCH.least, max: BATCH.most },
        {
          ...{ name: 'delay', label: 'Seconds between batches', kind: 'number', required: true },
          ...{ min: DELAY.least, max: DELAY.most },
        },
        {
          ...{ name: 'from', label: 'Only between', maxLength: 5, placeholder: '22:00' },
          hint: 'A quiet time of day, by the clock where each phone is. Empty: at any time.',
        },
        { name: 'to', label: 'and', maxLength: 5, placeholder: '05:30' },
      ],
    },
  ]
}

function draftOf(values: Values, seed: string): RolloutDraft | FieldError {
  const number = (name: string) => Number(values[name])
  const { from = '', to = '', where = '', shares = '' } = values
  const [first, last] = [minuteOfDay(from), minuteOfDay(to)]
  const message = 'Give a time of day such as 22:00.'
  if (from + to !== '' && first === undefined) return { field: 'from', message }
  if (from + to !== '' && last === undefined) return { field: 'to', message }
  return {
    images: IMAGE_FIELDS.map((name) => values[name] ?? '').filter((id) => id !== ''),
    ...{
      where,
      seed,
      shares: shares
        .split(/[\s,;%]+/)
        .filter((one) => one !== '')
        .map(Number),
    },
    limits: {
      ...{ soakMinutes: number('soakMinutes'), patienceMinutes: number('patienceMinutes') },
      tolerancePercent: number('tolerancePercent'),
    },
    ...{ batch: number('batch'), delaySeconds: number('delay'), restart: values.restart === '1' },
    ...(first !== undefined && last !== undefined && { window: { from: first, to: last } }),
  }
}

/** What the form calls otherwise than the port does. */
function renamed({ field, message }: FieldError): FieldError {
  const names: Readonly<Record<string, string>> = { images: 'image', window: 'from' }
  return { field: names[field] ?? field, message }
}

function show(
  web: Web,
  ctx: WebContext,
  rollouts: RolloutsPort,
  filled: { readonly values: Values; readonly errors: readonly FieldError[] },
): void {
  showPage(web, ctx, {
    ...{ view: 'command', title: 'New rollout', section: 'rollouts' },
    data: {
      head: {
        title: 'New rollout',
        lead: 'Next you see which phones get it when, before anything happens.',
        trail: [{ label: 'Rollouts', href: HOME }],
      },
      form: form(web, ctx, {
        ...{ ...filled, action: `${HOME}/new`, sections: sectionsOf(web, rollouts) },
        ...{ submit: 'See who gets it when', cancel: HOME },
      }),
    },
  })
}

function preview(web: Web, ctx: WebContext, values: Values, { limits }: RolloutDraft, plan: RolloutPlan): void {
  const { models, place, stages, size, canaries, withoutCanary, already, chosenNearer, baseline } = plan
  const phones = (n: number) => `${count(n)} ${n === 1 ? 'phone' : 'phones'}`
  const percent = (share: number) => `${Math.round(share * 1000) / 10} %`
  const named = canaries.slice(0, MOST_CANARIES).map(({ mac, model, site }) => {
    const user = web.port.fleet.device(mac)?.phone.displayName ?? ''
    return `Canary: ${[user, model, mac].filter(Boolean).join(', ')}${site === '' ? '' : ` at ${site}`}`
  })
  if (canaries.length > named.length) named.push(`and ${count(canaries.length - named.length)} more canaries`)
  const lines = [
    ...stages.map(({ name, size: adds }) => `Stage ${name}: ${phones(adds)}`),
    ...named,
    ...withoutCanary.map(
      ({ model, site }) => `No canary of ${model} at ${site || 'no known place'}: none is registered there.`,
    ),
    ...(already > 0 ? [`${phones(already)} run it already.`] : []),
    ...(chosenNearer > 0 ? [`${phones(chosenNearer)} have a nearer choice of their own, and are left out.`] : []),
    ...models.filter(({ from }) => !from).map(({ model }) => `${model} has no image now: there is none to go back to.`),
    `Before the start: ${percent(baseline.unregistered)} not registered, ${percent(baseline.silent)} silent, ${percent(baseline.alarmed)} with grave alarms.`,
  ]
  showPage(web, ctx, {
    ...{ view: 'kit/confirm', title: 'Begin this rollout?', section: 'rollouts' },
    data: {
      head: {
        title: `${modelsText(models)} on ${phones(size)} in ${place}?`,
        trail: [{ label: 'Rollouts', href: HOME }],
      },
      sentence: `Each stage is watched for at least ${count(limits.soakMinutes)} minutes. All phones outside the reached stage stay on their old image. It halts by itself when more than ${limits.tolerancePercent} % more phones than before are in trouble.`,
      touches: lines,
      form: form(web, ctx, {
        ...{ action: `${HOME}/new`, sections: [], submit: 'Begin', look: 'danger', cancel: HOME },
        hidden: { ...values, restart: values.restart === '1' ? '1' : '', seen: String(size) },
      }),
    },
  })
}
