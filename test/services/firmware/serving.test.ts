// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events'
import { mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { builtInPlaceholders, shippedTemplates } from '#config/templates'
import type { Firmware } from '#daemon/domain/firmware'
import { resolve } from '#daemon/domain/provisioning/placeholder'
import { WITHOUT_SECRETS } from '#daemon/services/provisioning/disclosure'
import { Programs } from '#daemon/services/provisioning/programs'
import { Renderer } from '#daemon/services/provisioning/renderer'
import { put } from '#daemon/store/store'
import { leases, levels } from '#daemon/store/tables'
import type { Ipv4 } from '#protocols/lib/ipv4'
import type { Mac } from '#protocols/lib/mac'
import { here } from '#test/support/process'
import { firmwareHouse, freshFolder, phoneFront, REGION, SITE } from './house.ts'
import { image } from './image.ts'

const MAC = '00908f123456' as Mac
const OTHER = '00908f000001' as Mac
const AGENT = 'AUDC-IPPhone/2.2.8.61 (440HDG-Rev0; 00908F123456)'
const UNNAMED = 'AUDC-IPPhone-440HD_UC_2.0.7.70/1.0.0000.0'

/** Three images of one model, the first chosen for the system. */
async function office() {
  const house = await firmwareHouse()
  const [one, two, three] = [
    await house.add(image({ version: '2.2.1', bytes: 50_000 })),
    await house.add(image({ version: '2.2.2', bytes: 60_000 })),
    await house.add(image({ version: '2.2.3', bytes: 70_000 })),
  ]
  const choose = async (where: string, { id }: Pick<Firmware, 'id'>, model = '440HD') => {
    const saved = await house.choices.set({ model, where, image: id }, undefined, 'anna')
    if (saved.kind !== 'saved') throw new Error(saved.kind)
  }
  await choose('system', one)
  const front = await phoneFront(house.serving)
  /** What curl is told at a path: status, ETag, length. */
  const head = async (path: string, ...args: string[]) => {
    const text = await here.must('curl', [
      '-sS',
      '-I',
      '--path-as-is',
      '--max-time',
      '10',
      ...args,
      `${front.url}${path}`,
    ])
    const tag = /^etag: "?([^"\r\n]*)/im.exec(text)?.[1] ?? ''
    return {
      status: Number(/^HTTP\S+ (\d+)/.exec(text)?.[1]),
      image: tag,
      length: /^content-length: (\d+)/im.exec(text)?.[1],
    }
  }
  const by = async (path: string, agent = AGENT) => (await head(path, '-A', agent)).image
  return { ...house, ...front, one, two, three, choose, head, by }
}

