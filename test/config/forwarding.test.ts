// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest'
import { ConfigError, loadConfig } from '#config/load'

function complaints(text: string): readonly string[] {
  try {
    loadConfig(text, 'offhook.yaml', {})
  } catch (error) {
    if (error instanceof ConfigError) return error.complaints
    throw error
  }
  return []
}

/** One destination, a line for each setting, from line 3 on. */
const one = (...lines: readonly string[]) =>
  `alarms:\n  destinations:\n${lines.map((line, at) => `    ${at === 0 ? '-' : ' '} ${line}\n`).join('')}`
const SNMP = ['kind: snmp', 'name: nms', 'host: 10.1.0.9']
const MAIL = ['kind: mail', 'name: post', 'host: mail.example', 'from: a@example.com', 'to: [b@example.com]']
const HOOK = ['kind: webhook', 'name: hook']

test('what is left out follows from the rest', () => {
  const text = `alarms:
  destinations:
    - { kind: snmp, name: nms, host: 10.1.0.9, community: public }
    - { kind: snmp, name: old, host: nms.example, version: 1, community: public }
    - { kind: snmp, name: v3, host: 10.1.0.9, version: 3, user: u, authProtocol: sha256, authKey: { file: /run/key } }
    - { kind: mail, name: post, host: mail.example, from: a@example.com, to: [b@example.com], security: tls }
    - { kind: syslog, name: log, host: 10.1.0.9, transport: tls }
    - { kind: webhook, name: hook, url: "https://noc.example/a?b=c" }
`
  const found = loadConfig(text, 'offhook.yaml', {}).alarms.destinations
  expect(found).toMatchObject([
    {
      version: '2c',
      inform: true,
      port: 162,
      profile: 'offhook',
      filter: { leastSeverity: 'indeterminate', names: [] },
    },
    { version: '1', inform: false },
    { version: '3', inform: true, authKey: { file: '/run/key' } },
    { port: 465 },
    { port: 6514, facility: 16 },
    { timeoutSeconds: 10 },
  ])
})

describe('what cannot be used is refused with its path and line', () => {
  test.each([
    ['an unknown kind', one('kind: fax', 'name: a'), 'offhook.yaml:3: alarms.destinations.0.kind: '],
    ['no community', one(...SNMP), 'offhook.yaml:3: alarms.destinations.0.community: version 2c needs a community'],
    ['an empty community', one(...SNMP, 'community: ""'), 'offhook.yaml:6: alarms.destinations.0.community: '],
    [
      'a control character in it',
      one(...SNMP, 'community: "pub\\nlic"'),
      'offhook.yaml:6: alarms.destinations.0.community: ',
    ],
    [
      'a megabyte of it',
      one(...SNMP, `community: ${'a'.repeat(1e6)}`),
      'offhook.yaml:6: alarms.destinations.0.community: ',
    ],
    [
      'an address that is none',
      one('kind: snmp', 'name: nms', 'host: 10.1.0.300', 'community: a'),
      'offhook.yaml:5: alarms.destinations.0.host: "10.1.0.300" is neither',
    ],
    [
      'a short key',
      one(...SNMP, 'version: 3', 'user: u', 'authProtocol: sha1', 'authKey: short'),
      'offhook.yaml:9: alarms.destinations.0.authKey: a pass phrase has 8',
    ],
    [
      'privacy without authentication',
      one(...SNMP, 'version: 3', 'user: u', 'privProtocol: aes128', 'privKey: longenough'),
      'alarms.destinations.0.authProtocol: privacy needs authentication',
    ],
    [
      'an inform of version 1',
      one(...SNMP, 'version: 1', 'community: a', 'inform: true'),
      'offhook.yaml:8: alarms.destinations.0.inform: version 1 has traps only',
    ],
    [
      'a name with a line break',
      one('kind: snmp', 'name: "a\\nb"', 'host: 10.1.0.9', 'community: a'),
      'offhook.yaml:4: alarms.destinations.0.name: ',
    ],
    [
      'a header in a mail address',
      one(...MAIL.slice(0, 4), 'to: ["b@example.com\\nBcc: c@example.com"]'),
      'offhook.yaml:7: alarms.destinations.0.to.0: ',
    ],
    [
      'a password in the open',
      one(...MAIL, 'security: none', 'user: u', 'password: p'),
      'offhook.yaml:8: alarms.destinations.0.security: a password is only sent over',
    ],
    [
      'a URL of another kind',
      one(...HOOK, 'url: file:///etc/passwd'),
      'offhook.yaml:5: alarms.destinations.0.url: the URL must begin',
    ],
    [
      'a password in a URL',
      one(...HOOK, 'url: https://u:p@noc.example/'),
      'offhook.yaml:5: alarms.destinations.0.url: a URL shows',
    ],
    [
      'a weak signing key',
      one(...HOOK, 'url: https://noc.example/', 'signingKey: short'),
      'offhook.yaml:6: alarms.destinations.0.signingKey: ',
    ],
    [
      'a misspelt setting',
      one(...HOOK, 'url: https://noc.example/', 'sigingKey: x'),
      'offhook.yaml:6: alarms.destinations.0.sigingKey: there is no such setting',
    ],
    ['an arc that is none', 'snmp:\n  arc: 1.3.6.1.4.1.x\n', 'offhook.yaml:2: snmp.arc: "1.3.6.1.4.1.x" is not an arc'],
    [
      'a name for an OID',
      'snmp:\n  ovoc: {traps: acAlarms}\n',
      'offhook.yaml:2: snmp.ovoc.traps: "acAlarms" is not an object',
    ],
    ['an OID of one number', 'snmp:\n  ovoc: {traps: "1"}\n', 'offhook.yaml:2: snmp.ovoc.traps: '],
    ['an OID with a gap', 'snmp:\n  ovoc: {objects: 1.3..6}\n', 'offhook.yaml:2: snmp.ovoc.objects: '],
    ['an OID that ends in a point', 'snmp:\n  ovoc: {objects: 1.3.6.}\n', 'offhook.yaml:2: snmp.ovoc.objects: '],
    ['an OID that BER cannot hold', 'snmp:\n  ovoc: {objects: 1.40.6}\n', 'offhook.yaml:2: snmp.ovoc.objects: '],
    [
      'an OID with too large a number',
      'snmp:\n  ovoc: {objects: 1.3.4294967296}\n',
      'offhook.yaml:2: snmp.ovoc.objects: ',
    ],
    ['an arc elsewhere', 'snmp:\n  arc: 1.3.6.1.2.1\n', 'offhook.yaml:2: snmp.arc: '],
    [
      'a short engine id',
      'snmp:\n  engineId: "0x8000"\n',
      'offhook.yaml:2: snmp.engineId: an engine id is 5 to 32 octets',
    ],
    [
      'an agent’s user without a key',
      'snmp:\n  agent:\n    users:\n      - name: u\n        authProtocol: sha1\n',
      'offhook.yaml:4: snmp.agent.users.0.authKey: authentication needs a key',
    ],
  ])('%s', (_, text, complaint) => {
    const found = complaints(text)
    expect(found).toHaveLength(1)
    expect(found[0]).toContain(complaint)
    expect(found[0]?.length).toBeLessThan(400)
  })

  test('two destinations of one name', () => {
    const twin = '    - { kind: webhook, name: Hook, url: "http://a.example/" }\n'
    const found = complaints(`alarms:\n  destinations:\n${twin}${twin.replace('Hook', 'hook')}`)
    expect(found).toEqual(['offhook.yaml:4: alarms.destinations.1.name: "hook" is taken'])
  })
})
