// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest'
import { shippedParameters } from '#config/catalogue'
import { shippedTemplates } from '#config/templates'
import { newPhone } from '#daemon/domain/phone'
import { settingOf, textOf } from '#daemon/domain/provisioning/device-file'
import { KEY_FEATURES } from '#daemon/domain/provisioning/key-features'
import { KNOWN_PLACEHOLDERS } from '#daemon/domain/provisioning/known-placeholders'
import { compile } from '#daemon/domain/provisioning/language'
import { secretPlace } from '#daemon/domain/provisioning/level-settings'
import { ParameterCatalogue } from '#daemon/domain/provisioning/parameter'
import { Parameters } from '#daemon/services/parameters'
import { opened } from '#daemon/services/provisioning/disclosure'
import { put } from '#daemon/store/store'
import { phones } from '#daemon/store/tables'
import type { Ipv4 } from '#protocols/lib/ipv4'
import type { Mac } from '#protocols/lib/mac'
import { office } from './office.ts'

const TEMPLATES = shippedTemplates().filter(({ models }) => models.length > 0)
const parameters = new Parameters(new ParameterCatalogue(shippedParameters()))

/** What a site with all that the templates know sets. */
const SITE = {
  ...{ Language: 'German', Primary_NTP: '10.1.0.9', MwiVmNumber: '1000', SRTP: '1', SipDigitMap: '*xx|0xx.T' },
  ...{ Proxy_address: '10.1.0.5', Proxy_gateway: 'voice.example', SipTransport: 'TLS', Outbound_proxy: '10.1.0.6' },
  ...{ Outbound_proxy_port: '5061', Redundant_outbound_proxy_enable: '1', Redundant_outbound_proxy: '10.1.0.7' },
  ...{ SpeedDialName1: 'Reception', SpeedDialNumber1: '100', SpeedDialName2: 'Help', SpeedDialNumber2: '110' },
  ...{ IPPhoneUsername: 'admin', ProvisioningPeriod: 'weekly', ProvisioningDay: 'Monday', ProvisioningTime: '3:30' },
  ...{ ProvisioningRandomMinutes: '30', VLANMode: 'Manual', VLANID: '7', VLANPriority: '5' },
  ...{ LDAPActive: '1', LDAPServerAddress: '10.1.0.2', LDAPPort: '389', LDAPBase: 'dc=example', Line2Id: '4712' },
}

/** Anna's phone of every model, in a place where everything is set. */
async function fleet() {
  const house = await office()
  const { store, vault, provisioning, set } = house
  const sealed = { IPPhonePassword: vault.seal('Pass-1', secretPlace('scope/ber', 'IPPhonePassword')) }
  await set('scope/ber', { values: SITE, sealed })
  const render = async (model: string, firmware: string) => {
    const mac = '00908f00000a' as Mac
    const phone = {
      ...newPhone(mac, 0),
      approval: 'approved',
      owner: 'anna',
      userName: 'anna',
      model,
      firmware,
    } as const
    await store.commit([put(phones, mac, phone)], { durable: false })
    const { renderer } = provisioning
    const disclosure = opened((text, place) => vault.open(text, place))
    const own = renderer.device(mac, { address: '10.1.0.7' as Ipv4, model, firmware }, disclosure)
    if (own.kind === 'none') throw new Error(own.reason)
    const shared = renderer.shared(own.template.template, '10.1.0.7' as Ipv4)
    if (typeof shared !== 'string') throw new Error(shared.reason)
    return { id: own.template.template.id, text: `${textOf(own.file)}\n--- shared\n${shared}` }
  }
  return { ...house, render }
}

test('every model gets a template of its own, the same text as ever', async () => {
  const { render } = await fleet()
  for (const { id, models, firmware } of TEMPLATES) {
    const made = await render(models[0] ?? '', firmware === 'uc' ? 'UC_3.0.4.1264' : '2.2.16.704')
    expect(made.id).toBe(id)
    await expect(made.text).toMatchFileSnapshot(`./golden/${id}.txt`)
  }
})

test('a model whose flavour is not told gets the generic one, HRS the only one there is', async () => {
  const { render } = await fleet()
  expect((await render('440HD', '')).id).toBe('440hd-sip')
  expect((await render('HRS', '')).id).toBe('hrs-uc')
})

test('no shipped text has a problem, and none asks for a placeholder that nobody describes', async () => {
  const { templates } = await office((text, { model, firmware, isKnown }) =>
    parameters.lint(text, { model, isKnown, ...(firmware === 'uc' && { firmware: 'UC_' }) }),
  )
  for (const template of shippedTemplates()) {
    const bad = templates.findings(template).filter(({ severity }) => severity === 'error')
    expect(bad, template.id).toEqual([])
    const names = [template.global, template.private].flatMap((text) => [...compile(text).names])
    const unknown = names.filter((name) => !/^(LDAP|Line[2-8])/.test(name) && !Object.hasOwn(KNOWN_PLACEHOLDERS, name))
    expect(unknown, template.id).toEqual([])
  }
})

test('what a model of the catalogue gets are parameters that it knows', async () => {
  const { render } = await fleet()
  for (const model of parameters.models) {
    const { text } = await render(model, 'UC_3.0.4.1264')
    const keys = text.split('\n').flatMap((line) => settingOf(line)?.key ?? [])
    const found = parameters.lint(text, { model, firmware: 'UC_3.0.4.1264' })
    const odd = found.filter(({ code }) => code === 'unknown-key' || code === 'not-on-model' || code === 'wrong-model')
    expect(odd, `${model}: ${keys.length} keys`).toEqual([])
  }
})

test('key features are parameters with values that phones take', () => {
  const lines = KEY_FEATURES.flatMap(({ choices }) => choices.flatMap((choice) => choice.lines))
  const found = parameters.lint([...new Set(lines)].join('\n'), { firmware: 'UC_3.0.4.1264' })
  expect(found.filter(({ severity, code }) => severity !== 'hint' && code !== 'duplicate-key')).toEqual([])
})

test('when phones look for changes is set with only the lines that its kind needs', async () => {
  const { render, set } = await fleet()
  const periods = async (values: Record<string, string>) => {
    await set('scope/ber', { values })
    return (await render('440HD', '')).text.split('\n').filter((line) => line.startsWith('provisioning/period'))
  }
  const own = (all: readonly string[]) => all.slice(0, all.indexOf('provisioning/period/type=daily'))
  expect(own(await periods({ ProvisioningPeriod: 'hourly', ProvisioningHours: '4' }))).toEqual([
    ...['provisioning/period/type=hourly', 'provisioning/period/hourly/hours_interval=4'],
  ])
  expect(own(await periods({ ProvisioningPeriod: 'powerup' }))).toEqual(['provisioning/period/type=powerup'])
})
