// SPDX-License-Identifier: Apache-2.0
import { type ChangeKind, type Job, jobActor } from '#daemon/domain/job'
import type { Phone } from '#daemon/domain/phone'
import { checkDevice } from '#daemon/domain/user'
import type { Vault } from '#daemon/services/vault'
import type { Store } from '#daemon/store/store'
import { phones } from '#daemon/store/tables'
import type { Mac } from '#protocols/lib/mac'
import type { ApprovalsPort } from '#web/ports/approvals'
import type { DevicesPort } from '#web/ports/devices'
import type { JobDraft } from '#web/ports/jobs'
import type { FieldError, Saved } from '#web/ports/saved'
import type { Actor, ScopesPort } from '#web/ports/scopes'
import type { UsersPort } from '#web/ports/users'
import { chooseTemplateFor } from './own-template.ts'

/** What became of one phone. */
export interface Changed {
  readonly state: 'confirmed' | 'failed' | 'skipped'
  readonly reason: string
}

export interface ChangesOptions {
  readonly store: Store
  readonly vault: Vault
  readonly random: (bytes: number) => Uint8Array
  readonly scopes: Pick<ScopesPort, 'tree'>
  readonly users: Pick<UsersPort, 'get' | 'assign' | 'place'> & Passwords
  readonly approvals: Pick<ApprovalsPort, 'approve' | 'reject'>
  readonly devices: DevicesPort
  readonly hasTemplate: (id: string) => boolean
}

interface Passwords {
  /** `conflict`: there is no such user. */
  setPassword(name: string, password: string, by: Actor): Promise<Saved<unknown>>
}

const DONE: Changed = { state: 'confirmed', reason: '' }
const SHORTEST_PASSWORD = 8
/** 16 characters with 5 bits each, without those that look alike. */
const PASSWORD_BYTES = 16
const PASSWORD_ALPHABET = 'abcdefghjkmnpqrstuvwxyz23456789A'

/** The actions of jobs that phones need not be told: each may be done twice, and is then done once. */
export class Changes {
  readonly #options: ChangesOptions

  constructor(options: ChangesOptions) {
    this.#options = options
  }

  /** Why this change cannot be made to any phone. */
  problemOf(kind: ChangeKind, { value = '', password }: Pick<JobDraft, 'value' | 'password'>): FieldError | undefined {
    const { scopes, users, hasTemplate } = this.#options
    const problem = (message: string) => ({ field: 'value', message })
    switch (kind) {
      case 'set region':
      case 'approve':
        return value !== '' && !scopes.tree().get(value) ? problem('This region is not there any more.') : undefined
      case 'assign user':
        return value === '' || users.get(value) ? undefined : problem('There is no user of this name.')
      case 'set model':
      case 'set language':
      case 'set VLAN mode': {
        if (value === '') return problem('Say what it is to be.')
        const refusal = checkDevice(draftOf(kind, value))
        return 'message' in refusal ? problem(refusal.message) : undefined
      }
      case 'set template':
        return value === '' || hasTemplate(value) ? undefined : problem('There is no such template.')
      case 'reset passwords': {
        if (value !== 'random' && value !== 'given') return problem('Passwords are random, or given.')
        if (value === 'random') return undefined
        const length = [...(password ?? '')].length
        const fits = length >= SHORTEST_PASSWORD && length <= 128 && !/\p{Cc}/u.test(password ?? '')
        return fits
          ? undefined
          : { field: 'password', message: `A password has ${SHORTEST_PASSWORD} to 128 characters.` }
      }
      case 'reject':
      case 'delete':
        return undefined
    }
  }

  /** A given password as the job keeps it. */
  sealed(job: string, password: string): string {
    return this.#options.vault.seal(password, placeOf(job))
  }

  /** `among`: the phones of this job, so that a user with several of them gets one password. */
  async apply(job: Job, kind: ChangeKind, mac: Mac, among: (mac: Mac) => boolean): Promise<Changed> {
    const { store, users, approvals, devices } = this.#options
    const phone = store.get(phones, mac)?.value
    if (!phone) return kind === 'delete' ? DONE : { state: 'skipped', reason: 'the phone is gone' }
    const by = jobActor(job.by)
    const value = job.value ?? ''
    switch (kind) {
      case 'approve':
        await approvals.approve([mac], value, by)
        return DONE
      case 'reject':
        await approvals.reject([mac], by)
        return DONE
      case 'set region':
        return said(await users.place(mac, value === 'system' ? '' : value, by))
      case 'assign user':
        return said(await users.assign(mac, value, by))
      case 'set model':
      case 'set language':
      case 'set VLAN mode':
        return said(await devices.change(draftOf(kind, value, mac), by))
      case 'set template':
        await chooseTemplateFor(store, mac, value)
        return DONE
      case 'delete':
        return said(await devices.remove(mac, by))
      case 'reset passwords':
        return this.#reset(job, phone, among, by)
    }
  }

  async #reset(job: Job, phone: Phone, among: (mac: Mac) => boolean, by: string): Promise<Changed> {
    const { users, vault, random } = this.#options
    if (phone.owner === '') return { state: 'skipped', reason: 'it belongs to nobody' }
    const siblings = users.get(phone.owner)?.phones.map((one) => one.phone.mac) ?? []
    const first = siblings.filter(among).sort()[0]
    if (first !== undefined && first !== phone.mac) {
      return { state: 'confirmed', reason: `the password of ${phone.owner} is reset with another phone` }
    }
    const password = job.value === 'given' ? vault.open(job.secret ?? '', placeOf(job.id)) : randomPassword(random)
    return said(await users.setPassword(phone.owner, password, by), `there is no user ${phone.owner}`)
  }
}

function placeOf(job: string): string {
  return `job/${job}/password`
}

function draftOf(kind: 'set model' | 'set language' | 'set VLAN mode', value: string, mac = '00908f000000') {
  const nothing = { mac, label: '', serial: '', model: '', language: '', vlanMode: '', vlanId: '', vlanPriority: '' }
  switch (kind) {
    case 'set model':
      return { ...nothing, model: value }
    case 'set language':
      return { ...nothing, language: value }
    case 'set VLAN mode':
      return { ...nothing, vlanMode: value }
  }
}

function said(saved: Saved<unknown>, gone = 'the phone is gone'): Changed {
  if (saved.kind === 'saved') return DONE
  if (saved.kind === 'conflict') return { state: 'skipped', reason: gone }
  return { state: 'failed', reason: saved.errors[0]?.message ?? 'it was refused' }
}

function randomPassword(random: (bytes: number) => Uint8Array): string {
  return [...random(PASSWORD_BYTES)].map((byte) => PASSWORD_ALPHABET[byte % PASSWORD_ALPHABET.length]).join('')
}