describe('which image is served', () => {
  test.each([
    ...['/firmwarefiles/440HD.img', '/440HD.img', '/440HD/440HD.img', '/ipp/440HD.img', '/configfiles/440hd.IMG'],
    ...['/ipp/region/x/440HD.img', '/ipp/tenant/x/440HD.img', '/ipp/httpproxy/firmwarefiles/440HD.img'],
    ...['/firmwarefiles/440HDG-Rev0.img', `/firmwarefiles/${MAC}/440HD.img`],
  ])('%s gives the asking phone the one that is chosen for it', async (path) => {
    const { by, choose, one, two } = await office()
    expect(await by(path)).toBe(one.id)
    await choose(MAC, two)
    expect(await by(path)).toBe(two.id)
  })

  test('the phone is known by its user agent, its URL, its lease, or the address that it reports', async () => {
    const { by, choose, two, one, store, clock, addPhone } = await office()
    await choose(MAC, two)
    expect(await by('/440HD.img', AGENT)).toBe(two.id)
    expect(await by('/440HD.img', UNNAMED)).toBe(one.id)
    expect(await by(`/firmwarefiles/${MAC}/440HD.img`, UNNAMED)).toBe(two.id)
    await addPhone(MAC, { address: '127.0.0.1' })
    expect(await by('/440HD.img', UNNAMED)).toBe(two.id)
    await addPhone(OTHER, { externalAddress: '127.0.0.1' })
    expect(await by('/440HD.img', UNNAMED), 'two phones behind one address').toBe(one.id)
    const address = '127.0.0.1' as Ipv4
    const lease = { address, state: 'leased', clientKey: MAC, mac: MAC, hostname: '', updatedAt: 0 } as const
    await store.commit([put(leases, address, { ...lease, expiresAt: clock.now + 1_000 })], { durable: false })
    expect(await by('/440HD.img', UNNAMED)).toBe(two.id)
    clock.now += 2_000
    expect(await by('/440HD.img', UNNAMED), 'a lease that ran out').toBe(one.id)
  })

  test('where the phone is decides: what was set for it, then what its URL names, then its subnet', async () => {
    const { by, choose, one, two, three, addPhone } = await office()
    await choose(SITE.id, two)
    expect(await by('/440HD.img', 'curl'), 'a stranger, by the subnet of its address').toBe(two.id)
    await choose(REGION.id, three)
    expect(await by('/ipp/region/Germany/440HD.img', 'curl')).toBe(three.id)
    await addPhone(MAC, { scope: SITE.id })
    expect(await by('/ipp/region/Germany/440HD.img')).toBe(two.id)
    await addPhone(MAC, { scope: '', address: '10.9.9.9' })
    expect(await by('/ipp/region/Germany/440HD.img')).toBe(three.id)
    expect(await by('/440HD.img'), 'a known phone that is nowhere, asking from the subnet').toBe(two.id)
    expect(one.id).not.toBe(two.id)
  })

  test('what a rollout keeps a phone on beats everything', async () => {
    const { by, choose, serving, two, three } = await office()
    await choose(MAC, two)
    serving.pinBy({ pinOf: (mac, model) => (mac === MAC && model === '440HD' ? three.id : undefined) })
    expect(await by('/440HD.img')).toBe(three.id)
    expect(serving.choose(MAC, '440HD')).toMatchObject({ image: three.id, from: 'pin' })
  })

  test('one image can be asked for by its hash or its version, whatever is chosen', async () => {
    const { by, head, two } = await office()
    expect(await by(`/firmwarefiles/${two.id}.img`)).toBe(two.id)
    expect(await by(`/firmwarefiles/${two.id.toUpperCase()}.img`)).toBe(two.id)
    expect(await by('/firmwarefiles/440HD_2.2.2.img')).toBe(two.id)
    expect(await head('/firmwarefiles/440HD_9.9.9.img')).toMatchObject({ status: 404 })
    expect(await head(`/firmwarefiles/${'0'.repeat(64)}.img`)).toMatchObject({ status: 404 })
  })

  test('a file in the folder serves where nothing is chosen, and only there', async () => {
    const { by, head, folder, one } = await office()
    await writeFile(join(folder, '440HD.img'), image({ version: '0.0.1' }))
    await writeFile(join(folder, '420HD.img'), image({ model: '420HD', bytes: 5_000 }))
    expect(await by('/440HD.img')).toBe(one.id)
    expect(await head('/420HD.img')).toMatchObject({ status: 200, length: '5000' })
    expect(await head('/420HDG-Rev2.img')).toMatchObject({ status: 200, length: '5000' })
    expect(await head('/430HD.img')).toMatchObject({ status: 404 })
  })

  test('an image that is chosen and lost is refused, and no other is served in its place', async () => {
    const { head, folder, one, exchanges } = await office()
    await writeFile(join(folder, `${one.id}.img`), 'short')
    await writeFile(join(folder, '440HD.img'), image({ version: '0.0.1' }))
    expect(await head('/440HD.img')).toMatchObject({ status: 404 })
    expect(exchanges.at(-1)?.reason).toContain(`chosen for all 440HD`)
  })
})

