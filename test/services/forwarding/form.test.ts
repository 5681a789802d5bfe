// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest'
import { FACILITIES } from '#config/forwarding'
import { checkDestination } from '#daemon/destinations'
import { destinationKinds, secretsOf, treeOf, valuesOf } from '#daemon/services/forwarding/form'

const FILTER = {
  ...{ leastSeverity: 'major', scopes: ['emea', 'subnet/voice'], names: ['LOGIN*'], about: 'phones' },
  ...{ events: true, notes: true },
}
const COMMON = { name: 'Full one', filter: FILTER, ratePerSecond: 0.5, resendAtStart: true }
/** Every setting that there is, and none with its default. */
const FULL = {
  snmp: {
    ...{ kind: 'snmp', host: 'nms.example', port: 1162, version: '3', inform: false, profile: 'ovoc' },
    ...{ timeoutSeconds: 0.5, retries: 7, user: 'noc', heartbeatSeconds: 60 },
    ...{ authProtocol: 'sha512', authKey: 'eight or more', privProtocol: 'aes256', privKey: 'eight or more!' },
  },
  mail: {
    ...{
      kind: 'mail',
      host: '10.0.0.1',
      port: 2525,
      security: 'tls',
      caFile: '/etc/ca.pem',
      user: 'me',
      password: 'pass phrase',
    },
    ...{ from: 'a@example.com', to: ['b@example.com', 'c@example.com'], digestMinutes: 5 },
  },
  syslog: {
    ...{ kind: 'syslog', host: 'log.example', port: 1514, transport: 'tls', caFile: '/etc/ca.pem' },
    ...{ facility: 'local7', heartbeatSeconds: 60 },
  },
  webhook: {
    ...{ kind: 'webhook', url: 'https://noc.example/a?b=c', caFile: '/etc/ca.pem', timeoutSeconds: 7 },
    ...{ signingKey: 'sixteen or more!', token: 't0ken', heartbeatSeconds: 60 },
  },
} as const

test.each(Object.values(FULL))('the form of $kind shows every setting, and gives back what it shows', (full) => {
  const ready = checkDestination({ ...COMMON, ...full })
  if ('faults' in ready) throw new Error(JSON.stringify(ready.faults))
  const values = valuesOf(ready.settings, FACILITIES)
  expect(Object.keys(ready.secrets).sort()).toEqual(
    secretsOf(full.kind)
      .filter((name) => name !== 'community')
      .sort(),
  )
  for (const secret of Object.values(ready.secrets)) expect(JSON.stringify(values)).not.toContain(secret)
  const draft = { name: COMMON.name, kind: full.kind, values, secrets: {} }
  expect(checkDestination(treeOf(draft, ready.secrets))).toEqual(ready)
})

test('a form as it is first shown, with what it asks for, can be saved', () => {
  const needed: Record<string, string> = {
    host: '10.0.0.1',
    from: 'a@example.com',
    to: 'b@example.com',
    url: 'http://a.example/',
  }
  for (const { kind, fields } of destinationKinds('')) {
    const values = Object.fromEntries(
      fields.map(({ name, initial, required }) => [name, required ? (needed[name] ?? '') : initial]),
    )
    const ready = checkDestination(
      treeOf({ name: 'new', kind, values, secrets: {} }, kind === 'snmp' ? { community: 'public' } : {}),
    )
    expect(ready).not.toHaveProperty('faults')
  }
})

test.each(destinationKinds(''))('every choice that the form of $kind offers is one', ({ kind, fields }) => {
  const full = { ...COMMON, ...FULL[kind as keyof typeof FULL] }
  for (const { name, options = [] } of fields) {
    for (const { value } of options.filter((option) => option.value !== '')) {
      const place = name in FILTER ? { filter: { ...FILTER, [name]: value } } : { [name]: value }
      const ready = checkDestination({ ...full, ...place })
      const faults = 'faults' in ready ? ready.faults.filter(({ field }) => field === name) : []
      // A password has no place where mail goes in the open: a rule about two fields, not a choice that there is not.
      expect(faults.filter(({ message }) => !message.startsWith('A password'))).toEqual([])
    }
  }
})

test('what cannot be is told at its field', () => {
  const faults = (kind: string, values: Record<string, string>, secrets = {}) => {
    const ready = checkDestination(treeOf({ name: 'x', kind, values, secrets }, secrets))
    return 'faults' in ready ? ready.faults.map(({ field }) => field) : []
  }
  expect(faults('fax', {})).toEqual(['kind'])
  expect(faults('snmp', { host: 'a b', port: 'many', version: '2c' })).toEqual(['host', 'port'])
  expect(faults('snmp', { host: '10.0.0.1', version: '3', user: 'u', authProtocol: 'sha1' })).toEqual(['authKey'])
  expect(faults('mail', { host: 'a', from: 'a@b.c', to: 'b@b.c\nb@b.c\u0000' })).toEqual(['to'])
  expect(faults('webhook', { url: 'http://a/', leastSeverity: 'worst' })).toEqual(['leastSeverity'])
  expect(faults('webhook', { url: 'http://a/', __proto__: 'x', constructor: 'y' })).toEqual(['name'])
  expect(faults('webhook', { url: 'http://a/' }, { signingKey: 'short' })).toEqual(['signingKey'])
})
