// SPDX-License-Identifier: Apache-2.0
// A real OpenLDAP server as the other directory.
import { connect, createServer } from 'node:net'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { UpstreamSettings } from '#daemon/services/directory/upstreams'
import { alarms, contacts, directorySyncs } from '#daemon/store/tables'
import { freshCertificate } from '#test/protocols/ldap/certificate'
import { PHONES, portOf, STAFF, SUFFIX, serve, shelf } from '#test/protocols/ldap/house'
import { startSlapd } from '#test/protocols/ldap/slapd'
import { freshDesk } from './directory-desk.ts'

const CORP = 'dc=corp'
const PASSWORD = 'upstream secret'

function person(id: number, more: readonly string[] = []): string {
  const lines = [
    'objectClass: top',
    'objectClass: person',
    'objectClass: organizationalPerson',
    'objectClass: inetOrgPerson',
  ]
  const values = [`uid: u${id}`, `cn: Person ${id}`, `sn: Person ${id}`, `telephoneNumber: +49 30 ${1_000 + id}`]
  return [`dn: uid=u${id},ou=people,${CORP}`, ...lines, ...values, ...more, ''].join('\n')
}

function ldif(people: readonly string[]): string {
  const roots = [
    [
      `dn: ${CORP}`,
      'objectClass: top',
      'objectClass: organization',
      'objectClass: dcObject',
      'dc: corp',
      'o: Corp',
      '',
    ],
    [`dn: ou=people,${CORP}`, 'objectClass: top', 'objectClass: organizationalUnit', 'ou: people', ''],
  ]
  return [...roots.map((lines) => lines.join('\n')), ...people].join('\n')
}

function withUuid(entry: string, id: number): string {
  return entry.replace('uid: u', `entryUUID: 00000000-0000-4000-8000-${String(id).padStart(12, '0')}\nuid: u`)
}

const many = (count: number) => Array.from({ length: count }, (_, i) => person(i))

async function slapd(people: readonly string[], more: readonly string[] = [], tls: readonly string[] = []) {
  const running = await startSlapd(CORP, ldif(people), [`rootpw "${PASSWORD}"`, ...more], tls)
  let open = true
  const close = async () => {
    if (open) await running.close()
    open = false
  }
  onTestFinished(close)
  return { port: running.port, close }
}

function settings(port: number, more: Partial<UpstreamSettings> = {}): UpstreamSettings {
  return {
    ...{
      name: 'corp',
      url: `ldap://127.0.0.1:${port}`,
      startTls: false,
      base: CORP,
      region: '',
      schedule: '0 3 * * *',
    },
    ...{ filter: '(objectClass=person)', pageSize: 10, timeoutSeconds: 20, maxEntries: 10_000, keepShare: 0.5 },
    account: { dn: `cn=root,${CORP}`, password: PASSWORD },
    attributes: { cn: 'cn', sn: 'sn', telephoneNumber: 'telephoneNumber', mail: 'mail', mobile: 'otherMobile' },
    ...more,
  }
}