test('a phone with an image of its own is told a firmware URL that says who asks, unless another server is set', async () => {
  const { store, serving, choose, two, by, addPhone, clock } = await office()
  const ports = { files: 80, keepAlive: 8081 }
  const renderer = new Renderer(store, {
    ...{
      programs: new Programs(),
      now: () => 0,
      shipped: shippedTemplates(),
      builtIn: builtInPlaceholders(),
      subnets: [],
    },
    ...{ serverAddress: '10.1.0.2' as Ipv4, ports, keepAliveMinutes: 60 },
    needsOwnFirmwareUrl: (mac, model) => serving.needsOwnUrl(mac, model),
  })
  const url = () => {
    const file = renderer.device(MAC, { address: undefined, model: '440HD', firmware: '2.2.1' }, WITHOUT_SECRETS)
    if (file.kind === 'none') throw new Error(file.reason)
    return resolve(file.layers, 'FirmwareUrl')?.value
  }
  await addPhone(MAC)
  expect(url()).toBe('http://10.1.0.2/firmwarefiles/')
  await choose(MAC, two)
  expect(url()).toBe(`http://10.1.0.2/firmwarefiles/${MAC}/`)
  expect(await by(`/firmwarefiles/${MAC}/440HD.img`, UNNAMED)).toBe(two.id)
  await addPhone(MAC, { externalAddress: '192.0.2.1', address: '10.0.0.5' })
  expect(url(), 'nobody else comes from there').toBe('http://10.1.0.2/firmwarefiles/')
  await addPhone(OTHER, { externalAddress: '192.0.2.1', address: '10.0.0.6' })
  expect(url(), 'two behind one NAT').toBe(`http://10.1.0.2/firmwarefiles/${MAC}/`)
  const router = { address: '192.0.2.9' as Ipv4, state: 'leased', clientKey: 'r', mac: '021122334455' as Mac } as const
  const lease = { ...router, hostname: '', updatedAt: 0, expiresAt: clock.now + 1_000 }
  await store.commit([put(leases, router.address, lease)], { durable: false })
  await addPhone(MAC, { externalAddress: router.address, address: '10.0.0.5' })
  expect(url(), 'alone behind a router that leases its address from us').toBe(`http://10.1.0.2/firmwarefiles/${MAC}/`)
  await addPhone(MAC, { externalAddress: '192.0.2.1', userAgent: AGENT })
  expect(url(), 'its user agent names it').toBe('http://10.1.0.2/firmwarefiles/')
  await addPhone(MAC)
  const external = { values: { FirmwareUrl: 'https://cdn.example/fw/' }, sealed: {}, lines: '', template: '' }
  await store.commit([put(levels, 'system', external)], { durable: false })
  renderer.forget()
  expect(url()).toBe('https://cdn.example/fw/')
})

