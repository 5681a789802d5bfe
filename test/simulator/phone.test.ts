// SPDX-License-Identifier: Apache-2.0
import { afterEach, describe, expect, it } from 'vitest'
import { DISCOVER, REQUEST } from './peers/dhcp.ts'
import { type Bench, bench } from './peers/fleet.ts'
import { type HttpAnswer, image, type SeenHttp } from './peers/http.ts'
import { tftpPeer } from './peers/tftp.ts'

let open: Bench | undefined

afterEach(async () => {
  await open?.close()
  open = undefined
})

async function set(scripts: Parameters<typeof bench>[0] = {}): Promise<Bench> {
  open = await bench(scripts)
  return open
}

/** One path answered otherwise than usual. */
const at = (path: RegExp, answer: HttpAnswer) => ({
  http: (request: SeenHttp) => (path.test(request.path) ? answer : undefined),
})

const asked = (test: Bench) => test.http.seen.map(({ method, path }) => `${method} ${path}`)
const KEEP_ALIVE = '/rest/v1/ipphoneMgrStatus/keep-alive'
const ONE_430HD = { models: ['430HD'] }

describe('the boot of a phone', () => {
  it('takes its steps in order, each as a real phone asks', async () => {
    const test = await set()
    const report = await test.run(ONE_430HD)
    expect(report).toMatchObject({ phones: 1, booted: 1, failed: 0, boot: { count: 1 } })
    expect(asked(test)).toEqual([
      'GET /ipp/dhcpoption160.cfg',
      'GET /configfiles/020ff4010001.cfg',
      'GET /firmwarefiles/430HD.img',
      `POST ${KEEP_ALIVE}`,
      `POST ${KEEP_ALIVE}`,
    ])
    expect(test.events.map(({ step, outcome }) => `${step} ${outcome}`)).toEqual([
      ...['discover ok', 'request ok', 'bootstrap ok', 'config ok', 'firmware ok', 'started ok', 'registered ok'],
    ])
    expect(new Set(test.http.seen.map(({ from }) => from)), 'all from its leased address').toEqual(
      new Set(['127.99.100.1']),
    )
  })

  it('its reports hold all keys, as text; nobody is signed in at `started`, somebody is at `registered`', async () => {
    const test = await set()
    await test.run({ models: ['430HD'], checkFirmware: false })
    const [started, registered] = test.http.reports()
    const common = {
      sessionId: expect.stringMatching(/^[0-9a-f]{8}$/),
      emsUserName: 'system',
      emsUserPassword: expect.stringMatching(/^[0-9a-f]{32}$/),
      mac: '020ff4010001',
      ip: '127.99.100.1',
      subnet: '255.255.0.0',
      model: '430HD',
      fwVersion: 'UC_2.0.13.121',
      userAgent: 'AUDC-IPPhone-430HD_UC_2.0.13.121/1.0.0000.0',
      location: expect.stringMatching(/^Virtual floor \d$/),
      sipProxy: '',
    }
    expect(started).toEqual({ ...common, status: 'started', userName: '', userId: '', phoneNumber: '' })
    const userName = expect.stringMatching(/^\p{Ll}+\.\p{Ll}+$/u)
    expect(registered).toEqual({
      ...{ ...common, status: 'registered', userName, userId: expect.stringContaining('@virtual.example') },
      phoneNumber: '700001',
    })
    expect(registered?.sessionId).toBe(started?.sessionId)
  })

  it('UC firmware ends its JSON with a comma and names no type; the older one calls it a form', async () => {
    const test = await set()
    await test.run({ models: ['430HD', '440HD'], phones: 20, checkFirmware: false })
    const posts = test.http.seen.filter(({ method }) => method === 'POST')
    for (const { body, headers } of posts) {
      const uc = body.includes('UC_')
      expect([body.endsWith(',}'), headers['content-type']]).toEqual([
        uc,
        uc ? undefined : 'application/x-www-form-urlencoded',
      ])
      expect(Number(headers['content-length']), 'counted in bytes').toBe(Buffer.byteLength(body))
    }
    expect(new Set(posts.map(({ body }) => body.includes('UC_'))).size).toBe(2)
  })

  it('all phones of a storm boot, each with an address of its own', async () => {
    const test = await set()
    const report = await test.run({ phones: 100, sockets: 10 })
    expect(report).toMatchObject({ booted: 100, failed: 0, anomalies: { addressConflicts: 0 } })
    expect(new Set(test.http.reports().map(({ ip }) => ip)).size).toBe(100)
  })

  it('without option 160 it fetches its own cfg from the server of option 66, there being no bootstrap', async () => {
    const test = await set({
      http: ({ path }, origin) => (path.endsWith('.cfg') ? `ems_server/provisioning/url=${origin}` : undefined),
      options: (url) => ({ 160: '', 66: url }),
    })
    const report = await test.run(ONE_430HD)
    expect(asked(test).slice(0, 2)).toEqual(['GET /020ff4010001.cfg', 'GET /430HD.img'])
    expect(Object.keys(report.steps)).not.toContain('config')
    expect(report.booted).toBe(1)
  })

  it.each([
    ['405HD', 'octet'],
    ['430HD', 'octet blksize 1428 tsize 0'],
    ['C450HD', 'octet blksize 1428 windowsize 8 tsize 0'],
  ])('from a TFTP address the %s fetches everything by TFTP: %s', async (model, options) => {
    const files: Record<string, Buffer> = {}
    const tftp = await tftpPeer((name) => files[name])
    const test = await set({ options: () => ({ 160: `tftp://127.0.0.1:${tftp.port}/phones;ipp/dhcpoption160.cfg` }) })
    Object.assign(files, {
      'ipp/dhcpoption160.cfg': Buffer.from(
        `ems_server/provisioning/url=${test.http.url}\nprovisioning/configuration/url=tftp://127.0.0.1:${tftp.port}/cfg`,
      ),
      'cfg/020ff4010001.cfg': Buffer.from('; long\n'.repeat(500)),
      [`phones/${model}.img`]: image(model, '2.2.16.999', Buffer.alloc(100_000)),
    })
    const report = await test.run({ models: [model] })
    tftp.close()
    expect(report).toMatchObject({ booted: 1, steps: { config: { ok: 1 }, firmware: { ok: 1 } } })
    expect(tftp.seen).toEqual(Object.keys(files).map((name) => `${name} ${options}`))
    expect(test.http.reports()[0]?.fwVersion).toBe('2.2.16.999')
  })

  it.each<[string, Parameters<typeof bench>[0], string]>([
    ['no provisioning options', { options: () => ({ 160: '' }) }, 'bootstrap: no option 160, 66 or 43 to boot from'],
    ['a missing bootstrap file', at(/dhcpoption160/, 404), 'bootstrap: HTTP 404'],
    [
      'a bootstrap file that names no manager',
      at(/dhcpoption160/, 'a=1'),
      'started: cfg names no ems_server/provisioning/url',
    ],
    ['a cfg of another model', at(/configfiles/, 'system/type=405HD'), 'config: cfg is for another model'],
    ['a cfg that includes a missing file', at(/configfiles\/020/, 'include no.cfg'), 'config: include: HTTP 404'],
    ['a refused report', at(/keep-alive/, 403), 'started: HTTP 403'],
    ['an empty answer', at(/keep-alive/, ''), 'started: empty answer'],
    ['an answer that is not JSON', at(/keep-alive/, '<html>'), 'started: answer is not JSON'],
    ['an answer without requests', at(/keep-alive/, '{}'), 'started: answer without requests'],
    ['a command that is none', at(/keep-alive/, '{"requests":["{}"]}'), 'started: command not understood'],
    ['a long answer', at(/keep-alive/, 'x'.repeat(70_000)), 'started: answer longer than 65536 bytes'],
    [
      'a manager’s address that is none',
      at(/dhcpoption160/, 'ems_server/provisioning/url=ftp://x'),
      'started: ems_server/provisioning/url not understood',
    ],
  ])('%s ends it there', async (_name, scripts, expected) => {
    const test = await set(scripts)
    const report = await test.run({ ...ONE_430HD, checkFirmware: false })
    expect(report).toMatchObject({ booted: 0, failed: 1 })
    const failed = test.events.filter(({ outcome }) => outcome === 'failed')
    expect(failed).toHaveLength(1)
    expect(`${failed[0]?.step}: ${failed[0]?.reason}`).toContain(expected)
  })

  it('a boot that takes too long is ended', async () => {
    const test = await set({ dhcp: () => [] })
    const report = await test.run({ bootTimeout: 50 })
    expect(report.steps.discover?.failures).toEqual({ 'boot took longer than 0.05 s': 1 })
  })
})