describe('a copy', () => {
  test('brings everybody, page by page; the next one finds nothing to do', async () => {
    const { port } = await slapd(many(35))
    const { desk, store, upstreams } = await freshDesk({ upstreams: [settings(port, { region: 'paris' })] })
    await desk.contacts.save({ region: '', owner: '', attributes: { cn: 'Ours' } })
    expect(await upstreams.sync('corp')).toMatchObject({ added: 35, changed: 0, removed: 0, rejected: 0 })
    expect(store.count(contacts)).toBe(36)
    const [one] = desk.contacts.find({
      text: 'person 33',
      source: 'corp',
      order: 'name',
      descending: false,
      page: 1,
      pageSize: 9,
    }).rows
    expect(one).toMatchObject({
      region: 'paris',
      owner: '',
      attributes: { cn: 'Person 33', telephoneNumber: '+49 30 1033' },
    })
    expect(await upstreams.sync('corp')).toMatchObject({ added: 0, changed: 0, unchanged: 35 })
    expect(desk.upstreams.list()).toMatchObject([{ name: 'corp', running: false, last: { unchanged: 35 } }])
    expect(desk.upstreams.list()[0]?.next).toBeGreaterThan(0)
  })

  test('a directory that lost most of its people keeps them here, and says so until they are back', async () => {
    const [whole, part] = [await slapd(many(20).map(withUuid)), await slapd(many(3).map(withUuid))]
    let port = whole.port
    const through = await listening(createServer((socket) => socket.pipe(connect(port, '127.0.0.1')).pipe(socket)))
    const { upstreams, store, alarms: list } = await freshDesk({ upstreams: [settings(through)] })
    await upstreams.sync('corp')
    port = part.port
    const run = await upstreams.sync('corp')
    expect(run).toMatchObject({ unchanged: 3, removed: 0, problem: expect.stringContaining('only 3 of the 20') })
    expect([store.count(contacts), list.active().length]).toEqual([20, 1])
    port = whole.port
    expect((await upstreams.sync('corp'))?.problem).toBeUndefined()
    expect(list.active()).toEqual([])
  })

  test('an entry keeps its contact when it is changed there', async () => {
    const all = many(5).map(withUuid)
    const before = await slapd(all.slice(1, 4))
    const after = await slapd([all[1]?.replaceAll('Person 1', 'Other') ?? '', all[2] ?? '', all[4] ?? ''])
    let port = before.port
    const through = await listening(createServer((socket) => socket.pipe(connect(port, '127.0.0.1')).pipe(socket)))
    const { upstreams, store } = await freshDesk({ upstreams: [settings(through)] })
    expect(await upstreams.sync('corp')).toMatchObject({ added: 3 })
    port = after.port
    expect(await upstreams.sync('corp')).toMatchObject({ added: 1, changed: 1, unchanged: 1, removed: 1 })
    expect([...store.entries(contacts)].map(({ value }) => value.attributes.cn).sort()).toEqual([
      ...['Other', 'Person 2', 'Person 4'],
    ])
  })

  test('referrals to other servers are not followed, and do not spoil the rest', async () => {
    const referral = [
      `dn: ou=elsewhere,${CORP}`,
      ...[
        'objectClass: referral',
        'objectClass: extensibleObject',
        'ou: elsewhere',
        'ref: ldap://192.0.2.1/ou=x,dc=y',
        '',
      ],
    ].join('\n')
    const { port } = await slapd([...many(12), referral])
    const { upstreams } = await freshDesk({ upstreams: [settings(port, { pageSize: 5 })] })
    expect(await upstreams.sync('corp')).toMatchObject({ added: 12, rejected: 0 })
  })

  test('by StartTLS, only with a certificate that the authority signed', async () => {
    const [ours, other] = [await freshCertificate(), await freshCertificate()]
    const key = ours.file.replace('cert.pem', 'key.pem')
    const { port } = await slapd(
      many(12),
      ['security tls=1'],
      [`TLSCertificateFile ${ours.file}`, `TLSCertificateKeyFile ${key}`],
    )
    const good = settings(port, { startTls: true, caFile: ours.file })
    const { upstreams } = await freshDesk({
      upstreams: [
        good,
        { ...good, name: 'stranger', caFile: other.file },
        { ...good, name: 'gone', caFile: '/nowhere.pem' },
        { ...good, name: 'clear', startTls: false },
      ],
    })
    expect(await upstreams.sync('corp')).toMatchObject({ added: 12 })
    expect((await upstreams.sync('stranger'))?.problem).toMatch(/certificate|self-signed/)
    expect((await upstreams.sync('gone'))?.problem).toContain('/nowhere.pem')
    expect((await upstreams.sync('clear'))?.problem).toMatch(/0xd/)
  })

  test('by LDAPS, of a server that is our own', async () => {
    const { key, cert, file } = await freshCertificate()
    const tlsListen = { address: '127.0.0.1', port: 0 }
    const { tlsPort } = await serve({ port: portOf(shelf(STAFF)), tls: () => ({ key, cert }), tlsListen })
    const there = {
      ...{ url: `ldaps://127.0.0.1:${tlsPort}`, base: SUFFIX, filter: '(objectClass=person)', pageSize: 2 },
      account: { dn: PHONES, password: 'secret' },
    }
    const upstream = settings(0, { ...there, caFile: file })
    const { upstreams } = await freshDesk({ upstreams: [upstream, settings(0, { ...there, name: 'stranger' })] })
    expect(await upstreams.sync('corp')).toMatchObject({ added: 4, rejected: 0 })
    expect((await upstreams.sync('stranger'))?.problem).toMatch(/self-signed|certificate/)
  })

  test('on its schedule, and only once at a time', async () => {
    const { port } = await slapd(many(3))
    const { desk, upstreams } = await freshDesk({ upstreams: [settings(port, { schedule: '* * * * * *' })] })
    await vi.waitFor(() => expect(desk.upstreams.list()[0]?.last?.unchanged).toBe(3), { timeout: 8_000, interval: 50 })
    const [one, other] = await Promise.all([upstreams.sync('corp'), upstreams.sync('corp')])
    expect(one).toBe(other)
    expect(await upstreams.sync('nobody')).toBeUndefined()
  })
})

