// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest'
import { loadConfig } from '#config/load'
import { MODELS } from '#daemon/services/dhcp-export/clients'
import { exportPlan } from '#daemon/services/dhcp-export/plan'
import { EXPORT_TARGETS, exportFor } from '#daemon/services/dhcp-export/targets'
import { planOf } from '#daemon/settings'
import { modelIn } from '#daemon/vendors/audiocodes/models'
import { encodeOption } from '#protocols/dhcp/options'

const CONFIG = `
server: { address: 10.1.0.2 }
dhcp:
  options: [{ option: domain-search, value: [voice.example] }]
  devices: [{ mac: 00:90:8f:00:00:09, options: [{ option: 160, value: "http://elsewhere/" }] }]
  classes:
    - name: "lobby\\n; rm -rf /"
      when: { model: C4*, not: { circuitId: lobby-1 } }
      options: [{ option: log-servers, value: 10.1.0.5 }]
  subnets:
    - name: voice
      cidr: 10.1.0.0/16
      timeZone: Europe/Berlin
      pools: [{ range: 10.1.1.10-10.1.1.20, classes: [phone], options: [{ option: 26, value: 1400 }] }]
      options: [{ option: 224, type: text, value: "x\\ny" }]
      classOptions: [{ name: "lobby\\n; rm -rf /", options: [{ option: log-servers, value: 10.1.0.6 }] }]
      reservations:
        - { mac: 00:90:8f:12:34:56, address: 10.1.2.20, hostname: reception }
        - { circuitId: lobby-1, address: 10.1.2.21 }
`

const POOL = 'Only clients of class phone may have an address of pool 10.1.1.10-10.1.1.20 of voice'
const POOL_OPTION = 'Clients with an address of pool 10.1.1.10-10.1.1.20 of voice: option 26 interface MTU = 1400'
const CIRCUIT = 'Reserved in voice: relay circuit 0x6c6f6262792d31 gets 10.1.2.21'
const DEVICE = 'The device 00:90:8f:00:00:09: option 160 provisioning URL = "http://elsewhere/"'

test.each(EXPORT_TARGETS)(
  'the export for %s says what is left to people, in comments that nothing breaks out of',
  (target) => {
    const plan = planOf(loadConfig(CONFIG, 'offhook.yaml', {}), Date.UTC(2026, 0))
    const text = exportFor(target, exportPlan(plan, encodeOption))
    const comments = text.slice(0, text.indexOf('Written by Offhook')).split(/\r?\n/).slice(0, -1)
    const mark = { kea: '//', cisco: '!' }[target as string] ?? '#'
    expect(comments.filter((line) => !line.startsWith(mark))).toEqual([])
    const said = comments.map((line) => line.slice(mark.length).trim())
    const lobby = /^Clients of class lobby ; rm -rf \/ \(the model begins with "C4".* = 10\.1\.0\.[56]$/
    const left: Readonly<Record<string, readonly unknown[]>> = {
      windows: [CIRCUIT],
      cisco: [POOL, CIRCUIT, lobby, lobby, DEVICE],
      mikrotik: [POOL, CIRCUIT, lobby, lobby, DEVICE],
    }
    const rest = (left[target] ?? []).map((one) => (one instanceof RegExp ? expect.stringMatching(one) : one))
    expect(said.slice(0, 4).filter((line) => line !== POOL)).toEqual([
      expect.stringMatching(/^Not in here/),
      'Every client: option 119 domain search = voice.example',
      expect.stringMatching(/^Every client of voice: option 224 option 224 = "x/),
      ...(rest.includes(POOL) ? [] : [POOL_OPTION]),
    ])
    expect(said.slice(3).filter((line) => line !== POOL_OPTION)).toEqual([...rest, ''])
  },
)

test('each model in the list is known to us by itself', () => {
  expect(MODELS.filter((model) => modelIn(model) !== model)).toEqual([])
})
