// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { newPhone, type Phone } from '#daemon/domain/phone'
import { type Scope, SYSTEM } from '#daemon/domain/scope'
import { Choices } from '#daemon/services/firmware/choices'
import { FirmwareDesk } from '#daemon/services/firmware/desk'
import { FirmwareFiles } from '#daemon/services/firmware/dropped'
import { ImageFiles } from '#daemon/services/firmware/image-files'
import { ImageLibrary } from '#daemon/services/firmware/library'
import { PhonesByAddress } from '#daemon/services/firmware/phones-by-address'
import { FirmwareServing } from '#daemon/services/firmware/serving'
import { Wanted } from '#daemon/services/firmware/wanted'
import { Scopes } from '#daemon/services/scopes/scopes'
import { put, type Store } from '#daemon/store/store'
import { phones, scopes as scopesTable } from '#daemon/store/tables'
import { identify } from '#daemon/vendors/audiocodes/identify'
import { PhoneHttpServer } from '#protocols/http/server'
import type { Exchange } from '#protocols/lib/exchange'
import type { Mac } from '#protocols/lib/mac'
import { files as filesOf } from '#protocols/provisioning/answer'
import { ProvisioningHandler } from '#protocols/provisioning/handler'
import type { ProvisioningPort } from '#protocols/provisioning/port'
import { tftpFiles } from '#protocols/provisioning/tftp-files'
import { TftpServer } from '#protocols/tftp/server'
import { freshStore } from '#test/support/store'

export const REGION: Scope = { ...SYSTEM, id: 'regionx', kind: 'region', name: 'Germany', parent: 'system', version: 1 }
export const SITE: Scope = {
  ...{ ...REGION, id: 'sitexxx', kind: 'site', name: 'Berlin', parent: REGION.id },
  subnets: ['127.0.0.0/24'],
}

export interface Announced {
  readonly id: string
  readonly fields: Readonly<Record<string, unknown>>
}

/** All of firmware but its pages, upon a real store in a fresh folder. */
export async function firmwareHouse(given: { folder?: string; store?: Store; mostBytes?: number } = {}) {
  const folder = given.folder ?? (await freshFolder())
  const store = given.store ?? (await freshStore())
  const clock = { now: Date.parse('2026-03-01T12:00:00Z') }
  const now = () => clock.now
  const announced: Announced[] = []
  const announce = (id: string, fields = {}) => void announced.push({ id, fields })
  const random = (bytes: number) => new Uint8Array(randomBytes(bytes))
  const files = new ImageFiles(folder, random)
  const dropped = new FirmwareFiles(folder)
  const mostBytes = () => given.mostBytes ?? 64 * 2 ** 20
  const library = new ImageLibrary({ store, files, now, announce, mostBytes })
  const choices = new Choices({ store, now, announce })
  const addresses = new PhonesByAddress()
  if (!store.get(scopesTable, 'tree')) {
    await store.commit([put(scopesTable, 'tree', { scopes: [REGION, SITE] })], { durable: false })
  }
  const places = new Scopes({ store, now, random, announce, networks: [] })
  await files.prepare()
  await places.start()
  await library.start()
  choices.start()
  addresses.start(store)
  const serving = new FirmwareServing({ store, library, choices, dropped, places, addresses, identify, now })
  const desk = new FirmwareDesk({ store, library, choices, dropped, serving, places, mostBytes })
  const wanted = new Wanted({ library, choices, serving, dropped }, now)
  onTestFinished(() => {
    addresses.stop()
    choices.stop()
    places.stop()
  })

  /** Uploads and insists on it. */
  async function add(bytes: Uint8Array, fileName = '440HD.img', change: { model?: string; insist?: boolean } = {}) {
    const received = await library.receive(pieces(bytes))
    const said = { fileName, model: '', version: '', description: '', insist: false, ...change }
    const saved = await library.keep(received, said, 'anna')
    if (saved.kind !== 'saved') throw new Error(JSON.stringify(saved))
    return saved.value.value
  }

  async function addPhone(mac: Mac, change: Partial<Phone> = {}) {
    const phone = { ...newPhone(mac, clock.now), model: '440HD', ...change }
    await store.commit([put(phones, mac, phone)], { durable: false })
  }
  return {
    desk,
    folder,
    store,
    clock,
    announced,
    library,
    choices,
    dropped,
    serving,
    wanted,
    places,
    add,
    addPhone,
    files,
  }
}

export async function freshFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'offhook-firmware-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** Bytes as a network brings them. */
export async function* pieces(bytes: Uint8Array, size = 10_000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

/** The phones' own servers in front of it, on any free port. */
export async function phoneFront(serving: FirmwareServing) {
  const port: ProvisioningPort = {
    fileFor: async (request, asker) =>
      request.kind === 'firmware'
        ? serving.fileFor(request, asker)
        : { kind: 'refuse', status: 404, reason: 'nothing but firmware is here' },
  }
  const exchanges: Exchange[] = []
  const observe = (exchange: Exchange) => void exchanges.push(exchange)
  const files = filesOf(port)
  const listen = { address: '127.0.0.1', port: 0 }
  const http = new PhoneHttpServer({
    ...{ listeners: [{ endpoint: listen }], handlers: [new ProvisioningHandler(files)], observe },
  })
  const tftp = new TftpServer({ listen, port: tftpFiles(files), observe })
  for (const server of [http, tftp]) {
    await server.start(new AbortController().signal)
    onTestFinished(() => server.stop())
  }
  const portOf = (server: typeof http | typeof tftp) => server.health().endpoints[0]?.port ?? 0
  return { http, tftp, exchanges, url: `http://127.0.0.1:${portOf(http)}`, tftpPort: portOf(tftp) }
}