describe('a copy that fails changes nothing, and raises an alarm until one goes well', () => {
  async function failing(
    more: (port: number) => Partial<UpstreamSettings>,
    extra: readonly string[] = [],
    anonymous = false,
  ) {
    const { port } = await slapd(many(200), extra)
    const { account, ...rest } = settings(port)
    const upstream = { ...rest, ...(!anonymous && account && { account }), ...more(port) }
    const house = await freshDesk({ upstreams: [upstream] })
    const run = await house.upstreams.sync('corp')
    const [alarm] = [...house.store.entries(alarms)].map(({ value }) => value)
    expect(alarm).toMatchObject({
      ...{ name: 'DIRECTORY SYNC FAILED', source: 'directory/corp', eventType: 'communications', probableCause: 56 },
    })
    expect(JSON.stringify([run, alarm])).not.toContain(PASSWORD)
    expect(house.store.count(contacts)).toBe(0)
    expect(house.store.get(directorySyncs, 'corp')?.value).toEqual(run)
    return run?.problem
  }

  test('a wrong password', async () => {
    expect(await failing(() => ({ account: { dn: `cn=root,${CORP}`, password: 'wrong' } }))).toMatch(/0x31/)
  })

  test('a server that is not there', async () => {
    expect(await failing(() => ({ url: 'ldap://127.0.0.1:1' }))).toContain('ECONNREFUSED')
  })

  test('a base that is not there, and a filter that is none', async () => {
    expect(await failing(() => ({ base: 'ou=nowhere,dc=corp' }))).toMatch(/0x20/)
    expect(await failing(() => ({ filter: '((' }))).toBeTruthy()
  })

  test('a server that gives fewer pages than there are', async () => {
    expect(await failing(() => ({}), ['limits * size.prtotal=50'], true)).toMatch(/0x4|limit/i)
  })

  test('more entries than are taken', async () => {
    expect(await failing(() => ({ maxEntries: 100 }))).toContain('more than 100')
  })

  test('a connection that is lost half way', async () => {
    let cut = 0
    const lossy = async (port: number) =>
      listening(
        createServer((socket) => {
          const far = connect(port, '127.0.0.1')
          let bytes = 0
          far.on('data', (chunk) => {
            bytes += chunk.length
            if (bytes > 8_000) {
              cut++
              socket.destroy()
              far.destroy()
            } else socket.write(chunk)
          })
          socket.pipe(far)
          for (const side of [socket, far]) side.on('error', () => {})
        }),
      )
    const { port } = await slapd(many(200))
    const { upstreams, store } = await freshDesk({ upstreams: [settings(await lossy(port))] })
    const run = await upstreams.sync('corp')
    expect([run?.problem !== undefined, cut, store.count(contacts)]).toEqual([true, 1, 0])
  })

  test('a daemon that stops does not wait for a server that says nothing', async () => {
    const port = await listening(createServer(() => {}))
    const { upstreams, store } = await freshDesk({ upstreams: [settings(port, { timeoutSeconds: 600 })] })
    const run = upstreams.sync('corp')
    await upstreams.stop()
    expect((await run)?.problem).toBe('it was stopped')
    expect([store.count(alarms), store.get(directorySyncs, 'corp')]).toEqual([0, undefined])
  })

  test('a server that says nothing more', async () => {
    const silent = createServer(() => {})
    const port = await listening(silent)
    expect(await failing(() => ({ url: `ldap://127.0.0.1:${port}`, timeoutSeconds: 1 }))).toContain('longer than 1 s')
  })
})

function listening(server: ReturnType<typeof createServer>): Promise<number> {
  onTestFinished(() => void server.close())
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      resolve(typeof address === 'object' && address ? address.port : 0)
    })
  })
}
