// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { newPhone } from '#daemon/domain/phone'
import { LevelStore } from '#daemon/store/level-store'
import { put } from '#daemon/store/store'
import { firmwareChoices, phones } from '#daemon/store/tables'
import type { Mac } from '#protocols/lib/mac'
import { image } from '#test/services/firmware/image'
import { type Daemon, DaemonHome, VOICE_NETWORK } from '#test/support/daemon'
import { DhcpClients } from '#test/support/dhcp-clients'
import {
  FAR_PHONE_MAC,
  layTwoPhones,
  type Namespace,
  PHONE_MAC,
  SERVER_ADDRESS,
  type TwoPhones,
} from '#test/support/netns'

/*
 * Two phones of one model, one inside the stage of a rollout and one outside. What keeps the second on its image is asked
 * for with real clients on every way by which a phone comes by an image: udhcpc for options 66 and 67 and the header's
 * own fields, tftp as a phone in recovery, and curl along the URL in its file.
 */
const MODEL = '440HD'
const OLD_VERSION = '2.2.12.1'
const [OLD, NEW] = [image({ version: OLD_VERSION, bytes: 200_000 }), image({ version: '2.2.16.7', bytes: 300_000 })]
/** Of a phone that does not say its MAC. */
const UNNAMED = `AUDC-IPPhone-${MODEL}_UC_2.0.7.70/1.0.0000.0`

interface Phone {
  readonly mac: Mac
  readonly place: Namespace
  readonly clients: DhcpClients
}

let network: TwoPhones
let home: DaemonHome
let daemon: Daemon
let scratch: string
let both: readonly Phone[] = []

beforeAll(async () => {
  network = await layTwoPhones()
  home = await DaemonHome.make(VOICE_NETWORK)
  scratch = await mkdtemp(join(tmpdir(), 'offhook-pins-'))
  both = await Promise.all(
    [
      { mac: plain(PHONE_MAC), place: network.phone },
      { mac: plain(FAR_PHONE_MAC), place: network.second },
    ].map(async (one) => ({ ...one, clients: await DhcpClients.on(one.place) })),
  )
  await prepare()
  daemon = await home.start(network.server)
}, 60_000)

afterAll(async () => {
  for (const { clients } of both) await clients.close()
  await home?.close()
  await network?.close()
  if (scratch) await rm(scratch, { recursive: true, force: true })
})

it('only the phone inside the stage gets the new image: by options 66 and 67, by TFTP, by its URL, and by HTTP', async () => {
  for (const phone of both) await boots(phone)
  const old = { tftp: idOf(OLD), url: idOf(OLD), unnamed: idOf(OLD), named: idOf(OLD) }
  const fresh = { tftp: idOf(NEW), url: idOf(NEW), unnamed: idOf(NEW), named: idOf(NEW) }
  for (const phone of both) expect(await gets(phone)).toEqual(old)

  const limits = { soakMinutes: 60, patienceMinutes: 90, tolerancePercent: 2 }
  const draft = { images: [idOf(NEW)], shares: [100], ...limits }
  const { id } = (await api('rollouts', draft)) as { id: string }
  const { rows } = (await api(`rollouts/${id}/phones`)) as { rows: readonly { mac: Mac; stage: number }[] }
  const inside = both.find(({ mac }) => rows.some((row) => row.mac === mac && row.stage === 0))
  const outside = both.find(({ mac }) => rows.some((row) => row.mac === mac && row.stage === 1))
  if (!inside || !outside) throw new Error(`no canary and no other phone in ${JSON.stringify(rows)}`)
  expect(await gets(inside)).toEqual(fresh)
  expect(await gets(outside)).toEqual(old)

  // Both start anew, as a phone that is out of order would: nothing of what DHCP told before is used.
  for (const phone of both) await boots(phone)
  expect(await gets(inside)).toEqual(fresh)
  expect(await gets(outside)).toEqual(old)

  await api(`rollouts/${id}/halt`, {})
  for (const phone of both) expect(await gets(phone)).toEqual(old)
  await api(`rollouts/${id}/continue`, {})
  expect(await gets(inside)).toEqual(fresh)
  expect(await gets(outside)).toEqual(old)
}, 60_000)

