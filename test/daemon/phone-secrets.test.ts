// SPDX-License-Identifier: Apache-2.0
// Secrets of the whole product, asked for with curl, wget and tftp from a phone's own address and from others.
import { randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { newPhone, newUser, sipPasswordPlace } from '#daemon/domain/phone'
import { Vault } from '#daemon/services/vault'
import { LevelStore } from '#daemon/store/level-store'
import { put } from '#daemon/store/store'
import { leases, phones, users } from '#daemon/store/tables'
import { vaultKey } from '#daemon/vault-key'
import type { Ipv4 } from '#protocols/lib/ipv4'
import type { Mac } from '#protocols/lib/mac'
import { freshCertificate } from '#test/protocols/ldap/certificate'
import { freshFolder, startWhole } from '#test/support/offhook'
import { here } from '#test/support/process'
import { rsaCertificate } from '#test/support/rsa-certificate'

const mac = '00908f123456' as Mac
const HOME = '127.0.0.1'
const ATTACKER = '127.0.0.66'
const SIP = 'Zq9-sip-password'

const YAML = `
server: { address: 127.0.0.1 }
web: { listen: '127.0.0.1:0' }
http: { listen: ['127.0.0.1:0'] }
tftp: { listen: '127.0.0.1:0' }
dhcp: { mode: 'off' }
log: { level: trace }`

/** A data folder with a phone that was let in, its lease and its user. */
async function furnished(): Promise<string> {
  const folder = await freshFolder()
  const data = join(folder, 'data')
  await mkdir(data, { mode: 0o700 })
  const vault = new Vault()
  vault.unlock(await vaultKey(data, undefined))
  const store = new LevelStore({ folder: join(data, 'store'), onFault: () => {} })
  await store.open()
  const anna = { ...newUser('anna', 1), phoneNumber: '4711', sipPassword: vault.seal(SIP, sipPasswordPlace('anna')) }
  const phone = {
    ...newPhone(mac, 1),
    model: '440HD',
    approval: 'approved',
    owner: 'anna',
    ownerFrom: 'admin',
  } as const
  const lease = { address: HOME as Ipv4, mac, state: 'leased', clientKey: 'x', hostname: '', updatedAt: 1 } as const
  const changes = [
    ...[put(users, 'anna', anna), put(phones, mac, phone)],
    put(leases, HOME, { ...lease, expiresAt: Date.now() + 3_600_000 }),
  ]
  await store.commit(changes, { durable: true })
  await store.close()
  return folder
}

test('guessing gets no password, the personal address works once it is known, and no log tells either', async () => {
  const folder = await furnished()
  const { endpoints, offhook, log } = await startWhole(YAML, folder)
  const [http, tftp] = ['http', 'tftp'].map((server) => endpoints(server)[0]?.port)
  const curl = (path: string, from: string, ...more: string[]) =>
    here.must('curl', ['-sS', '--max-time', '7', '--interface', from, ...more, `http://127.0.0.1:${http}${path}`])

  const guessed = await curl(`/configfiles/${mac}.cfg`, ATTACKER)
  expect(guessed).toContain('voip/line/0/id=4711')
  expect(guessed).not.toMatch(/password|\/t\//)
  for (const posted of [`/${mac}.cfg`, `/440HD/${mac.toUpperCase()}.cfg`, `/ipp/httpproxy/configfiles/${mac}.cfg`]) {
    expect(await curl(posted, ATTACKER, '-X', 'POST', '-d', 'x')).not.toContain(SIP)
  }
  const own = await curl(`/configfiles/${mac}.cfg`, HOME, '-i')
  expect(own).toContain(`voip/line/0/auth_password=${SIP}\n`)
  expect(own).toMatch(/^cache-control: no-store/im)
  expect(own).toMatch(/^ems_server\/user_password=[\w-]{16}$/m)
  const [, token = ''] = /configfiles\/t\/([\w-]{24})\//.exec(own) ?? []
  expect(token).not.toBe('')

  // TFTP, which nobody encrypts or signs.
  const fetched = join(folder, 'by-tftp.cfg')
  await here.must('tftp', ['-m', 'binary', HOME, String(tftp), '-c', 'get', `configfiles/${mac}.cfg`, fetched])
  expect(await readFile(fetched, 'utf8')).not.toMatch(/password|\/t\//)

  // By its personal address from anywhere, with wget; the phone's include is found beside it.
  const personal = `http://127.0.0.1:${http}/configfiles/t/${token}`
  const wget = ['-q', '-O', '-', '--bind-address', ATTACKER]
  expect(await here.must('wget', [...wget, `${personal}/${mac}.cfg`])).toContain(SIP)
  const [, included = ''] = /^include (\S+)$/m.exec(own) ?? []
  expect(await here.must('wget', [...wget, `${personal}/${included}`])).toContain('provisioning/method=Static')

  // From now on nothing else will do, not even at home; slips in the path tell nothing either.
  expect(await curl(`/configfiles/${mac}.cfg`, HOME)).not.toMatch(/4711|password|\/t\//)
  for (const path of ['', '/', '/x.html', '/../x', `/%2e%2e/${mac}.cfg`, `/${mac}.cfg%00`, '/t/x']) {
    await curl(`/configfiles/t/${token}${path}`, ATTACKER, '--path-as-is')
    await curl(`//t//${token}${path}`, ATTACKER, '--path-as-is')
  }
  await here.run('tftp', [HOME, String(tftp), '-c', 'get', `configfiles/t/${token}/x.html`, join(folder, 'none')])
  expect(offhook.alarms.active().map(({ name }) => name)).toContain('PHONE WITHOUT ITS PERSONAL ADDRESS')

  const metrics = await here.must('curl', ['-sS', `http://127.0.0.1:${endpoints('web')[0]?.port}/metrics`])
  const told = [log.join('\n'), metrics, JSON.stringify(offhook.alarms.active())].join('\n')
  expect(told).toContain('"id":"secrets.withheld"')
  expect(told).toContain('configfiles/t/***')
  for (const secret of [token, SIP]) expect(told.includes(secret)).toBe(false)
}, 20_000)

test('auxiliary files: certificates for all, a private key for the phone that it is for, at its own address', async () => {
  const folder = await furnished()
  const { endpoints, offhook, log } = await startWhole(YAML, folder)
  const { auxiliary } = offhook
  const { key, cert } = await freshCertificate()
  const ca = await auxiliary.add('certificate', 'ca.pem', Buffer.from(cert), 'admin')
  const sip = await auxiliary.add('key', 'sip.key', Buffer.from(key), 'admin')
  const list = await auxiliary.add('directory', 'people.csv', Buffer.from('Anna,4711'), 'admin')
  if (ca.kind !== 'saved' || sip.kind !== 'saved' || list.kind !== 'saved') throw new Error('not taken')
  await auxiliary.assign('system', 'root-ca-1', ca.value.id, 'admin')
  await auxiliary.assign('system', 'corporate-directory', list.value.id, 'admin')
  await auxiliary.assign('user/anna', 'sip-key', sip.value.id, 'admin')

  const http = `http://127.0.0.1:${endpoints('http')[0]?.port}`
  const curl = (url: string, from: string, ...more: string[]) =>
    here.run('curl', ['-sS', '--max-time', '7', '--interface', from, '-w', '\n%{http_code}', ...more, url])
  const config = async (from: string) => (await curl(`${http}/configfiles/${mac}.cfg`, from)).stdout
  // The configuration says port 0, which is what phones are then told.
  const settingOf = (text: string, name: string) =>
    new RegExp(`^${name}=(\\S+)$`, 'm').exec(text)?.[1]?.replace('http://127.0.0.1:0', http) ?? ''

  expect(settingOf(await config(ATTACKER), 'security/sip_private_key_uri')).toBe('')
  const own = await config(HOME)
  const caUrl = settingOf(own, 'security/ca_certificate/0/uri')
  expect(caUrl).toBe(`${http}/configfiles/files/${ca.value.id}/ca.pem`)
  expect((await curl(caUrl, ATTACKER)).stdout).toBe(`${cert}\n200`)
  expect((await curl(settingOf(own, 'provisioning/corporate_directory_uri'), HOME)).stdout).toBe('Anna,4711\n200')
  expect((await curl(caUrl, HOME, '-X', 'POST')).stdout).toMatch(/405$/)

  const keyUrl = settingOf(own, 'security/sip_private_key_uri')
  expect(keyUrl.length).toBeLessThanOrEqual(128)
  const fetched = await curl(keyUrl, HOME, '-i')
  expect(fetched.stdout).toContain(key)
  expect(fetched.stdout).toMatch(/cache-control: no-store/i)
  const wrong = [
    [keyUrl, ATTACKER],
    [keyUrl.replace(/t\/[\w-]+/, `t/${'x'.repeat(24)}`), HOME],
    [`${http}/configfiles/files/${sip.value.id}/sip.key`, HOME],
    [keyUrl.replace(mac, '00908f654321'), HOME],
  ] as const
  for (const [url, from] of wrong) expect((await curl(url, from)).stdout).toMatch(/^Not for you\n\n403$/)
  await auxiliary.assign('user/anna', 'sip-key', '', 'admin')
  expect((await curl(keyUrl, HOME)).stdout).toMatch(/403$/)
  const token = /t\/([\w-]+)\//.exec(keyUrl)?.[1] ?? 'none'
  for (const secret of [token, key.split('\n')[1] ?? 'none']) expect(log.join('\n').includes(secret)).toBe(false)
}, 20_000)

test('a pinned file is given byte for byte to the phone itself, by HTTP; others learn nothing secret of it', async () => {
  const folder = await furnished()
  const { endpoints, offhook, log } = await startWhole(YAML, folder)
  const port = endpoints('http')[0]?.port
  const cfg = Buffer.from('\ufeff; ä own file\r\nsystem/type = 440HD\r\nsystem/password={"VGhpcw=="}\r\nx/y=1')
  const cfx = randomBytes(5_000)
  expect((await offhook.pinned.pin(`${mac}.cfg`, cfg, 'anna')).kind).toBe('saved')
  expect((await offhook.pinned.pin('00:90:8F:12:34:56.CFX', cfx, 'anna')).kind).toBe('saved')
  const get = async (name: string, from: string) => {
    const into = join(folder, 'fetched')
    const url = `http://127.0.0.1:${port}/configfiles/${name}`
    const code = await here.must('curl', ['-sS', '--interface', from, '-o', into, '-w', '%{http_code}', url])
    return { code, bytes: await readFile(into) }
  }
  expect((await get(`${mac}.cfg`, HOME)).bytes.equals(cfg)).toBe(true)
  expect((await get(`${mac.toUpperCase()}.cfx`, HOME)).bytes.equals(cfx)).toBe(true)
  const stranger = await get(`${mac}.cfg`, ATTACKER)
  expect(stranger.bytes.toString()).toBe('\ufeff; ä own file\r\nsystem/type = 440HD\r\nx/y=1')
  expect((await get(`${mac}.cfx`, ATTACKER)).code).toBe('403')
  expect((await get('00908f654321.cfx', ATTACKER)).code).toBe('404')
  const kept = await readFile(join(folder, 'data', 'pinned', `${mac}.cfg`), 'latin1')
  expect(kept).not.toContain('VGhpcw')
  expect((await stat(join(folder, 'data', 'pinned', `${mac}.cfx`))).mode & 0o777).toBe(0o600)
  expect(log.join('\n')).not.toContain('VGhpcw')

  await offhook.pinned.unpin(mac, 'cfg', 'anna')
  expect((await get(`${mac}.cfg`, HOME)).bytes.toString()).toContain(SIP)
  const refused = [
    ['00908f12345.cfg', 'a=b', 'called after its phone'],
    [`../${mac}.cfg`, 'a=b', 'called after its phone'],
    [`${mac}.cfg`, 'system/type=420HD', 'the phone is a 440HD'],
    [`${mac}.cfg`, 'nothing', 'no line such as'],
    [`${mac}.cfg`, Buffer.from([0xff, 0x00]), 'not text in UTF-8'],
    [`${mac}.cfx`, Buffer.alloc(256 * 1024 + 1), 'larger than 256 KB'],
    [`${mac}.cfx`, '', 'empty'],
  ] as const
  for (const [name, content, why] of refused) {
    const answer = await offhook.pinned.pin(name, Buffer.from(content), 'anna')
    expect(answer).toMatchObject({ kind: 'refused', errors: [{ message: expect.stringContaining(why) }] })
  }
}, 20_000)

test('a certificate that the phones’ authority signed proves which phone it is; one that only says so does not', async () => {
  const folder = await furnished()
  await rsaCertificate(folder, 'server', '/CN=phones')
  await rsaCertificate(folder, 'ca', '/CN=CA_ipp1')
  for (const [name, subject] of [
    ['phone', mac.toUpperCase()],
    ['other', '00908F654321'],
  ] as const) {
    await rsaCertificate(folder, name, `/CN=Client_${subject}`, 'ca')
  }
  await rsaCertificate(folder, 'liar', `/CN=Client_${mac.toUpperCase()}`)
  const tls = `tls: { key: ${folder}/server.key, cert: ${folder}/server.crt, clientCa: ${folder}/ca.crt }`
  const { endpoints } = await startWhole(
    YAML.replace(
      "http: { listen: ['127.0.0.1:0'] }",
      `http: { listen: ['127.0.0.1:0'], tlsListen: '127.0.0.1:0', ${tls} }`,
    ),
    folder,
  )
  const ask = (name: string) =>
    here.must('curl', [
      ...['-sS', '--max-time', '7', '--interface', ATTACKER, '--cacert', join(folder, 'server.crt')],
      ...['--cert', join(folder, `${name}.crt`), '--key', join(folder, `${name}.key`)],
      `https://127.0.0.1:${endpoints('http')[1]?.port}/configfiles/${mac}.cfg`,
    ])
  expect(await ask('phone')).toContain(SIP)
  for (const name of ['other', 'liar']) expect(await ask(name)).not.toMatch(/password|\/t\//)
}, 20_000)

test('neither the token nor the password is in clear on disk, timelines included', async () => {
  const folder = await furnished()
  const running = await startWhole(YAML, folder)
  const url = `http://127.0.0.1:${running.endpoints('http')[0]?.port}/configfiles`
  const own = await here.must('curl', ['-sSf', '--interface', HOME, `${url}/${mac}.cfg`])
  const [, token = 'none'] = /configfiles\/t\/([\w-]{24})\//.exec(own) ?? []
  await here.must('curl', ['-sSf', `${url}/t/${token}/${mac}.cfg`])
  await running.stop()
  const store = join(folder, 'data', 'store')
  const files = await readdir(store, { recursive: true, withFileTypes: true })
  const contents = await Promise.all(
    files.filter((file) => file.isFile()).map((file) => readFile(join(file.parentPath, file.name), 'latin1')),
  )
  const all = contents.join('\n')
  expect(all).toContain('phoneSecrets')
  for (const secret of [token, SIP]) expect(all.includes(secret)).toBe(false)
}, 20_000)

test('somebody who tries many hardware addresses is told of by his address, and slowed down', async () => {
  const folder = await furnished()
  const { endpoints, offhook } = await startWhole(`${YAML}\nprovisioning: { guesses: 5 }`, folder)
  const url = `http://127.0.0.1:${endpoints('http')[0]?.port}/configfiles/00908fab00[00-19].cfg`
  const codes = await here.must('curl', [
    ...['-sS', '--max-time', '15', '--interface', ATTACKER, '--parallel', '--parallel-max', '15'],
    ...['-o', '/dev/null', '-w', '%{http_code}\n', url],
  ])
  const count = (code: string) => codes.split('\n').filter((line) => line === code).length
  expect(count('503')).toBeGreaterThan(0)
  expect(count('404') + count('503')).toBe(20)
  expect(offhook.alarms.active()).toContainEqual(
    expect.objectContaining({ name: 'MAC ENUMERATION', remoteHost: ATTACKER }),
  )
  const own = await here.must('curl', [
    '-sS',
    '--max-time',
    '3',
    '--interface',
    HOME,
    url.replace(/00908f.*/, `${mac}.cfg`),
  ])
  expect(own).toContain(SIP)
}, 20_000)
