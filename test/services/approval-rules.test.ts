// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest'
import { type ApprovalRule, ruleFor, signsInItself } from '#daemon/domain/approval'
import { newPhone, type Phone } from '#daemon/domain/phone'
import { admission } from '#daemon/services/approvals'
import { Fleet } from '#daemon/services/fleet'
import { phones } from '#daemon/store/tables'
import { identify } from '#daemon/vendors/audiocodes/identify'
import type { StatusReport } from '#protocols/keepalive/port'
import { parseCidr } from '#protocols/lib/ipv4'
import type { Mac } from '#protocols/lib/mac'
import { report } from '#test/protocols/keepalive/support'
import { peopleWith } from '#test/support/people'

const MAC = '00908f123456' as Mac
const lan = parseCidr('10.1.0.0/16')
const here: Partial<Phone> = { address: '10.1.2.3', externalAddress: '10.1.2.3', model: '440HD' }

describe('a rule', () => {
  it.each<[string, Omit<ApprovalRule, 'region'>, Partial<Phone>, boolean]>([
    ['the model', { model: '440hd' }, here, true],
    ['a kind of models', { model: 'C4*' }, { ...here, model: 'C450HD' }, true],
    ['another model', { model: '420HD' }, here, false],
    ['the maker', { oui: '00908f' }, here, true],
    ['another maker', { oui: '001565' }, here, false],
    ['the subnet', { ...(lan && { subnet: lan }) }, here, true],
    [
      'an address that the phone only claims',
      { ...(lan && { subnet: lan }) },
      { ...here, externalAddress: '203.0.113.5' },
      false,
    ],
    ['no address', { ...(lan && { subnet: lan }) }, { ...here, address: '' }, false],
    ['all of it', { ...(lan && { subnet: lan }), model: '440HD', oui: '00908f' }, here, true],
    ['one of two', { model: '440HD', oui: '001565' }, here, false],
  ])('by %s', (_, rule, fields, holds) => {
    const phone = { ...newPhone(MAC, 0), ...fields }
    expect(ruleFor([{ ...rule, region: '' }], phone) !== undefined).toBe(holds)
  })
})

it('phones for Skype for Business tell by their firmware', () => {
  expect(signsInItself({ firmware: 'UC_2.0.13.121', userAgent: '' })).toBe(true)
  expect(signsInItself({ firmware: '', userAgent: 'AUDC-IPPhone-430HD_UC_2.0.7.70/1.0.0000.0' })).toBe(true)
  expect(
    signsInItself({ firmware: '2.2.16.704', userAgent: 'AUDC-IPPhone/2.2.16.704 (440HD-Rev0; 00908F123456)' }),
  ).toBe(false)
})

describe('the fleet', () => {
  async function fleetWith(rules: readonly ApprovalRule[]) {
    const { store, scopes } = await peopleWith()
    const settings = { zeroTouch: false, keepAliveMinutes: 60, maxPending: 100 }
    const fleet = new Fleet({ store, now: () => 1, identify, settings, announce: () => {} })
    fleet.load()
    fleet.admitBy(admission(() => rules, scopes))
    return { store, fleet }
  }

  const unregistered: StatusReport = {
    ...report({ mac: MAC, status: 'unregistered', ip: '10.1.2.3', model: '440HD' }),
    peer: { address: '10.1.2.3', port: 1 },
  }

  it('lets a phone in by a rule, into its region', async () => {
    const { store, fleet } = await fleetWith([{ model: '440HD', region: 'Mitte' }])
    await fleet.report(unregistered)
    expect(store.get(phones, MAC)?.value).toMatchObject({ approval: 'approved', scope: 'm' })
  })

  it('lets nobody into a region that is not there, nor a rejected phone back', async () => {
    const gone = await fleetWith([{ model: '440HD', region: 'Atlantis' }])
    await gone.fleet.report(unregistered)
    expect(gone.store.get(phones, MAC)?.value.approval).toBe('pending')
  })
})
