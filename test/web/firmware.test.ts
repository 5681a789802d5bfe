// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { firmwareCommand } from '#daemon/cli/firmware'
import type { CliIo } from '#daemon/cli/io'
import { offerLocalApi } from '#daemon/cli/local-api'
import { put } from '#daemon/store/store'
import { levels } from '#daemon/store/tables'
import type { Mac } from '#protocols/lib/mac'
import { firmwareHouse, freshFolder, pieces, SITE } from '#test/services/firmware/house'
import { image } from '#test/services/firmware/image'
import { here } from '#test/support/process'
import { listen, type Site, signedIn, type Visitor } from './client.ts'
import { MemoryPort } from './memory-port.ts'

const MAC = '00908f123456' as Mac
const LIMIT = 8 * 2 ** 20

let house: Awaited<ReturnType<typeof firmwareHouse>>
let site: Site
let port: MemoryPort

beforeEach(async () => {
  house = await firmwareHouse({ mostBytes: LIMIT })
  port = Object.assign(new MemoryPort(), { firmware: house.desk, scopes: house.places })
  site = await listen(port)
  onTestFinished(async () => {
    await site.close()
    expect(site.faults).toEqual([])
  })
})

interface Told {
  readonly status: number
  readonly body: Record<string, unknown>
}

/** As a program on this machine asks, by curl. */
async function curl(method: string, path: string, ...args: string[]): Promise<Told> {
  const token = ['-H', `Authorization: Bearer ${port.localToken}`]
  const way = ['-sS', '--max-time', '20', '-X', method, ...token, '-w', '\n%{http_code}']
  const text = await here.must('curl', [...way, ...args, `${site.url}/api/v1/firmware/${path}`])
  const end = text.lastIndexOf('\n')
  const body = text.slice(0, end)
  return { status: Number(text.slice(end + 1)), body: body.startsWith('{') ? JSON.parse(body) : { text: body } }
}

const json = (value: object) => ['-H', 'Content-Type: application/json', '-d', JSON.stringify(value)]

async function fileWith(bytes: Uint8Array): Promise<string> {
  const file = join(await freshFolder(), 'upload')
  await writeFile(file, bytes)
  return file
}

async function upload(bytes: Uint8Array, query = 'name=440HD.img', ...more: string[]): Promise<Told> {
  return curl(
    'POST',
    `images?${query}`,
    '-H',
    'Content-Type: application/octet-stream',
    ...more,
    '-T',
    await fileWith(bytes),
  )
}

