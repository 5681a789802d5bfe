// SPDX-License-Identifier: Apache-2.0
// The built daemon with its directory: administered by the command line, asked by OpenLDAP's tools and by ldapts.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Client } from 'ldapts'
import { expect, onTestFinished, test } from 'vitest'
import { freshCertificate } from '#test/protocols/ldap/certificate'
import { startSlapd } from '#test/protocols/ldap/slapd'
import { type ConfigTree, DaemonHome, LOOPBACK } from '#test/support/daemon'
import { here } from '#test/support/process'

const MAIN = join(import.meta.dirname, '../../dist/daemon/main.js')
const BASE = 'dc=example,dc=com'
const ACCOUNT = `cn=phones,ou=accounts,${BASE}`
const PASSWORD = 'correct horse'
const UPSTREAM_PASSWORD = 'upstream secret'

const CORP = [
  ...[
    'dn: dc=corp',
    'objectClass: top',
    'objectClass: organization',
    'objectClass: dcObject',
    'dc: corp',
    'o: Corp',
    '',
  ],
  ...['dn: uid=zoe,dc=corp', 'objectClass: top', 'objectClass: person', 'objectClass: organizationalPerson'],
  ...['objectClass: inetOrgPerson', 'uid: zoe', 'cn: Zoe Abel', 'sn: Abel', 'mobile: +49 171 5', ''],
].join('\n')

async function house() {
  const slapd = await startSlapd('dc=corp', CORP, [`rootpw "${UPSTREAM_PASSWORD}"`])
  onTestFinished(() => slapd.close())
  const home = await DaemonHome.make()
  onTestFinished(() => home.close())
  const [first, second] = [await freshCertificate(), await freshCertificate()]
  const files = { key: join(home.folder, 'tls', 'key.pem'), cert: join(home.folder, 'tls', 'cert.pem') }
  await mkdir(join(home.folder, 'tls'))
  const use = async ({ key, cert }: { readonly key: string; readonly cert: string }) => {
    await writeFile(files.key, key)
    await writeFile(files.cert, cert)
  }
  await use(first)
  await writeFile(join(home.folder, 'secret'), `${UPSTREAM_PASSWORD}\n`)
  const upstream = {
    ...{ name: 'corp', url: `ldap://127.0.0.1:${slapd.port}`, base: 'dc=corp', bindDn: 'cn=root,dc=corp' },
    password: { file: join(home.folder, 'secret') },
  }
  const ldap: ConfigTree = {
    ...{ enabled: true, listen: '127.0.0.1:0', tlsListen: '127.0.0.1:0', baseDn: BASE, tls: files },
    ...{ wrongPasswordsPerMinute: 3, limits: { connections: 20, connectionsPerPeer: 5 }, upstreams: [upstream] },
  }
  await home.configure({ ...LOOPBACK, ldap })
  const daemon = await home.start()
  const { endpoints } = await daemon.logged({ id: 'server.serving', server: 'ldap' })
  const [plain = '', tls = ''] = endpoints as string[]
  const offhook = (args: readonly string[], input = '') =>
    here.run(process.execPath, [MAIN, 'directory', ...args, '--data', home.dataFolder], { input })
  const tool = (name: string, args: readonly string[], trusted = first.file, password = PASSWORD) => {
    const env = { LDAPTLS_CACERT: trusted, LDAPTLS_REQCERT: 'demand' }
    return here.run(name, ['-x', '-D', ACCOUNT, '-w', password, ...args], { env })
  }
  return { home, daemon, offhook, tool, first, second, use, uri: `ldap://${plain}`, tlsUri: `ldaps://${tls}` }
}