describe('firmware', () => {
  const served = (test: Bench) => test.events.find(({ step }) => step === 'firmware')

  it('another version is taken, and reported from then on', async () => {
    const test = await set(at(/img$/, image('430HD', '2.2.16.999')))
    await test.run(ONE_430HD)
    expect(test.http.reports().map(({ fwVersion }) => fwVersion)).toEqual(['2.2.16.999', '2.2.16.999'])
    expect(test.http.reports()[0]?.userAgent).toBe('AUDC-IPPhone/2.2.16.999 (430HD-Rev0; 020FF4010001)')
  })

  it('of the version at hand only the header is read: it hangs up', async () => {
    let cut: Promise<void> | undefined
    const test = await set(
      at(/img$/, (response) => {
        cut = new Promise((resolve) => response.once('close', resolve))
        response.writeHead(200, { 'Content-Length': 1e9 })
        response.write(image('430HD', 'UC_2.0.13.121'))
      }),
    )
    await test.run(ONE_430HD)
    await cut
    expect(served(test)).toMatchObject({ outcome: 'ok' })
  })

  it.each<[string, HttpAnswer, string]>([
    ['missing', 404, 'warning HTTP 404'],
    ['no image', '<html>', 'failed not a firmware image'],
    ['for another model', image('405HD', '2.2.16.999'), 'failed image is for another model'],
    ['refused', 403, 'failed HTTP 403'],
    [
      'cut off',
      (response) => {
        response
          .writeHead(200, { 'Content-Length': 9999 })
          .write(image('430HD', '2.2.16.999'), () => response.destroy())
      },
      'failed answer was cut off',
    ],
  ])('an image that is %s stops no boot', async (_name, answer, outcome) => {
    const test = await set(at(/img$/, answer))
    expect(await test.run(ONE_430HD)).toMatchObject({ booted: 1, failed: 0 })
    expect(test.outcomes('firmware')).toEqual([outcome])
    expect(test.http.reports()[0]?.fwVersion).toBe('UC_2.0.13.121')
  })
})