describe('the API', () => {
  test('takes an image by curl, says what it is, and gives back the same bytes', async () => {
    const bytes = image({ bytes: 5_000_000, sum: 'whole' })
    const first = await upload(bytes, 'name=440HD.img&description=For+Berlin')
    expect(first).toMatchObject({
      ...{ status: 201, body: { models: ['440HD'], version: '2.2.16.704', checksum: 'whole', by: 'command line' } },
      body: { description: 'For Berlin', wanted: 0, running: 0, isLost: false },
    })
    expect(await upload(bytes)).toMatchObject({ status: 200, body: { id: first.body.id } })
    const out = join(await freshFolder(), 'got')
    const told = await curl('GET', `images/${first.body.id}/file`, '-o', out, '-D', '-')
    expect(String(told.body.text)).toContain('filename="440HD_2.2.16.704.img"')
    expect(bytes.equals(await readFile(out))).toBe(true)
  })

  test.each<[string, Uint8Array, string, number, RegExp]>([
    ['a truncated file', image({ sum: 'whole' }).subarray(0, 2_000), '', 422, /checksum/],
    ['a file cut in its header', image().subarray(0, 50), '&insist=true', 422, /cut off/],
    ['an image of another model', image(), '&model=420HD', 422, /no image for 420HD/],
    ['something else', Buffer.from('<html>'), '', 422, /no firmware header/],
    ['nothing', Buffer.alloc(0), '', 422, /empty/],
    ['too much', Buffer.alloc(LIMIT + 1), '', 413, /at most 8 MB/],
  ])('refuses %s with the reason, and keeps nothing of it', async (_, bytes, query, status, reason) => {
    const told = await upload(bytes, `name=440HD.img${query}`)
    expect(told.status).toBe(status)
    expect(JSON.stringify(told.body)).toMatch(reason)
    expect(await readdir(house.folder)).toEqual([])
    // With nothing to send, curl forgets to say that this was all.
    if (bytes.length === 0) return
    const chunked = await upload(bytes, `name=440HD.img${query}`, '-H', 'Transfer-Encoding: chunked')
    expect(chunked.status).toBe(status)
    expect(await readdir(house.folder)).toEqual([])
  })

  test('a name of any kind never becomes a path', async () => {
    const names = ['../../../etc/cron.d/x', '..%5c..%5cx.img', '%00.img', 'a/b.img', 'x'.repeat(200), '<script>']
    for (const [seed, name] of names.entries()) {
      const told = await upload(image({ seed }), `name=${name}&insist=true`)
      expect(told.status).toBe(201)
      expect(told.body.fileName).not.toMatch(/[/\\\p{Cc}]/u)
    }
    for (const name of await readdir(house.folder)) expect(name).toMatch(/^[0-9a-f]{64}\.img$/)
    expect((await upload(image(), `name=${'x'.repeat(201)}`)).status).toBe(400)
  })

  test('an upload whose line breaks leaves nothing, and the next one works', async () => {
    const { hostname, port: number } = new URL(site.url)
    const socket = connect(Number(number), hostname)
    const lines = [
      'POST /api/v1/firmware/images?name=440HD.img HTTP/1.1',
      'Host: x',
      `Authorization: Bearer ${port.localToken}`,
    ]
    socket.write([...lines, 'Content-Type: application/octet-stream', 'Content-Length: 5000000', '', ''].join('\r\n'))
    socket.write(image({ bytes: 1_000_000 }))
    await vi.waitFor(async () => expect(await readdir(house.folder)).toHaveLength(1), { timeout: 5_000 })
    socket.resetAndDestroy()
    await vi.waitFor(async () => expect(await readdir(house.folder)).toEqual([]), { timeout: 5_000 })
    expect((await upload(image())).status).toBe(201)
  })

  test('choices hold for the system, a site by its path, and a phone; an edit upon an old choice fails', async () => {
    const one = await house.add(image())
    const two = await house.add(image({ version: '2.2.17.1' }))
    await house.addPhone(MAC, { firmware: '2.2.16.704' })
    const put = (body: object) => curl('PUT', 'choices', ...json({ model: '440hd', ...body }))
    expect(await put({ where: 'system', image: one.id, was: '' })).toMatchObject({
      status: 200,
      body: { model: '440HD', where: 'system' },
    })
    expect(await put({ where: 'Germany/Berlin', image: two.id })).toMatchObject({
      status: 200,
      body: { where: SITE.id },
    })
    expect(await put({ where: '00:90:8F:12:34:56', image: two.id })).toMatchObject({
      status: 200,
      body: { where: MAC },
    })
    expect(await put({ where: 'system', image: two.id, was: '' })).toMatchObject({ status: 409 })
    expect(await curl('GET', 'models/440hd')).toMatchObject({
      body: { phones: 1, drift: { current: 0, other: 1, unknown: 0 }, drifting: [{ mac: MAC, wanted: '2.2.17.1' }] },
    })
    expect(await put({ where: MAC, image: '' })).toMatchObject({ status: 204 })
    expect(await curl('GET', 'models')).toMatchObject({
      body: { rows: [{ drift: { current: 1, other: 0 }, missing: 0, elsewhere: 1 }] },
    })
  })

  test.each<[string, object, RegExp]>([
    ['a model that the image is not for', { model: '420HD', where: 'system' }, /for 440HD, not for 420HD/],
    ['a place that is not there', { model: '440HD', where: 'Atlantis' }, /no region or site/],
    ['a phone that is not known', { model: '440HD', where: '00908f00dead' }, /No phone/],
    ['a phone of another model', { model: '440HD', where: '00908f000420' }, /is a 420HD/],
    ['a model that is markup', { model: '<b>', where: 'system' }, /model such as/],
    ['an image that is not there', { model: '440HD', where: 'system', image: 'f'.repeat(64) }, /no such image/],
  ])('%s is refused', async (_, body, reason) => {
    const { id } = await house.add(image())
    await house.addPhone('00908f000420' as Mac, { model: '420HD' })
    const told = await curl('PUT', 'choices', ...json({ image: id, ...body }))
    expect(told.status).toBe(422)
    expect(JSON.stringify(told.body)).toMatch(reason)
    expect(house.desk.choices()).toEqual([])
  })

  test('an image is removed only when nothing uses it: no choice, no rollout, no setting that names it', async () => {
    const { id } = await house.add(image())
    await house.addPhone(MAC)
    const remove = () => curl('DELETE', `images/${id}`)
    await house.desk.choose({ model: '440HD', where: 'system', image: id }, 'anna')
    expect(await remove()).toMatchObject({ status: 409, body: { detail: expect.stringContaining('chosen for 440HD') } })
    await house.desk.choose({ model: '440HD', where: 'system', image: '' }, 'anna')
    const pins = new Map<Mac, string>([[MAC, id]])
    house.serving.pinBy({ pinOf: (mac) => pins.get(mac) })
    expect(await remove()).toMatchObject({ status: 409, body: { detail: expect.stringContaining('rollout') } })
    pins.clear()
    const waiting = { pinOf: () => undefined, needs: (image: string) => (image === id ? ['the rollout of May'] : []) }
    house.serving.pinBy(waiting)
    expect(await remove()).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('the rollout of May') },
    })
    house.serving.pinBy({ pinOf: () => undefined })
    const named = { values: { FirmwareFile: '440HD_2.2.16.704.img' }, sealed: {}, lines: '', template: '' }
    await house.store.commit([put(levels, 'scope/x', named)], { durable: false })
    expect(await remove()).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('settings of scope/x') },
    })
    await house.store.commit([put(levels, 'scope/x', { ...named, values: { FirmwareFile: '440HD.img' } })], {
      durable: false,
    })
    expect(await remove()).toMatchObject({ status: 204 })
    expect(await remove()).toMatchObject({ status: 404 })
    expect(await readdir(house.folder)).toEqual([])
  })

  test('a file of the folder is taken as an image, chosen for its model, and serves no longer by itself', async () => {
    await writeFile(join(house.folder, '440HD.img'), image())
    expect(await curl('GET', 'folder')).toMatchObject({ body: { rows: [{ model: '440HD', version: '2.2.16.704' }] } })
    const taken = await curl('POST', 'folder/440hd')
    expect(taken).toMatchObject({ status: 201, body: { version: '2.2.16.704', fileName: '440HD.img' } })
    expect(house.desk.choices()).toMatchObject([{ model: '440HD', where: 'system', image: taken.body.id }])
    expect(await curl('POST', 'folder/..%2f..%2fetc')).toMatchObject({ status: 422 })
  })

  test('a stranger gets nowhere', async () => {
    for (const path of ['models', 'images', `images/${'0'.repeat(64)}/file`]) {
      expect((await fetch(`${site.url}/api/v1/firmware/${path}`)).status).toBe(401)
    }
  })
})