test('from an empty data folder to a phone that finds people, over TLS, with a renewed certificate', async () => {
  const { home, daemon, offhook, tool, first, second, use, uri, tlsUri } = await house()
  const made = await offhook(['set-account', 'phones', '--new'], `${PASSWORD}\n`)
  expect([made.code, made.stdout]).toEqual([0, `Phones bind as ${ACCOUNT}\n`])
  const file = join(home.folder, 'partners.csv')
  await writeFile(file, 'name,phone\nAnn Lee,+49 (30) 123-45\nJörg Lehmann,+49 30 123-46\n,1\n')
  expect((await offhook(['import', file, '--dry-run', '--json'])).stdout).toContain('"added":2')
  const imported = await offhook(['import', file])
  expect([imported.code, imported.stdout]).toEqual([1, expect.stringContaining('line 4: no name')])
  expect((await offhook(['sync', 'corp', '--json'])).stdout).toContain('"added":1')
  expect((await offhook(['sync'])).stdout).toMatch(/^corp\tldap:.* 1 added/)

  const found = async (args: readonly string[], trusted?: string) => {
    const { stdout } = await tool('ldapsearch', ['-LLL', '-b', BASE, ...args], trusted)
    return [...stdout.matchAll(/^sn: (.*)$/gm)].map(([, name]) => name).sort()
  }
  const name = '(|(sn=le*)(givenname=le*)(displayname=le*))'
  expect(await found(['-H', uri, '-ZZ', '-z', '50', '-l', '5', name])).toEqual(['Lee', 'Lehmann'])
  expect(await found(['-H', tlsUri, '-E', 'pr=1/noprompt', '(|(telephoneNumber=493012345*)(Mobile=49171*))'])).toEqual([
    ...['Abel', 'Lee'],
  ])
  expect(await found(['-H', uri, '-ZZ', '-E', 'sss=sn', '(sn=*)'])).toHaveLength(3)
  expect((await tool('ldapwhoami', ['-H', uri, '-ZZ'])).stdout.trim()).toBe(`dn:${ACCOUNT}`)
  expect((await here.run('ldapsearch', ['-x', '-H', uri, '-b', BASE, '(sn=lee)'])).code).toBe(48)

  const client = new Client({ url: tlsUri, tlsOptions: { ca: [first.cert] }, timeout: 5_000 })
  onTestFinished(() => client.unbind().catch(() => {}))
  await client.bind(ACCOUNT, PASSWORD)
  const { searchEntries } = await client.search(BASE, {
    filter: '(sn=leh*)',
    paged: { pageSize: 1 },
    attributes: ['cn'],
  })
  expect(searchEntries.map(({ cn }) => cn)).toEqual(['Jörg Lehmann'])
  expect(await client.compare(String(searchEntries[0]?.dn), 'sn', 'LEHMANN')).toBe(true)
  await client.unbind()

  await use(second)
  await daemon.reload()
  expect(await found(['-H', tlsUri, '(sn=abel)'], second.file)).toEqual(['Abel'])
  expect((await tool('ldapsearch', ['-H', tlsUri, '-b', BASE], first.file)).code).toBe(255)

  const log = JSON.stringify(daemon.log())
  for (const secret of [PASSWORD, UPSTREAM_PASSWORD]) expect(log).not.toContain(secret)
  await daemon.stop()
}, 60_000)

test('guessing is slowed and raises an alarm, one address has its share of connections, and others are served', async () => {
  const { daemon, offhook, tool, uri, first } = await house()
  await offhook(['set-account', 'phones', '--new'], `${PASSWORD}\n`)
  expect((await tool('ldapwhoami', ['-H', uri, '-ZZ'])).code).toBe(0)
  const codes = []
  for (let i = 0; i < 5; i++) codes.push((await tool('ldapwhoami', ['-H', uri, '-ZZ'], first.file, `guess ${i}`)).code)
  expect(codes).toEqual([49, 49, 49, 51, 51])
  await daemon.logged({ id: 'alarm.raised', alarm: 'DIRECTORY BIND ATTACK' })
  expect((await tool('ldapwhoami', ['-H', uri, '-ZZ'])).code).toBe(0)
  const clients = Array.from({ length: 7 }, () => new Client({ url: uri, timeout: 5_000, connectTimeout: 5_000 }))
  onTestFinished(async () => {
    await Promise.all(clients.map((client) => client.unbind().catch(() => {})))
  })
  const ends = []
  for (const client of clients)
    ends.push(
      await client.bind(ACCOUNT, PASSWORD).then(
        () => 'in',
        () => 'out',
      ),
    )
  // A connection that has just been closed may still count.
  expect([ends.slice(0, 4), ends.at(-1)]).toEqual([Array(4).fill('in'), 'out'])
  await daemon.logged({ id: 'exchange.refuse', protocol: 'ldap', reason: 'too many connections' })
  await daemon.stop()
}, 60_000)
