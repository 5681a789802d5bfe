// SPDX-License-Identifier: Apache-2.0
import { PROBABLE_CAUSE } from '#daemon/domain/alarm'
import { choiceKey } from '#daemon/domain/firmware'
import { countVerdicts, type Judgement } from '#daemon/domain/rollout/judge'
import {
  isReached,
  type Member,
  modelOf,
  type Rollout,
  sameVersion,
  withDecision,
} from '#daemon/domain/rollout/rollout'
import { looked, returned } from '#daemon/domain/rollout/steps'
import { Conflict, put } from '#daemon/store/store'
import { phones, rolloutMembers, rollouts as table } from '#daemon/store/tables'
import type { Mac } from '#protocols/lib/mac'
import type { Actor } from '#web/ports/scopes'
import type { Around } from './around.ts'
import { type Members, memberKey } from './members.ts'
import { returnJob, stageJob } from './seeing.ts'

const HALTED = 'ROLLOUT HALTED'
/** Phones that are away are told when they come back, for so long. */
const EXPIRY_HOURS = 168
const RETRIES = 1
const BY = 'rollout'

/**
 * Makes the world as a rollout's record says: its jobs, what is chosen, and its alarm. All of it can be done again, so
 * a crash between the record and the rest is made good by the next look.
 */
export class Driver {
  readonly #around: Around
  readonly #members: Members

  constructor(around: Around, members: Members) {
    this.#around = around
    this.#members = members
  }

  async enforce(rollout: Rollout, judge: (member: Member) => Judgement): Promise<void> {
    switch (rollout.state) {
      case 'running':
        return this.#run(rollout, judge)
      case 'halted':
        return this.#hold(rollout)
      case 'returning':
        return this.#return(rollout)
      default:
        return this.#end(rollout)
    }
  }

  /** The rollout as it is after a change; undefined when there was none to make. */
  async change(id: string, by: Actor, change: (rollout: Rollout) => Rollout | undefined): Promise<Rollout | undefined> {
    const { store, announce } = this.#around
    for (;;) {
      const stored = store.get(table, id)
      const after = stored && change(stored.value)
      if (!after || after === stored.value) return undefined
      try {
        await store.commit([put(table, id, after, stored.revision)], { durable: true })
      } catch (error) {
        if (error instanceof Conflict) continue
        throw error
      }
      const { state, stage, stages, reason } = after
      if (state !== stored.value.state || stage !== stored.value.stage) {
        const name = stages[stage]?.name ?? ''
        announce('rollout.changed', { rollout: id, state, stage: name, by, ...(reason && { reason }) })
      }
      return after
    }
  }

  async edit(id: string, mac: Mac, edit: (member: Member) => Member): Promise<void> {
    const { store } = this.#around
    for (;;) {
      const stored = store.get(rolloutMembers, memberKey(id, mac))
      if (!stored) return
      try {
        await store.commit([put(rolloutMembers, stored.key, edit(stored.value), stored.revision)], { durable: false })
        return
      } catch (error) {
        if (!(error instanceof Conflict)) throw error
      }
    }
  }

  async #run(rollout: Rollout, judge: (member: Member) => Judgement): Promise<void> {
    const { jobs, now } = this.#around
    await this.#around.alarms.clear(HALTED, sourceOf(rollout))
    const id = stageJob(rollout.id, rollout.stage)
    if (!rollout.begun) return this.#beginStage(rollout, id)
    const job = jobs.get(id)?.job
    if (job?.state === 'cancelled') {
      const text = 'the job that tells this stage was cancelled'
      const halted = await this.change(rollout.id, BY, (before) =>
        before.state === 'running'
          ? withDecision({ ...before, state: 'halted', reason: text }, now(), `Halted: ${text}.`)
          : undefined,
      )
      if (halted) await this.#hold(halted)
      return
    }
    const reached = [...this.#members.of(rollout.id)].filter((member) => isReached(rollout, member))
    const verdicts = countVerdicts(reached.map(judge))
    if (looked(rollout, verdicts, now()).state === 'done') await this.#chooseAll(rollout, 'to')
    const after = await this.change(rollout.id, BY, (before) => looked(before, verdicts, now()))
    if (after) await this.enforce(after, judge)
  }

