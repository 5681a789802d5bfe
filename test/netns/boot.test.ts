// SPDX-License-Identifier: Apache-2.0
import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { firstSignIn, pageIn } from '#test/support/browser'
import { Capture } from '#test/support/capture'
import { type Daemon, DaemonHome, VOICE_NETWORK } from '#test/support/daemon'
import { DhcpClients, type Learnt } from '#test/support/dhcp-clients'
import { layNetwork, type Network, PHONE_MAC, SERVER_ADDRESS } from '#test/support/netns'

/*
 * A phone boots, with nothing of ours on the phone's side: BusyBox and ISC take the lease, curl and tftp fetch the files,
 * curl reports, Chromium looks. Each step uses only what the step before it learnt, as a phone does.
 */
const MODEL = '440HD'
const MAC = PHONE_MAC.replaceAll(':', '')
const USER_AGENT = `AUDC-IPPhone/2.2.16.704 (${MODEL}; ${MAC.toUpperCase()})`

describe('a phone boots from the built daemon, with real clients only', () => {
  let network: Network
  let home: DaemonHome
  let daemon: Daemon
  let clients: DhcpClients
  let capture: Capture
  let scratch: string
  /** What DHCP told: the phone knows nothing else. */
  let lease: Learnt['values']
  /** The parameters in the files fetched so far. */
  const parameters = new Map<string, string>()
  const image = randomBytes(3_000_000)

  beforeAll(async () => {
    network = await layNetwork()
    home = await DaemonHome.make(VOICE_NETWORK)
    await home.addFirmware(`${MODEL}.img`, image)
    daemon = await home.start(network.server)
    capture = await Capture.start(network.server, 'eth0', 'ip')
    clients = await DhcpClients.on(network.phone)
    scratch = await mkdtemp(join(tmpdir(), 'offhook-phone-'))
  })

  afterAll(async () => {
    await clients?.close()
    await capture?.close()
    await home?.close()
    await network?.close()
    if (scratch) await rm(scratch, { recursive: true, force: true })
  })

  /** curl as the phone: its address, its User-Agent. */
  function curl(...args: readonly string[]): Promise<string> {
    return network.phone.must('curl', ['-sS', '--fail-with-body', '--max-time', '10', '-A', USER_AGENT, ...args])
  }

  function read(cfg: string): void {
    for (const line of cfg.split('\n')) {
      const [, name, value] = /^\s*([\w/]+)\s*=\s*(.*?)\s*$/.exec(line) ?? []
      if (name && value !== undefined) parameters.set(name, value)
    }
  }

  function parameter(name: string): string {
    const value = parameters.get(name)
    if (value === undefined) throw new Error(`no file held ${name}`)
    return value
  }

  it('dhclient with 60 and 77 = 440HD gets an address and options 160, 66, 67 and 42', async () => {
    const client = await clients.dhclient({ phoneClass: MODEL })
    const { values } = await client.learns('BOUND')
    expect(values.new_ip_address).toMatch(/^10\.99\.0\.1\d\d$/)
    expect(values).toMatchObject({
      new_provisioning_url: `http://${SERVER_ADDRESS}/firmwarefiles;ipp/dhcpoption160.cfg`,
      new_tftp_server_name: SERVER_ADDRESS,
      new_bootfile_name: `${MODEL}.img`,
      new_ntp_servers: '10.99.0.3 10.99.0.4',
      new_next_server: SERVER_ADDRESS,
    })
    await client.unplug()
    expect((await clients.dhclientRelease()).code).toBe(0)
    await daemon.logged({ protocol: 'dhcp', operation: 'RELEASE' })
  })

  it('udhcpc with 60 and 77 = 440HD gets them, too', async () => {
    const client = clients.udhcpc({ phoneClass: MODEL })
    const { values } = await client.learns('bound')
    expect(values.ip).toMatch(/^10\.99\.0\.1\d\d$/)
    expect(values).toMatchObject({
      opt160: Buffer.from(`http://${SERVER_ADDRESS}/firmwarefiles;ipp/dhcpoption160.cfg`).toString('hex'),
      tftp: SERVER_ADDRESS,
      bootfile: `${MODEL}.img`,
      ntpsrv: '10.99.0.3 10.99.0.4',
      siaddr: SERVER_ADDRESS,
    })
    lease = values
    await client.unplug()
  })

  it('curl fetches the first file that option 160 names, in both spellings', async () => {
    // http://<host>/<firmware folder>;<first file>, the latter relative to the host's root.
    const [folder = '', first = ''] = Buffer.from(lease.opt160 ?? '', 'hex')
      .toString()
      .split(';')
    const url = `${new URL(folder).origin}/${first}`
    const cfg = await curl(url)
    expect(await curl(url.replace('dhcpoption160', 'dhcption160'))).toBe(cfg)
    read(cfg)
    expect(parameter('provisioning/configuration/url')).toBe(`http://${SERVER_ADDRESS}/configfiles/`)
    expect(parameter('ems_server/provisioning/url')).toBe(`http://${SERVER_ADDRESS}:8081/`)
  })

  it('curl fetches <MAC>.cfg, in any case, and the shared file that it includes', async () => {
    const folder = parameter('provisioning/configuration/url')
    const cfg = await curl(`${folder}${MAC}.cfg`)
    expect(await curl(`${folder}${MAC.toUpperCase()}.cfg`)).toBe(cfg)
    const shared = /^include\s+(\S+)$/m.exec(cfg)?.[1] ?? ''
    expect(shared).not.toBe('')
    read(await curl(new URL(shared, folder).href))
    read(cfg)
    expect(parameter('system/type')).toBe(MODEL)
    expect(cfg).not.toContain('%ITCS_')
  })

  it('tftp fetches the firmware that options 66 and 67 name, to the last byte', async () => {
    const file = join(scratch, 'by-tftp.img')
    await network.phone.must('tftp', ['-m', 'binary', lease.tftp ?? '', '-c', 'get', lease.bootfile ?? '', file])
    expect(sha256(await readFile(file))).toBe(sha256(image))
  })

  it('curl fetches the same firmware by HTTP, and a part of it', async () => {
    const url = `${parameter('provisioning/firmware/url')}${MODEL}.img`
    const file = join(scratch, 'by-http.img')
    await curl('-o', file, url)
    expect(sha256(await readFile(file))).toBe(sha256(image))
    await curl('-o', file, '-r', '0-111', url)
    expect(await readFile(file)).toEqual(image.subarray(0, 112))
  })

  it('curl reports "started" and then "registered", with the commas that phones send', async () => {
    const url = `${parameter('ems_server/provisioning/url')}rest/v1/ipphoneMgrStatus/keep-alive`
    for (const [status, user] of [
      ['started', ''],
      ['registered', 'Ann.Lee'],
    ] as const) {
      const reply = await curl('-H', 'Content-Type: application/json', '-d', report(status, user), url)
      expect(reply).toBe('{"requests":[]}')
    }
    expect(await daemon.metric('offhook_phones', { presence: 'registered' })).toBe(1)
  })

  it('Chromium signs in and sees the phone registered, its user, and its boot step by step', async () => {
    const { page, close } = await pageIn(network.phone)
    try {
      await firstSignIn(page, daemon.url, await daemon.oneTimePassword(), randomBytes(12).toString('hex'))
      await page.goto(`${daemon.url}devices`)
      const row = page.getByRole('row').filter({ hasText: PHONE_MAC })
      expect(await row.getByText('Registered', { exact: true }).count()).toBe(1)
      await row.getByRole('link').first().click()
      await page.getByRole('heading', { name: 'Latest boot' }).waitFor()
      const text = await page.locator('main').textContent()
      expect(text).toContain('ann.lee')
      expect(text).toContain(lease.ip)
      const steps = [
        ...['DISCOVER → OFFER', 'REQUEST → ACK', 'dhcpoption160.cfg → 200', `${MAC}.cfg → 200`],
        ...[`RRQ ${MODEL}.img → sent ${image.length} bytes`, 'Started', 'Registered'],
      ]
      const inThisOrder = new RegExp(steps.map((step) => step.replaceAll('.', '\\.')).join('[^]*'))
      expect(await page.locator('#device-timeline').textContent()).toMatch(inThisOrder)
    } finally {
      await close()
    }
  }, 60_000)

  it('tshark finds nothing wrong in any frame of the boot', async () => {
    await capture.stop()
    expect(await capture.frames('dhcp.option.dhcp == 5')).toHaveLength(2)
    expect((await capture.frames('tftp || http')).length).toBeGreaterThan(10)
    expect(await capture.frames('_ws.malformed || _ws.expert.severity >= error')).toEqual([])
  })

  function report(status: string, user: string): string {
    return `{"sessionId":"1f2e3d4c","emsUserName":"system","emsUserPassword":"0123456789abcdef0123456789abcdef",
 "mac":"${MAC}","ip":"${lease.ip}","subnet":"255.255.255.0","model":"${MODEL}","fwVersion":"2.2.16.704",
 "userAgent":"${USER_AGENT}","userName":"${user}","userId":"","status":"${status}",
 "phoneNumber":"","location":"","sipProxy":"",}`
  }
})

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
