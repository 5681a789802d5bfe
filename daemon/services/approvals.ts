// SPDX-License-Identifier: Apache-2.0
import { type ApprovalRule, ruleFor, signsInItself } from '#daemon/domain/approval'
import type { Approval, Phone, Presence } from '#daemon/domain/phone'
import type { UserDraft } from '#daemon/domain/user'
import type { Announce } from '#daemon/messages'
import type { Scopes } from '#daemon/services/scopes/scopes'
import { Conflict, put, type Store } from '#daemon/store/store'
import { phones } from '#daemon/store/tables'
import type { Mac } from '#protocols/lib/mac'
import type { ApprovalsPort, Decided, WaitingPage, WaitingPhone, WaitingQuery } from '#web/ports/approvals'
import type { CommandsPort } from '#web/ports/commands'
import type { Saved } from '#web/ports/saved'
import type { Actor } from '#web/ports/scopes'
import type { UsersPort } from '#web/ports/users'

export interface ApprovalsOptions {
  readonly store: Store
  readonly scopes: Pick<Scopes, 'tree' | 'placementOf'>
  readonly users: Pick<UsersPort, 'get' | 'add' | 'assign'>
  readonly commands: Pick<CommandsPort, 'submit'>
  readonly announce: Announce
  readonly presenceOf: (phone: Phone) => Presence
  readonly matches: (phone: Phone, text: string) => boolean
}

/** Phones in one go, each in a commit of its own. */
const AT_ONCE = 100

/** Who may come in: an admin decides, or a rule of the configuration does. */
export class Approvals implements ApprovalsPort {
  readonly #options: ApprovalsOptions

  constructor(options: ApprovalsOptions) {
    this.#options = options
  }

  list({ approval, text, page, pageSize }: WaitingQuery): WaitingPage {
    const { store, matches } = this.#options
    const found: Phone[] = []
    for (const { value } of store.entries(phones)) {
      if (value.approval === approval && (text === '' || matches(value, text))) found.push(value)
    }
    found.sort((a, b) => seenAt(b) - seenAt(a) || (a.mac < b.mac ? -1 : 1))
    const pageCount = Math.max(1, Math.ceil(found.length / pageSize))
    const shown = Math.min(Math.max(1, page), pageCount)
    const rows = found.slice((shown - 1) * pageSize, shown * pageSize).map((phone) => this.#row(phone))
    return { rows, page: shown, pageCount, total: found.length }
  }

  get(mac: Mac): WaitingPhone | undefined {
    const phone = this.#options.store.get(phones, mac)?.value
    return phone && this.#row(phone)
  }

  async approve(macs: readonly Mac[], scope: string, by: Actor): Promise<Decided> {
    if (scope !== '' && !this.#options.scopes.tree().get(scope)) return { changed: 0, unchanged: macs.length }
    const place = scope === 'system' ? '' : scope
    const decided = await this.#decide(macs, 'approved', by, (phone) =>
      place === '' ? phone : { ...phone, scope: place },
    )
    for (const phone of decided) await this.#restart(phone, by)
    return { changed: decided.length, unchanged: macs.length - decided.length }
  }

  async approveFor(mac: Mac, draft: UserDraft, by: Actor): Promise<Saved<Phone>> {
    const { store, users } = this.#options
    if (!store.get(phones, mac)) return { kind: 'conflict' }
    if (!users.get(draft.name)) {
      const added = await users.add(draft, by)
      if (added.kind === 'refused') return added
    }
    const given = await users.assign(mac, draft.name, by)
    if (given.kind !== 'saved') return given
    if (given.value.approval !== 'approved') await this.#decide([mac], 'approved', by)
    const phone = store.get(phones, mac)?.value ?? given.value
    await this.#restart(phone, by)
    return { kind: 'saved', value: phone }
  }

  async reject(macs: readonly Mac[], by: Actor): Promise<Decided> {
    const decided = await this.#decide(macs, 'rejected', by)
    return { changed: decided.length, unchanged: macs.length - decided.length }
  }

  async readmit(macs: readonly Mac[], by: Actor): Promise<Decided> {
    const decided = await this.#decide(macs, 'pending', by, undefined, 'rejected')
    return { changed: decided.length, unchanged: macs.length - decided.length }
  }

  /** Those whose decision is new. `only` are considered that stand so now. */
  async #decide(
    macs: readonly Mac[],
    approval: Approval,
    by: Actor,
    also: (phone: Phone) => Phone = (phone) => phone,
    only?: Approval,
  ): Promise<Phone[]> {
    const all = [...new Set(macs)]
    const decided: Phone[] = []
    for (let i = 0; i < all.length; i += AT_ONCE) {
      const portion = all.slice(i, i + AT_ONCE).map((mac) => this.#decideOne(mac, approval, also, only))
      for (const phone of await Promise.all(portion)) if (phone) decided.push(phone)
    }
    for (const { mac, model } of decided) this.#options.announce('fleet.phone.decided', { mac, model, approval, by })
    return decided
  }

  async #decideOne(
    mac: Mac,
    approval: Approval,
    also: (phone: Phone) => Phone,
    only: Approval | undefined,
  ): Promise<Phone | undefined> {
    const { store } = this.#options
    for (;;) {
      const stored = store.get(phones, mac)
      if (!stored || stored.value.approval === approval || (only && stored.value.approval !== only)) return undefined
      const phone = { ...also(stored.value), approval }
      try {
        await store.commit([put(phones, mac, phone, stored.revision)], { durable: true })
        return phone
      } catch (error) {
        if (!(error instanceof Conflict)) throw error
      }
    }
  }

  /** What a phone has from before it was let in is not what it should have now. */
  async #restart({ mac, reportedAt }: Phone, by: Actor): Promise<void> {
    if (reportedAt > 0) await this.#options.commands.submit(mac, { kind: 'restart' }, by)
  }

  #row(phone: Phone): WaitingPhone {
    const { scopes, presenceOf } = this.#options
    const { scope } = scopes.placementOf(phone)
    return { phone, presence: presenceOf(phone), proposed: scope, signsInItself: signsInItself(phone) }
  }
}

function seenAt({ reportedAt, firstSeenAt }: Phone): number {
  return Math.max(reportedAt, firstSeenAt)
}

/** Lets phones in by the rules of the configuration; gives the scope that the rule puts them into. */
export function admission(
  rules: () => readonly ApprovalRule[],
  scopes: Pick<Scopes, 'tree'>,
): (phone: Phone) => { readonly scope: string } | undefined {
  return (phone) => {
    const all = rules()
    const rule = all.length === 0 ? undefined : ruleFor(all, phone)
    if (!rule) return undefined
    const found = rule.region === '' ? undefined : scopes.tree().find(rule.region)
    // A region that is not there lets nobody into another one by mistake.
    if (found && found.kind !== 'found') return undefined
    return { scope: found ? found.scope.id : phone.scope }
  }
}