/** Takes a lease and reports, without its MAC in the user agent. */
async function boots({ clients, place, mac }: Phone): Promise<void> {
  const client = clients.udhcpc({ phoneClass: MODEL })
  const { values } = await client.learns('bound')
  expect(values).toMatchObject({ tftp: SERVER_ADDRESS, siaddr: SERVER_ADDRESS, bootfile: `${MODEL}.img` })
  await client.unplug()
  const facts = { mac, ip: values.ip, model: MODEL, fwVersion: OLD_VERSION, userAgent: UNNAMED, status: 'registered' }
  const url = `http://${SERVER_ADDRESS}:8081/rest/v1/ipphoneMgrStatus/keep-alive`
  await place.must('curl', ['-sSf', '--max-time', '10', '-A', UNNAMED, '-d', JSON.stringify(facts), url])
}

/** Hashes of the image that a phone comes by on each way. */
async function gets({ place, mac }: Phone) {
  const file = join(scratch, mac)
  const byTftp = ['-m', 'binary', SERVER_ADDRESS, '-c', 'get', `${MODEL}.img`, file]
  await place.must('tftp', byTftp)
  const tftp = idOf(await readFile(file))
  const curl = (agent: string, ...args: string[]) =>
    place.must('curl', ['-sSf', '--max-time', '10', '-A', agent, ...args])
  const byHttp = async (agent: string, folder: string) => {
    await curl(agent, '-o', file, `${folder}${MODEL}.img`)
    return idOf(await readFile(file))
  }
  const told = await firmwareUrl((url) => curl(UNNAMED, url), mac)
  const common = `http://${SERVER_ADDRESS}/firmwarefiles/`
  const named = `AUDC-IPPhone/${OLD_VERSION} (${MODEL}G-Rev0; ${mac.toUpperCase()})`
  return {
    ...{ tftp, url: await byHttp(UNNAMED, told) },
    ...{ unnamed: await byHttp(UNNAMED, common), named: await byHttp(named, common) },
  }
}

/** `provisioning/firmware/url` of the phone's own file, or of the shared one that it includes. */
async function firmwareUrl(fetched: (url: string) => Promise<string>, mac: Mac): Promise<string> {
  const folder = `http://${SERVER_ADDRESS}/configfiles/`
  const own = await fetched(`${folder}${mac}.cfg`)
  const shared = /^include\s+(\S+)$/m.exec(own)?.[1]
  const all = `${own}\n${shared === undefined ? '' : await fetched(new URL(shared, folder).href)}`
  const url = /^\s*provisioning\/firmware\/url\s*=\s*(\S+)/m.exec(all)?.[1]
  if (url === undefined) throw new Error(`no firmware URL in\n${all}`)
  return url
}

/** Both phones are known, with the old image, which is chosen for all of their model. */
async function prepare(): Promise<void> {
  for (const bytes of [OLD, NEW]) await home.addFirmware(`${idOf(bytes)}.img`, bytes)
  await mkdir(join(home.dataFolder, 'store'), { recursive: true })
  const store = new LevelStore({ folder: join(home.dataFolder, 'store') })
  await store.open()
  const choice = { model: MODEL, where: 'system', image: idOf(OLD), at: 1, by: 'test' }
  const facts = { model: MODEL, firmware: OLD_VERSION, approval: 'approved' } as const
  const known = both.map(({ mac }) => put(phones, mac, { ...newPhone(mac, 1), ...facts }))
  await store.commit([put(firmwareChoices, 'choices', { choices: [choice] }), ...known], { durable: true })
  await store.close()
}

async function api(path: string, body?: object): Promise<unknown> {
  const { token } = JSON.parse(await readFile(join(home.dataFolder, 'local-api'), 'utf8')) as { token: string }
  const headers = ['-H', `Authorization: Bearer ${token}`, '-H', 'Content-Type: application/json']
  const sent = body ? ['-d', JSON.stringify(body)] : []
  const url = `${daemon.url}api/v1/${path}`
  return JSON.parse(await network.server.must('curl', ['-sS', '--fail-with-body', ...headers, ...sent, url]))
}

function idOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function plain(mac: string): Mac {
  return mac.replaceAll(':', '') as Mac
}
