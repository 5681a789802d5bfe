// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest'
import { loadConfig } from '#config/load'

const UPSTREAM = 'name: corp, url: "ldap://dc1.corp", base: "dc=corp"'

function ldap(text: string) {
  return loadConfig(`ldap: { ${text} }`, 'offhook.yaml', {}).ldap
}

test('what is left out', () => {
  expect(ldap('enabled: true')).toMatchObject({
    ...{ anonymous: false, anonymousByRegion: true, wrongPasswordsPerMinute: 20, upstreams: [] },
    limits: { connections: 4_096, connectionsPerPeer: 256, operations: 32, messageBytes: 65_536, idleSeconds: 300 },
  })
  expect(ldap(`upstreams: [{ ${UPSTREAM} }]`).upstreams[0]).toMatchObject({
    ...{ filter: '(|(objectClass=inetOrgPerson)(objectCategory=person))', schedule: '0 3 * * *', pageSize: 500 },
    ...{ keepWhenEmpty: true, keepShare: 0.5, startTls: false, region: '' },
  })
})

test.each([
  ['tlsListen: "0.0.0.0:636"', 'ldap.tlsListen: LDAPS needs ldap.tls.key and ldap.tls.cert'],
  ['tls: { key: key.pem, cert: /x }', 'ldap.tls.key: the file needs its whole path'],
  ['tls: { key: /x }', 'ldap.tls.cert'],
  ['wrongPasswordsPerMinute: 0', 'ldap.wrongPasswordsPerMinute'],
  ['limits: { connections: 0 }', 'ldap.limits.connections'],
  ['limits: { messageBytes: 10 }', 'ldap.limits.messageBytes'],
  ['limits: { dreams: 1 }', 'ldap.limits.dreams: there is no such setting'],
  [`upstreams: [{ ${UPSTREAM}, schedule: "* * *" }]`, 'ldap.upstreams.0.schedule: "* * *" is not a cron pattern'],
  [`upstreams: [{ ${UPSTREAM}, schedule: "* * * * * *" }]`, 'ldap.upstreams.0.schedule'],
  [`upstreams: [{ ${UPSTREAM}, schedule: "0 0 31 2 *" }]`, 'ldap.upstreams.0.schedule'],
  [`upstreams: [{ ${UPSTREAM} }, { ${UPSTREAM} }]`, 'ldap.upstreams.1.name: "corp" is taken'],
  [`upstreams: [{ ${UPSTREAM.replace('corp,', 'manual,')} }]`, 'ldap.upstreams.0.name: "manual"'],
  [`upstreams: [{ ${UPSTREAM.replace('ldap:', 'http:')} }]`, 'ldap.upstreams.0.url'],
  [`upstreams: [{ ${UPSTREAM}, bindDn: cn=x }]`, 'ldap.upstreams.0.bindDn: bindDn and password belong together'],
  [`upstreams: [{ ${UPSTREAM.replace('ldap:', 'ldaps:')}, startTls: true }]`, 'ldap.upstreams.0.startTls'],
  [`upstreams: [{ ${UPSTREAM}, attributes: { shoeSize: x } }]`, 'ldap.upstreams.0.attributes'],
  [`upstreams: [{ ${UPSTREAM}, attributes: { mail: "a b" } }]`, 'ldap.upstreams.0.attributes.mail'],
])('%s: refused with its path', (text, complaint) => {
  expect(() => ldap(text)).toThrow(complaint)
})

test('a password in clear is no part of a complaint', () => {
  const text = `upstreams: [{ ${UPSTREAM}, password: "very secret", pageSize: x }]`
  expect(() => ldap(text)).toThrow('ldap.upstreams.0.pageSize')
  expect(() => ldap(text)).not.toThrow('very secret')
})
