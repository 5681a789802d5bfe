// SPDX-License-Identifier: Apache-2.0
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { files } from '#protocols/provisioning/answer'
import { ProvisioningHandler } from '#protocols/provisioning/handler'
import { tftpFiles } from '#protocols/provisioning/tftp-files'
import type { TftpPort } from '#protocols/tftp/port'
import { curl, type Front, startFront } from '#test/protocols/http/support'
import { CONFIG, FIRMWARE, Shelf } from '#test/protocols/provisioning/support'

const AGENT = 'AUDC-IPPhone/2.0.4.30 (430HD; 00908F4867AF)'
const peer = { address: '10.1.2.3', port: 2_070 }
let shelf: Shelf
let front: Front
let tftp: TftpPort

beforeEach(async () => {
  shelf = new Shelf()
  const served = files(shelf)
  front = await startFront([new ProvisioningHandler(served)])
  tftp = tftpFiles(served)
})

afterEach(() => front.stop())

function statusOf(path: string, ...more: string[]): Promise<string> {
  const args = ['--path-as-is', '-A', AGENT, '-o', '/dev/null', '-w', '%{http_code}', ...more]
  return curl(...args, `${front.url}${path}`).then(({ stdout }) => stdout.toString())
}

describe('over HTTP', () => {
  it('a phone fetches its configuration, and the exchange says whose it is', async () => {
    const { stdout } = await curl('-A', AGENT, `${front.url}/configfiles/00908F123456.cfg`)
    expect(stdout.toString()).toBe(CONFIG)
    expect(shelf.asked).toMatchObject([
      {
        request: { kind: 'device-config', mac: '00908f123456' },
        asker: { peer: { address: '127.0.0.1' }, transport: 'http', userAgent: AGENT },
      },
    ])
    expect(await front.exchanges.atLeast(1)).toMatchObject([
      {
        protocol: 'provisioning',
        operation: 'GET',
        ending: 'reply',
        answer: '200',
        evidence: {
          mac: '00908f123456',
          file: '/configfiles/00908F123456.cfg',
          fileKind: 'device-config',
          userAgent: AGENT,
        },
      },
    ])
  })

  it('GET, HEAD and POST are taken for configurations', async () => {
    for (const path of ['/ipp/dhcpoption160.cfg', '/00908f123456.cfg', '/configfiles/420HD_global.cfg']) {
      expect(await statusOf(path)).toBe('200')
      expect(await statusOf(path, '-I')).toBe('200')
      expect(await statusOf(path, '-X', 'POST', '-d', 'whatever=1')).toBe('200')
      expect(await statusOf(path, '-X', 'PUT', '-d', 'x')).toBe('405')
    }
  })

  it('POST gets the same text as GET', async () => {
    const { stdout } = await curl('-X', 'POST', `${front.url}/ipp/tenant/x/00908f123456.cfg`)
    expect(stdout.toString()).toBe(CONFIG)
  })

  it('firmware is for GET and HEAD', async () => {
    expect((await curl(`${front.url}/firmwarefiles/420HD.img`)).stdout).toEqual(FIRMWARE)
    const { stdout } = await curl('-i', '-X', 'POST', `${front.url}/firmwarefiles/420HD.img`)
    expect(stdout.toString()).toMatch(/^HTTP\/1\.1 405 [\s\S]*Allow: GET, HEAD\r\n/)
  })

  it('a refusal says its status and keeps its reason to the journal', async () => {
    for (const [mac, status] of [
      ['00908f000403', '403'],
      ['00908f000503', '503'],
    ] as const) {
      const { stdout } = await curl('-i', `${front.url}/${mac}.cfg`)
      expect(stdout.toString()).toContain(`HTTP/1.1 ${status} `)
      expect(stdout.toString()).not.toMatch(/rejected|address/)
    }
    expect(await front.exchanges.atLeast(2)).toMatchObject([
      { ending: 'refuse', answer: '403', reason: 'this phone was rejected' },
      { ending: 'refuse', answer: '503', reason: 'no server address is set' },
    ])
  })

  it('a fault is 500', async () => {
    expect(await statusOf('/00908f000500.cfg')).toBe('500')
    expect(await front.exchanges.atLeast(1)).toMatchObject([{ protocol: 'provisioning', ending: 'fault' }])
  })

  it.each([
    ['/configfiles/../../etc/passwd', '400'],
    ['/configfiles/%2e%2e/%2e%2e/etc/passwd', '400'],
    ['/configfiles/%252e%252e/%252e%252e/etc/passwd', '400'],
    ['/configfiles/..%2f..%2fetc%2fpasswd', '400'],
    ['/configfiles/%c0%ae%c0%ae/%c0%ae%c0%ae/etc/passwd', '400'],
    ['/configfiles/..%5c..%5cetc%5cpasswd', '400'],
    ['/configfiles/..\\..\\etc\\passwd', '400'],
    ['/configfiles/00908f123456.cfg%00.txt', '400'],
    ['/etc/passwd', '404'],
    ['//etc/passwd', '404'],
    ['/firmwarefiles/etc/passwd.img', '404'],
  ])('%s is %s and asks nobody', async (path, status) => {
    expect(await statusOf(path)).toBe(status)
    expect(shelf.asked).toEqual([])
  })
})

describe('over TFTP', () => {
  it.each(['00908F123456.cfg', '/440HD/00908f123456.cfg', '420HD.img', 'ipp/dhcption160.cfg', '420HD_global.cfg'])(
    '%s is what HTTP serves, octet for octet',
    async (name) => {
      const answer = await tftp.open(name, peer)
      if (answer.kind !== 'file') throw new Error(`refused: ${answer.reason}`)
      const octets = answer.file.open(0, answer.file.size - 1)
      const { stdout } = await curl(`${front.url}/${name.replace(/^\//, '')}`)
      expect(Buffer.from(octets as Uint8Array)).toEqual(stdout)
      expect(shelf.asked[0]?.request).toEqual(shelf.asked[1]?.request)
      expect(shelf.asked[0]?.asker).toEqual({ peer, transport: 'tftp', userAgent: undefined })
    },
  )

  it.each([
    ['499HD.img', 1, 'there is no firmware for 499HD'],
    ['nothing', 1, 'no file has a name of this form'],
    ['', 1, 'no file has a name of this form'],
    ['../x', 2, 'the name leads out of what is served'],
    ['..\\..\\boot.ini', 2, 'the name leads out of what is served'],
    ['/etc/../passwd', 2, 'the name leads out of what is served'],
    ['00908f000403.cfg', 2, 'this phone was rejected'],
    ['00908f000503.cfg', 0, 'no server address is set'],
  ])('[RFC1350 §5] %j is error %i', async (name, code, reason) => {
    const answer = await tftp.open(name, peer)
    expect(answer).toMatchObject({ kind: 'refuse', code, reason, evidence: { file: name } })
  })

  it('tells what the name says about the phone, and nothing of a name of any length', async () => {
    expect((await tftp.open('440HD/00908f123456.cfg', peer)).evidence).toEqual({
      file: '440HD/00908f123456.cfg',
      fileKind: 'device-config',
      mac: '00908f123456',
      model: '440HD',
    })
    expect((await tftp.open('x'.repeat(5_000), peer)).evidence.file).toHaveLength(200)
  })
})