describe('how it is served', () => {
  test('curl gets every byte, parts of it, and nothing that it has', async () => {
    const { url, folder, one } = await office()
    const whole = await readFile(join(folder, `${one.id}.img`))
    const out = join(await freshFolder(), 'got')
    const get = (...args: string[]) =>
      here.must('curl', ['-sS', '--max-time', '10', '-o', out, '-w', '%{http_code}', ...args, `${url}/440HD.img`])
    expect(await get()).toBe('200')
    expect(whole.equals(await readFile(out))).toBe(true)
    expect(await get('-r', '0-111')).toBe('206')
    expect(await readFile(out)).toEqual(whole.subarray(0, 112))
    expect(await get('-r', '-500')).toBe('206')
    expect(await readFile(out)).toEqual(whole.subarray(-500))
    expect(await get('-H', `If-None-Match: "${one.id}"`)).toBe('304')
    expect(await get('-H', `If-Range: "${'0'.repeat(64)}"`, '-r', '0-9')).toBe('200')
  })

  test('a phone that is set back to an older image is not told that nothing is new [RFC9110 §13.1.3]', async () => {
    const { url, choose, one, two, clock } = await office()
    const ask = async (since = '') => {
      const headers = { 'user-agent': AGENT, ...(since && { 'if-modified-since': since }) }
      const answer = await fetch(`${url}/440HD.img`, { headers })
      await answer.arrayBuffer()
      return { status: answer.status, modified: answer.headers.get('last-modified') ?? '' }
    }
    clock.now = Date.now() - 60_000
    const first = await ask()
    expect(await ask(first.modified)).toMatchObject({ status: 304 })
    clock.now += 10_000
    await choose('system', two)
    const second = await ask(first.modified)
    expect(second.status).toBe(200)
    clock.now += 10_000
    await choose('system', one)
    expect(await ask(second.modified)).toMatchObject({ status: 200 })
  })

  test('tftp gets the same bytes, chosen by the address that asks', async () => {
    const { tftpPort, folder, choose, two, addPhone } = await office()
    await choose(MAC, two)
    await addPhone(MAC, { address: '127.0.0.1' })
    const out = join(await freshFolder(), 'got')
    await here.must('curl', ['-sS', '--max-time', '10', '-o', out, `tftp://127.0.0.1:${tftpPort}/440HD.img`])
    expect((await readFile(out)).equals(await readFile(join(folder, `${two.id}.img`)))).toBe(true)
  })

  test('a phone that reads the header and hangs up costs nothing more', async () => {
    const { url, exchanges, choose, add } = await office()
    const big = await add(image({ version: '4.0.0', bytes: 30_000_000 }))
    await choose('system', big)
    const asked = request(`${url}/440HD.img`).end()
    const [answer] = await once(asked, 'response')
    await once(answer, 'readable')
    answer.destroy()
    await vi.waitFor(() => expect(exchanges).toHaveLength(1), { timeout: 5_000 })
    expect(exchanges[0]?.bytes).toBeLessThan(20_000_000)
  })

  test.each([
    ...['/firmwarefiles/../440HD.img', '/firmwarefiles/%2e%2e/440HD.img', '/firmwarefiles/..%5c440HD.img'],
    ...['/firmwarefiles/%c0%ae%c0%ae/440HD.img', '/firmwarefiles/440HD.img%00.cfg', '/firmwarefiles/440HD.img.part'],
    ...['/firmwarefiles/x/440HD.img', `/firmwarefiles/${'A'.repeat(500)}.img`, '/firmwarefiles/LINK.img', '/DIR.img'],
  ])('%s is no way out of the folder', async (path) => {
    const { head, folder } = await office()
    await symlink('/etc/hostname', join(folder, 'LINK.img'))
    await mkdir(join(folder, 'DIR.img'))
    expect([400, 404]).toContain((await head(path)).status)
  })

  test('200 phones at once get 6 MB each from one file, and the daemon holds no copy for each', async () => {
    const { url, add, choose, folder } = await office()
    const bytes = 6_000_000
    const big = await add(image({ version: '4.0.0', bytes }))
    await choose('system', big)
    const before = process.memoryUsage().rss
    let most = before
    const watch = setInterval(() => {
      most = Math.max(most, process.memoryUsage().rss)
    }, 20)
    const list = Array.from({ length: 200 }, () => `url = "${url}/440HD.img"\noutput = "/dev/null"`).join('\n')
    const config = join(await freshFolder(), 'curl')
    await writeFile(config, list)
    const args = [
      '-sS',
      '--parallel',
      '--parallel-immediate',
      '--parallel-max',
      '200',
      '-w',
      '%{http_code} %{size_download}\n',
    ]
    const text = await here.must('curl', [...args, '-K', config], { timeoutMs: 60_000 })
    clearInterval(watch)
    const fine = text.split('\n').filter((line) => line === `200 ${bytes}`)
    expect(fine).toHaveLength(200)
    const { size } = await stat(join(folder, `${big.id}.img`))
    expect(size).toBe(bytes)
    // 200 copies would be 1.2 GB, and a quarter of a megabyte read ahead for each 50 MB.
    expect((most - before) / 2 ** 20).toBeLessThan(200)
  }, 60_000)
})
