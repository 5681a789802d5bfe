// SPDX-License-Identifier: Apache-2.0
import { afterEach, describe, expect, it } from 'vitest'
import { KeepaliveHandler } from '#protocols/keepalive/handler'
import type { StatusAnswer } from '#protocols/keepalive/port'
import { curl, type Front, run, startFront } from '#test/protocols/http/support'
import { Desk } from '#test/protocols/keepalive/support'

const AGENT = 'AUDC-IPPhone-430HD_UC_2.0.13.121/1.0.0000.0'
const PATH = '/rest/v1/ipphoneMgrStatus/keep-alive'
const BODY = '{"mac":"00908F123456","ip":"10.1.2.3","model":"430HD","fwVersion":"UC_2.0.13.121","status":"Registered",}'
let front: Front

afterEach(() => front.stop())

async function desk(answer?: StatusAnswer): Promise<Desk> {
  const owner = new Desk(answer)
  front = await startFront([new KeepaliveHandler(owner)])
  return owner
}

async function post(body: string, path = PATH): Promise<{ head: string; body: string }> {
  const { stdout } = await run(
    'curl',
    ['-sS', '-i', '-m', '7', '-A', AGENT, '--data-binary', '@-', `${front.url}${path}`],
    Buffer.from(body),
  )
  const [head = '', ...rest] = stdout.toString().split('\r\n\r\n')
  return head.startsWith('HTTP/1.1 100') ? { head: rest[0] ?? '', body: rest[1] ?? '' } : { head, body: rest[0] ?? '' }
}

describe('a keep-alive', () => {
  it('is answered exactly as phones expect it', async () => {
    await desk()
    const { head, body } = await post(BODY)
    expect(head).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
    expect(head).toMatch(/\r\nContent-Type: application\/json\r\n/)
    expect(head).toMatch(/\r\nContent-Length: 15\r\n/)
    expect(body).toBe('{"requests":[]}')
  })

  it('brings commands as JSON strings', async () => {
    await desk({ kind: 'accepted', requests: ['{"cmd": "reset"}'] })
    expect((await post(BODY)).body).toBe('{"requests":["{\\"cmd\\": \\"reset\\"}"]}')
  })

  it('tells its owner and the journal who reported what, from where', async () => {
    const owner = await desk()
    await post(BODY, `/t/s3cr3t${PATH}`)
    expect(owner.reports).toMatchObject([
      { mac: '00908f123456', status: 'registered', prefix: ['t', 's3cr3t'], peer: { address: '127.0.0.1' } },
    ])
    const [exchange] = await front.exchanges.atLeast(1)
    expect(exchange).toMatchObject({
      protocol: 'keepalive',
      operation: 'POST',
      ending: 'reply',
      answer: '200',
      evidence: {
        mac: '00908f123456',
        address: '10.1.2.3',
        model: '430HD',
        firmware: 'UC_2.0.13.121',
        status: 'registered',
        userAgent: AGENT,
      },
    })
    expect(JSON.stringify(exchange)).not.toContain('s3cr3t')
  })

  it.each([403, 404, 503] as const)('that is refused with %i is told so with a body, and not why', async (status) => {
    await desk({ kind: 'refused', status, reason: 'this phone was rejected' })
    const { head, body } = await post(BODY)
    expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    expect(body).toBe('Not taken\n')
    expect(await front.exchanges.atLeast(1)).toMatchObject([{ ending: 'refuse', reason: 'this phone was rejected' }])
  })

  it('says what is wrong with a body that cannot be taken, and keeps a secret prefix out of the journal', async () => {
    const owner = await desk()
    expect(await post('{"mac":"nobody"}', `/t/s3cr3t${PATH}`)).toMatchObject({
      head: expect.stringMatching(/^HTTP\/1\.1 400 /),
      body: 'the body has no valid "mac"\n',
    })
    const long = JSON.stringify({ mac: '00908f123456', location: 'a'.repeat(2_049) })
    expect((await post(long)).body).toBe('"location" has more than 2048 characters\n')
    expect(owner.reports).toEqual([])
    const exchanges = await front.exchanges.atLeast(2)
    expect(exchanges).toMatchObject([
      { ending: 'malformed', reason: 'mac' },
      { ending: 'malformed', reason: 'location-too-long' },
    ])
    expect(JSON.stringify(exchanges)).not.toContain('s3cr3t')
  })

  it('[RFC9110 §15.5.14] of 10 MB is refused unread, and the next one is taken', async () => {
    const owner = await desk()
    expect((await post(`{"x":"${'a'.repeat(10_485_760)}"}`)).head).toMatch(/^HTTP\/1\.1 413 /)
    expect((await post(BODY)).head).toMatch(/^HTTP\/1\.1 200 /)
    expect(owner.reports).toHaveLength(1)
  })

  it('[RFC9110 §15.5.6] is a POST', async () => {
    await desk()
    const { stdout } = await curl('-i', `${front.url}/t/s3cr3t${PATH}`)
    expect(stdout.toString()).toMatch(/^HTTP\/1\.1 405 [\s\S]*\r\nAllow: POST\r\n/)
    expect(JSON.stringify(await front.exchanges.atLeast(1))).not.toContain('s3cr3t')
  })

  it('whose owner fails is 500 for the phone and a fault for the journal', async () => {
    front = await startFront([
      new KeepaliveHandler({
        report: async () => {
          throw new Error('the disk is full')
        },
      }),
    ])
    expect((await post(BODY)).head).toMatch(/^HTTP\/1\.1 500 /)
    expect(await front.exchanges.atLeast(1)).toMatchObject([{ ending: 'fault', reason: 'Error: the disk is full' }])
  })

  it('comes from wget as well', async () => {
    const owner = await desk()
    const { stdout, code } = await run('wget', ['-q', '-O', '-', `--post-data=${BODY}`, `${front.url}${PATH}`])
    expect([code, stdout.toString()]).toEqual([0, '{"requests":[]}'])
    expect(owner.reports).toHaveLength(1)
  })
})