describe('the pages', () => {
  let admin: Visitor
  beforeEach(async () => {
    admin = await signedIn(site)
  })

  async function form(page: string): Promise<FormData> {
    const csrf = /name="csrf" value="([^"]+)"/.exec(await admin.page(page))?.[1]
    const data = new FormData()
    data.set('csrf', csrf ?? '')
    return data
  }
  const part = (bytes: Uint8Array) => new Blob([Uint8Array.from(bytes)])

  test('a form with a file goes to disk as it comes, and on to the image', async () => {
    const data = await form('/firmware/upload')
    data.set('description', 'First')
    data.set('file', part(image({ bytes: 3_000_000 })), '440HD.img')
    const answer = await admin.upload('/firmware/upload', data)
    expect(answer.status).toBe(303)
    const [only] = house.library.images()
    expect(only?.value).toMatchObject({ description: 'First', size: 3_000_000, by: 'admin' })
    expect(answer.headers.get('location')).toBe(`/firmware/images/${only?.value.id}`)
    expect(await admin.page(`/firmware/images/${only?.value.id}`)).toContain('2.2.16.704')
  })

  test('a script that sends it is told where to go on, and keeps the message for the page', async () => {
    const data = await form('/firmware/upload')
    data.set('file', part(image()), '440HD.img')
    const answer = await admin.upload('/firmware/upload', data, { 'X-Upload': '1' })
    expect(answer.status).toBe(204)
    expect(await admin.page(answer.headers.get('x-go-on') ?? '')).toContain('Added 2.2.16.704 for 440HD')
  })

  test('no file, a refused one and one that is too large come back as the form, with the reason', async () => {
    const send = async (bytes?: Uint8Array) => {
      const data = await form('/firmware/upload')
      if (bytes) data.set('file', part(bytes), '440HD.img')
      const answer = await admin.upload('/firmware/upload', data)
      return { status: answer.status, text: await answer.text() }
    }
    expect(await send()).toMatchObject({ status: 422, text: expect.stringContaining('Choose a file.') })
    expect(await send(image({ sum: 'wrong' }))).toMatchObject({
      status: 422,
      text: expect.stringContaining('checksum'),
    })
    expect(await send(Buffer.alloc(LIMIT + 10))).toMatchObject({
      status: 413,
      text: expect.stringContaining('at most 8 MB'),
    })
    expect(await readdir(house.folder)).toEqual([])
  })

  test('a file without the form’s token is not kept', async () => {
    const data = new FormData()
    data.set('csrf', 'forged')
    data.set('file', part(image()), '440HD.img')
    expect((await admin.upload('/firmware/upload', data)).status).toBe(403)
    const first = new FormData()
    first.set('file', part(image()), '440HD.img')
    expect((await admin.upload('/firmware/upload', first)).status).toBe(403)
    expect(await readdir(house.folder)).toEqual([])
  })

  test('a form that breaks off amid its file leaves nothing', async () => {
    const csrf = String((await form('/firmware/upload')).get('csrf'))
    const head = `--b\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n${csrf}\r\n--b\r\nContent-Disposition: form-data; name="file"; filename="440HD.img"\r\n\r\n`
    const bytes = Buffer.concat([Buffer.from(head), image({ bytes: 100_000 })])
    const answer = await admin.send('/firmware/upload', bytes, { 'Content-Type': 'multipart/form-data; boundary=b' })
    expect(answer.status).toBe(400)
    await vi.waitFor(async () => expect(await readdir(house.folder)).toEqual([]), { timeout: 5_000 })

    const aborted = new AbortController()
    async function* slowly() {
      yield new Uint8Array(bytes)
      await once(aborted.signal, 'abort')
    }
    const sent = admin.send('/firmware/upload', Readable.from(slowly()) as unknown as BodyInit, {
      'Content-Type': 'multipart/form-data; boundary=b',
    })
    await vi.waitFor(async () => expect(await readdir(house.folder)).toHaveLength(1), { timeout: 5_000 })
    site.app.close()
    aborted.abort()
    expect((await sent).status).toBe(400)
    await vi.waitFor(async () => expect(await readdir(house.folder)).toEqual([]), { timeout: 5_000 })
  })

  test('what phones and files call themselves is text and nothing else', async () => {
    const evil = '<script>alert(1)</script>'
    await house.addPhone(MAC, { firmware: evil, label: evil })
    const received = await house.library.receive(pieces(image()))
    const said = { fileName: `${evil}.img`, model: '', version: '', description: evil, insist: true }
    await house.library.keep(received, said, evil)
    await house.desk.choose({ model: '440HD', where: 'system', image: received.id }, evil)
    for (const path of ['/firmware', '/firmware/images', '/firmware/models/440HD', `/firmware/images/${received.id}`]) {
      const text = await admin.page(path)
      expect(text).not.toContain(evil)
      if (path !== '/firmware') expect(text).toContain('&lt;script')
    }
  })

  test('a model without an image is marked red', async () => {
    await house.addPhone(MAC, { model: '420HD' })
    const text = await admin.page('/firmware')
    expect(text).toMatch(/tone-bad.*There are phones that get no firmware: 420HD/s)
    await writeFile(join(house.folder, '420HD.img'), image({ model: '420HD' }))
    expect(await admin.page('/firmware')).not.toContain('get no firmware')
  })
})

