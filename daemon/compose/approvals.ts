// SPDX-License-Identifier: Apache-2.0
import type { ApprovalRule } from '#daemon/domain/approval'
import { Approvals, admission } from '#daemon/services/approvals'
import type { Commands } from '#daemon/services/commands/commands'
import type { Fleet } from '#daemon/services/fleet'
import { phoneMatches, type StoreFleetView } from '#daemon/services/fleet-view'
import type { Users } from '#daemon/services/people/users'
import type { Scopes } from '#daemon/services/scopes/scopes'
import type { Foundation } from './foundation.ts'

interface Around {
  readonly fleet: Fleet
  readonly view: StoreFleetView
  readonly people: { readonly scopes: Scopes; readonly users: Users }
  readonly commands: Commands
}

/** Who may come in: decided by an admin, or by the rules of the configuration. */
export function composeApprovals({ configuration, store, announce }: Foundation, around: Around): Approvals {
  const { fleet, view, people, commands } = around
  const rules = configuration.derive(({ fleet: { approve } }) => approve.map(ruleOf))
  fleet.admitBy(admission(rules, people.scopes))
  const presenceOf = view.presenceOf.bind(view)
  return new Approvals({ ...people, ...{ store, commands, announce, presenceOf, matches: phoneMatches } })
}

type Written = { readonly [Key in keyof ApprovalRule]?: ApprovalRule[Key] | undefined } & { readonly region: string }

function ruleOf({ subnet, model, oui, region }: Written): ApprovalRule {
  return { region, ...(subnet && { subnet }), ...(model && { model }), ...(oui && { oui }) }
}
