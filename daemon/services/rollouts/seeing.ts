// SPDX-License-Identifier: Apache-2.0
import type { Alarm } from '#daemon/domain/alarm'
import { commandId } from '#daemon/domain/job'
import { type Judgement, judge, type Seen, type Told } from '#daemon/domain/rollout/judge'
import { type Member, modelOf, type Rollout } from '#daemon/domain/rollout/rollout'
import { LOOP } from '#daemon/services/watch/boot-watch'
import { phones } from '#daemon/store/tables'
import type { Mac } from '#protocols/lib/mac'
import type { Around } from './around.ts'

/** Alarms that count against new firmware. */
export function isGrave({ severity }: Alarm): boolean {
  return severity === 'major' || severity === 'critical'
}

/** The job that tells the phones of a stage; and the one that sends them back. */
export function stageJob(rollout: string, stage: number): string {
  return `${rollout}-s${stage}`
}

export function returnJob(rollout: string): string {
  return `${rollout}-back`
}

/** What a phone that was reached says about the new firmware, as all we know of it tells. */
export function judgementOf(around: Around, rollout: Rollout, member: Member): Judgement {
  const wanted = modelOf(rollout, member.model)?.to.version ?? ''
  return judge(member, seenOf(around, member), wanted, rollout.limits, around.now())
}

function seenOf(around: Around, { rollout, stage, mac }: Member): Seen {
  const { store, heard, alarms, now } = around
  const told = toldOf(around, stageJob(rollout, stage), mac)
  const phone = store.get(phones, mac)?.value
  if (!phone) {
    const gone = { state: 'skipped', at: now(), reason: 'the phone was deleted' } as const
    return { firmware: '', registered: false, heardAt: 0, silent: true, alarms: 0, told: gone }
  }
  const heardAt = heard.heardAt(phone)
  return {
    ...{ firmware: phone.firmware, registered: phone.status === 'registered', heardAt, told },
    heldBack: alarms.of(mac).some(({ name }) => name === LOOP),
    silent: now() - heardAt > heard.silenceLimit,
    alarms: told ? alarms.of(mac).filter((alarm) => isGrave(alarm) && alarm.raisedAt >= told.at).length : 0,
  }
}

/** Told is who took its command, and not whose command still waits for a way to it. */
function toldOf({ jobs, commandsOf }: Around, job: string, mac: Mac): Told | undefined {
  const target = jobs.targetOf(job, mac)
  if (!target) return undefined
  const { state, reason } = target
  if (state !== 'sent') return { state, at: target.toldAt ?? target.at, reason }
  const command = commandsOf(mac).find(({ id }) => id === commandId(job, target.tries))
  if (command?.state === 'waiting')
    return { state: 'waiting', at: target.at, reason: 'it waits for a way to the phone' }
  const taken = command?.attempts.findLast(({ outcome }) => outcome === 'accepted')
  return { state, at: taken?.at ?? target.toldAt ?? target.at, reason }
}
