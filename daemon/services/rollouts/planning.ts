// SPDX-License-Identifier: Apache-2.0
import { choiceKey } from '#daemon/domain/firmware'
import { BATCH, DELAY } from '#daemon/domain/job'
import { problemOfWindow } from '#daemon/domain/job-order'
import type { Phone } from '#daemon/domain/phone'
import { type Candidate, type Plan, planned, problemOfShares } from '#daemon/domain/rollout/plan'
import {
  type Baseline,
  type ImageChoice,
  LIMITS,
  type Limits,
  type Member,
  MOST_STAGES,
  type RolloutModel,
} from '#daemon/domain/rollout/rollout'
import { SYSTEM } from '#daemon/domain/scope'
import { phones } from '#daemon/store/tables'
import type { RolloutDraft, RolloutPlan } from '#web/ports/rollouts'
import type { FieldError } from '#web/ports/saved'
import type { Around } from './around.ts'
import { isGrave } from './seeing.ts'

const MOST_IMAGES = 20

/** A plan with who is in which stage. */
export interface Planned {
  readonly shown: RolloutPlan
  readonly plan: Plan
  readonly members: readonly Omit<Member, 'rollout'>[]
}

/** What a draft would do to the fleet as it is now, or the first thing wrong with it. `seed` decides who is first. */
export function planRollout(around: Around, draft: RolloutDraft, seed: string): Planned | FieldError {
  const problem = problemOf(draft)
  if (problem) return problem
  const tree = around.scopes.tree()
  const scope = tree.get(draft.where)
  if (!scope) return { field: 'where', message: 'This region is not there any more.' }
  const models = modelsOf(around, draft)
  if ('field' in models) return models
  const found = gather(around, draft.where, models)
  if (found.phones.length === 0) {
    const why = found.already > 0 ? `All ${found.already} of them run it already.` : 'There is no such phone here.'
    return { field: 'images', message: `No phone would get it. ${why}` }
  }
  const candidates = found.phones.map(({ candidate }) => candidate)
  const plan = planned(candidates, draft.shares, seed)
  const members = found.phones.map(({ candidate, phone }) => {
    const { mac, model, site, registered, present } = candidate
    const before = { firmware: phone.firmware, registered, present }
    return { mac, model, site, stage: plan.stageOf.get(mac) ?? 0, before, starts: 0, losses: 0, excused: false }
  })
  const hasCanary = plan.stages[0]?.name === 'Canary'
  const shown: RolloutPlan = {
    ...{ models, place: tree.pathText(scope.id) || SYSTEM.name, stages: plan.stages, size: members.length },
    canaries: hasCanary
      ? members.filter(({ stage }) => stage === 0).map(({ mac, model, site }) => ({ mac, model, site }))
      : [],
    ...{ withoutCanary: plan.withoutCanary, already: found.already, chosenNearer: found.nearer },
    baseline: found.baseline,
  }
  return { shown, plan, members }
}

function problemOf({ images, shares, limits, batch, delaySeconds, window }: RolloutDraft): FieldError | undefined {
  if (images.length === 0) return { field: 'images', message: 'Choose an image.' }
  if (images.length > MOST_IMAGES) return { field: 'images', message: `At most ${MOST_IMAGES} images go together.` }
  const wrong = problemOfShares(shares, MOST_STAGES)
  if (wrong) return { field: 'shares', message: wrong }
  for (const field of Object.keys(LIMITS) as (keyof Limits)[]) {
    const { least, most } = LIMITS[field]
    const value = limits[field]
    if (!(value >= least && value <= most)) return { field, message: `This must be from ${least} to ${most}.` }
  }
  if (!(Number.isInteger(batch) && batch >= BATCH.least && batch <= BATCH.most)) {
    return { field: 'batch', message: `This must be a whole number from ${BATCH.least} to ${BATCH.most}.` }
  }
  if (!(delaySeconds >= DELAY.least && delaySeconds <= DELAY.most)) {
    return { field: 'delay', message: `This must be from ${DELAY.least} to ${DELAY.most} seconds.` }
  }
  const outside = window && problemOfWindow(window)
  return outside ? { field: 'window', message: outside } : undefined
}

function modelsOf({ shelf, scopes }: Around, { images, where }: RolloutDraft): RolloutModel[] | FieldError {
  const models = new Map<string, RolloutModel>()
  for (const id of images) {
    const image = shelf.get(id)
    if (!image) return { field: 'images', message: 'This image is not there any more.' }
    if (image.version === '') {
      return {
        field: 'images',
        message: `It is not known which version ${image.fileName} is: no phone could prove it.`,
      }
    }
    for (const model of image.models) {
      if (models.has(model)) return { field: 'images', message: `Two of these images are for ${model}.` }
      const chosen = chosenAt(shelf, scopes, model, where)
      if (chosen?.id === id) {
        return { field: 'images', message: `${image.version} is what ${model} gets there already.` }
      }
      models.set(model, { model, from: chosen, to: { id, version: image.version } })
    }
  }
  return [...models.values()]
}

/** The image that is chosen for a place: its own, or the nearest above it. */
export function chosenAt(
  shelf: Around['shelf'],
  scopes: Around['scopes'],
  model: string,
  where: string,
): ImageChoice | undefined {
  const index = shelf.choices()
  for (const { id } of scopes.tree().path(where).toReversed()) {
    const choice = index.get(choiceKey(model, id))
    const image = choice && shelf.get(choice.image)
    if (image) return { id: image.id, version: image.version }
  }
  return undefined
}

interface Gathered {
  readonly phones: readonly { readonly candidate: Candidate; readonly phone: Phone }[]
  readonly already: number
  readonly nearer: number
  readonly baseline: Baseline
}

function gather(around: Around, where: string, models: readonly RolloutModel[]): Gathered {
  const { store, scopes, shelf, alarms, heard, now, siteOf } = around
  const tree = scopes.tree()
  const index = shelf.choices()
  const at = now()
  const found: { candidate: Candidate; phone: Phone }[] = []
  const count = { already: 0, nearer: 0, phones: 0, reporting: 0, present: 0, unregistered: 0, alarmed: 0 }
  for (const { value: phone } of store.entries(phones)) {
    const { mac, model } = phone
    const wanted = models.find((one) => one.model === model)
    if (!wanted || phone.approval !== 'approved') continue
    const path = tree.path(scopes.placementOf(phone).scope.id).map(({ id }) => id)
    const depth = path.indexOf(where)
    if (depth === -1) continue
    const isPresent = phone.status !== 'silent' && at - heard.heardAt(phone) <= heard.silenceLimit
    const registered = isPresent && phone.status === 'registered'
    count.phones++
    if (phone.status !== 'silent') count.reporting++
    if (isPresent) count.present++
    if (isPresent && !registered) count.unregistered++
    if (alarms.of(mac).some(isGrave)) count.alarmed++
    const isNearer = [...path.slice(depth + 1), mac].some((place) => index.has(choiceKey(model, place)))
    if (isNearer) count.nearer++
    else if (phone.firmware.toUpperCase() === wanted.to.version.toUpperCase()) count.already++
    else {
      const site = siteOf(phone)
      found.push({ candidate: { mac, model, site: tree.pathText(site), registered, present: isPresent }, phone })
    }
  }
  const share = (part: number, whole: number) => (whole === 0 ? 0 : part / whole)
  const baseline: Baseline = {
    phones: count.phones,
    unregistered: share(count.unregistered, count.present),
    silent: share(count.reporting - count.present, count.reporting),
    alarmed: share(count.alarmed, count.phones),
  }
  return { phones: found, already: count.already, nearer: count.nearer, baseline }
}