  /** The job first, then the note that it was begun: its id keeps a crash in between from making another one. */
  async #beginStage(rollout: Rollout, id: string): Promise<void> {
    const { stage } = rollout
    const macs = [...this.#members.of(rollout.id)].filter((member) => member.stage === stage).map(({ mac }) => mac)
    if (!(await this.#beginJob(rollout, id, macs))) return
    await this.change(rollout.id, BY, (before) =>
      before.state === 'running' && before.stage === stage ? { ...before, begun: true } : undefined,
    )
  }

  /** False while there is no room for another job: the next look tries again. */
  async #beginJob({ batch, delay, restart, window }: Rollout, id: string, macs: readonly Mac[]): Promise<boolean> {
    const { jobs, store } = this.#around
    if (!macs.some((mac) => store.get(phones, mac))) return true
    const begun = await jobs.beginAs(
      id,
      {
        ...{ kind: 'update firmware', text: '', macs, batch, delaySeconds: delay / 1000, retries: RETRIES },
        ...{ startAt: 0, expiryHours: EXPIRY_HOURS, restart, ...(window && { window }) },
      },
      BY,
    )
    return begun.kind === 'saved'
  }

  async #hold(rollout: Rollout): Promise<void> {
    const { jobs, alarms } = this.#around
    await jobs.pause(stageJob(rollout.id, rollout.stage), BY)
    await this.#chooseAll(rollout, 'from')
    if (alarms.get(`${HALTED}@${sourceOf(rollout)}`)) return
    const models = rollout.models.map(({ model, to }) => `${model} to ${to.version}`).join(', ')
    const canReturn = rollout.models.some(({ from }) => from !== undefined)
    await alarms.raise({
      ...{ name: HALTED, source: sourceOf(rollout), severity: 'major', eventType: 'processingError' },
      probableCause: PROBABLE_CAUSE.softwareError,
      description: `The firmware rollout of ${models} was halted: ${rollout.reason}.`,
      remedy: canReturn
        ? 'Look at the phones in trouble on the rollout’s page. Then have those that were updated go back, or continue.'
        : 'Look at the phones in trouble on the rollout’s page. There was no image before, so there is none to go back to.',
      scope: rollout.where === 'system' ? '' : rollout.where,
    })
  }

  async #return(rollout: Rollout): Promise<void> {
    const { jobs, now, alarms } = this.#around
    await alarms.clear(HALTED, sourceOf(rollout))
    await jobs.cancel(stageJob(rollout.id, rollout.stage), BY)
    await this.#chooseAll(rollout, 'from')
    const id = returnJob(rollout.id)
    if (!rollout.begun) {
      const macs = this.#changed(rollout)
      if (macs.length > 0 && !(await this.#beginJob(rollout, id, macs))) return
      const text = macs.length === 0 ? 'No phone was changed: there is nobody to go back.' : ''
      await this.change(rollout.id, BY, (before) => {
        if (before.state !== 'returning') return undefined
        return text === '' ? { ...before, begun: true } : returned(before, now(), text)
      })
      return
    }
    const row = jobs.get(id)
    if (row && row.job.state !== 'done' && row.job.state !== 'cancelled') return
    const left = this.#changed(rollout).length
    const text = `${row?.progress.confirmed ?? 0} phones went back to the old image${left > 0 ? `, ${left} still run another one` : ''}.`
    await this.change(rollout.id, BY, (before) =>
      before.state === 'returning' ? returned(before, now(), text) : undefined,
    )
  }

  /** Its pins are gone with its end; nothing that tells phones may go on. */
  async #end(rollout: Rollout): Promise<void> {
    const { jobs, alarms, now } = this.#around
    if (now() - rollout.endedAt > LOOKED_AFTER) return
    await alarms.clear(HALTED, sourceOf(rollout))
    if (rollout.state === 'done') return
    await jobs.cancel(stageJob(rollout.id, rollout.stage), BY)
    await jobs.cancel(returnJob(rollout.id), BY)
  }

  /**
   * `to`: the new image becomes what is chosen. `from`: where somebody chose it ahead of the rollout, the old one is
   * chosen again.
   */
  async #chooseAll({ models, where }: Rollout, which: 'to' | 'from'): Promise<void> {
    const { shelf } = this.#around
    for (const { model, from, to } of models) {
      const now = shelf.choices().get(choiceKey(model, where))?.image ?? ''
      if (which === 'to' && now !== to.id) await shelf.choose({ model, where, image: to.id }, BY)
      if (which === 'from' && now === to.id) await shelf.choose({ model, where, image: from?.id ?? '' }, BY)
    }
  }

  /** Phones that were reached and run something else than before: the new image, or what they made of it. */
  #changed(rollout: Rollout): Mac[] {
    return [...this.#members.of(rollout.id)].flatMap((member) => {
      const { mac, model, before } = member
      const firmware = this.#around.store.get(phones, mac)?.value.firmware ?? ''
      const canReturn = modelOf(rollout, model)?.from !== undefined && isReached(rollout, member)
      return canReturn && firmware !== '' && !sameVersion(firmware, before.firmware) ? [mac] : []
    })
  }
}

/** What an ended rollout may have left open is closed for so long, in milliseconds; then nothing of it can be. */
const LOOKED_AFTER = 10 * 60_000

function sourceOf({ id }: Pick<Rollout, 'id'>): string {
  return `rollout/${id}`
}