describe('phones that stay', () => {
  const quick = { ...ONE_430HD, stay: true, minute: 0.2 }
  const statuses = (test: Bench) => test.http.reports().map(({ status }) => status)
  const reports = (test: Bench, count: number) => test.http.until(() => test.http.reports().length >= count)

  it('send keep-alives at the period of their cfg, and leave politely', async () => {
    const end = new AbortController()
    const test = await set()
    const running = test.run({ ...quick, leave: { offline: true, release: true } }, end.signal)
    await reports(test, 4)
    end.abort()
    expect(await running).toMatchObject({ booted: 1, failed: 0, unfinished: 0 })
    await test.dhcp.until(({ type }) => type === 7)
    expect(statuses(test).slice(0, 4)).toEqual(['started', 'registered', 'registered', 'registered'])
    expect(statuses(test).at(-1)).toBe('offline')
  })

  it.each<[string, string[]]>([
    ['never-registers', ['started', 'unregistered', 'unregistered', 'unregistered']],
    ['loses-registration', ['started', 'registered', 'unregistered', 'unregistered']],
    ['flaps', ['started', 'registered', 'unregistered', 'registered', 'unregistered']],
  ])('%s', async (habit, expected) => {
    const end = new AbortController()
    const test = await set()
    const running = test.run({ ...quick, misbehave: { [habit]: 1 } }, end.signal)
    await reports(test, expected.length)
    end.abort()
    await running
    expect(statuses(test).slice(0, expected.length)).toEqual(expected)
    for (const { status, userName } of test.http.reports()) expect(userName !== '').toBe(status === 'registered')
  })

  it('silent-after-started is heard of once; wrong-version leaves the image', async () => {
    const test = await set()
    const report = await test.run({
      phones: 2,
      misbehave: { 'silent-after-started': 0.5, 'wrong-version': 0.5 },
      models: ['430HD'],
    })
    expect(report).toMatchObject({ booted: 2, failed: 0 })
    const versions = test.http.reports().map(({ status, fwVersion }) => `${status} ${fwVersion}`)
    expect(versions.sort()).toEqual(['registered UC_2.0.13.121', 'started 2.2.16.704', 'started UC_2.0.13.121'])
  })

  it('a reset command makes a phone boot again, from DISCOVER on', async () => {
    const end = new AbortController()
    let told = false
    const test = await set({
      http: (request) => {
        if (told || !request.path.endsWith(KEEP_ALIVE) || test.http.reports().length < 3) return undefined
        told = true
        return JSON.stringify({ requests: [JSON.stringify({ cmd: 'reset' })] })
      },
    })
    const running = test.run(quick, end.signal)
    await reports(test, 6)
    end.abort()
    const report = await running
    expect(test.dhcp.seen.map(({ type }) => type)).toEqual([DISCOVER, REQUEST, DISCOVER, REQUEST])
    expect(statuses(test).slice(0, 5)).toEqual(['started', 'registered', 'registered', 'started', 'registered'])
    expect(test.http.reports()[3]?.sessionId).not.toBe(test.http.reports()[0]?.sessionId)
    expect(report).toMatchObject({ booted: 1, boot: { count: 2 } })
  })

  it('so does one in the answer to `started`', async () => {
    const end = new AbortController()
    const reset = JSON.stringify({ requests: [JSON.stringify({ cmd: 'reset' })] })
    const test = await set({
      http: ({ path }) => (path.endsWith(KEEP_ALIVE) && test.http.reports().length === 1 ? reset : undefined),
    })
    const running = test.run({ ...quick, minute: 60 }, end.signal)
    await reports(test, 4)
    end.abort()
    await running
    expect(statuses(test).slice(0, 4)).toEqual(['started', 'registered', 'started', 'registered'])
  })

  it('a keep-alive that fails stops no phone', async () => {
    const end = new AbortController()
    const test = await set({
      http: ({ path }) => (path.endsWith(KEEP_ALIVE) && test.http.reports().length === 3 ? 403 : undefined),
    })
    const running = test.run(quick, end.signal)
    await reports(test, 5)
    end.abort()
    expect((await running).steps['keep-alive']).toMatchObject({ failed: 1, failures: { 'HTTP 403': 1 } })
  })

  it('a signal in the middle of a boot ends it at once, without a verdict', async () => {
    const end = new AbortController()
    const test = await set({ dhcp: () => [] })
    const running = test.run({ phones: 5, stay: true }, end.signal)
    await test.dhcp.until(() => test.dhcp.seen.length >= 5)
    end.abort()
    expect(await running).toMatchObject({ booted: 0, failed: 0, unfinished: 5, steps: {} })
  })
})