describe('the commands', () => {
  async function offhook(...args: string[]) {
    const data = await freshFolder()
    await offerLocalApi(data, { url: `${site.url}/`, token: port.localToken })
    const told = { out: '', err: '', code: 0 }
    const io: CliIo = {
      environment: {},
      terminal: false,
      signal: AbortSignal.timeout(20_000),
      stdout(text) {
        told.out += text
      },
      stderr(text) {
        told.err += text
      },
      setExitCode(code) {
        told.code = code
      },
      pid: process.pid,
      onHangup() {},
      onFault() {},
    }
    const [name = '', ...rest] = args
    await firmwareCommand(io).parseAsync([name, ...rest, '--data', data], { from: 'user' })
    return told
  }

  test('add, assign, list and remove', async () => {
    const bytes = image({ bytes: 2_000_000 })
    const file = await fileWith(bytes)
    expect(await offhook('add', file)).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^[0-9a-f]{12} {2}440HD {2}2\.2\.16\.704\n$/),
    })
    expect(await offhook('assign', '440hd', '2.2.16.704', '--for', 'Berlin')).toMatchObject({ code: 0 })
    expect(house.desk.choices()).toMatchObject([{ model: '440HD', where: SITE.id }])
    expect((await offhook('list')).out).toContain(`for 440HD: ${SITE.id}`)
    expect(await offhook('remove', '2.2.16.704')).toMatchObject({ code: 1, err: expect.stringContaining('in use') })
    expect(await offhook('assign', '440HD', 'none', '--for', 'Berlin')).toMatchObject({ code: 0 })
    expect(await offhook('remove', '2.2.16.704')).toMatchObject({ code: 0 })
    expect((await offhook('list')).out).toBe('There are no images.\n')
  })

  test('what is refused says why and ends with 1', async () => {
    const damaged = await fileWith(image({ sum: 'wrong' }))
    expect(await offhook('add', damaged)).toMatchObject({ code: 1, err: expect.stringContaining('checksum') })
    expect(await offhook('add', damaged, '--insist')).toMatchObject({
      code: 0,
      out: expect.stringContaining('Kept although'),
    })
    expect(await offhook('add', '/nowhere')).toMatchObject({ code: 1, err: expect.stringContaining('ENOENT') })
    expect(await offhook('assign', '420HD', '2.2.16.704')).toMatchObject({
      code: 1,
      err: expect.stringContaining('not for 420HD'),
    })
    expect(await offhook('assign', '440HD', '9.9')).toMatchObject({
      code: 1,
      err: expect.stringContaining('no image 9.9'),
    })
  })
})
