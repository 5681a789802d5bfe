// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Island, makeIsland } from '#test/support/netns'

/*
 * Why docs/decisions/0004-own-dhcp-server.md: npm's dhcp 0.2.20, as it is, on its well-known ports.
 * One process is the server on 127.0.0.1:67, the client on 127.0.0.1:68 and the relay agent on 127.0.0.2:67; it
 * sends the given packets in turn and tells what each socket received. The last packet is answered by any version
 * of the server and ends the run, so "nothing came back" needs no waiting. A server that is merely silent ends with 3.
 */
const PROGRAM = `
import { createSocket } from 'node:dgram'
import dhcp from 'dhcp'
const tell = (who, what) => console.log(JSON.stringify([who, what]))
const server = dhcp.createServer({
  range: ['127.0.0.10', process.env.POOL_END], server: '127.0.0.1', router: ['127.0.0.1'], dns: ['127.0.0.1'],
  netmask: '255.0.0.0', broadcast: '127.0.0.1', leaseTime: 1,
  randomIP: process.env.RANDOM === 'yes',
})
server.on('error', (error) => tell('error', String(error.message ?? error)))
const socket = (name, port, address) => new Promise((resolve) => {
  const made = createSocket('udp4', (bytes) => {
    tell(name, bytes.toString('hex'))
    if (bytes.readUInt32BE(4) === 0xffffffff) process.exit(0)
  })
  made.bind(port, address, () => resolve(made))
})
const client = await socket('client', 68, '127.0.0.1')
const relay = await socket('relay', 67, '127.0.0.2')
await new Promise((resolve) => server.listen(67, '127.0.0.1', resolve))
for (const step of process.argv.slice(1)) {
  if (step === 'lease runs out') await new Promise((resolve) => setTimeout(resolve, 1_100))
  else {
    const bytes = Buffer.from(step, 'hex')
    const from = bytes.readUInt32BE(24) === 0 ? client : relay
    await new Promise((resolve) => from.send(bytes, 67, '127.0.0.1', resolve))
  }
}
setTimeout(() => process.exit(3), 1_500)
`

const DISCOVER = '350101'
const REQUEST = '350103'
const DECLINE = '350104'
const RELEASE = '350107'
const INFORM = '350108'

interface Packet {
  /** Options in hex, without END. */
  readonly options: string
  readonly xid?: number
  readonly mac?: string
  readonly giaddr?: string
  readonly ciaddr?: string
}

/** A BOOTP frame as RFC 2131 §2 lays it out. */
function packet({ options, xid = 1, mac = '00908f000001', giaddr = '00000000', ciaddr = '00000000' }: Packet): string {
  const head = `01010600${xid.toString(16).padStart(8, '0')}00000000${ciaddr}0000000000000000${giaddr}`
  return `${head}${mac}${'00'.repeat(10 + 64 + 128)}63825363${options}ff`
}

/** Comes last in each run: a plain DISCOVER that this server does answer. */
const LAST_WORD = packet({ options: DISCOVER, xid: 0xffffffff, mac: '00908f0000fe' })

function reply(hex: string) {
  const type = /35010([1-8])/.exec(hex.slice(480))?.[1]
  return { xid: Number.parseInt(hex.slice(8, 16), 16), yiaddr: hex.slice(32, 40), type: Number(type) }
}

describe('dhcp 0.2.20', () => {
  let island: Island
  beforeAll(async () => {
    island = await makeIsland()
  })
  afterAll(() => island?.close())

  async function served(steps: readonly string[], poolEnd = '127.0.0.99') {
    const { code, stdout, stderr } = await island.run('node', ['--input-type=module', '-e', PROGRAM, ...steps], {
      env: { POOL_END: poolEnd },
      timeoutMs: 10_000,
    })
    const told = stdout
      .split('\n')
      .filter((line) => line.startsWith('['))
      .map((line) => JSON.parse(line) as [string, string])
    const of = (who: string) => told.filter(([name]) => name === who).map(([, what]) => what)
    return { code, stderr, errors: of('error'), client: of('client').map(reply), relay: of('relay').map(reply) }
  }

  it('answers a plain DISCOVER (so the failures below are its own)', async () => {
    const { code, client } = await served([packet({ options: DISCOVER }), LAST_WORD])
    expect(client.map(({ xid, type }) => [xid, type])).toEqual([
      [1, 2],
      [0xffffffff, 2],
    ])
    expect(code).toBe(0)
  })

  it('must skip PAD options [RFC 2132 §3.1]: takes PAD for two bytes, loses the message, raises an error event', async () => {
    const { errors, client } = await served([packet({ options: `00${DISCOVER}` }), LAST_WORD])
    expect(errors).toEqual([expect.stringContaining('out of range')])
    expect(client.map(({ xid }) => xid)).toEqual([0xffffffff])
  })

  it('must survive any packet: one DISCOVER with option 50 in its parameter list ends the process', async () => {
    const { code, stderr } = await served([packet({ options: `${DISCOVER}370132` }), LAST_WORD])
    expect(code).toBe(1)
    expect(stderr).toContain('Invalid option undefined')
  })

  it('must answer a relay at giaddr, port 67 [RFC 2131 §4.1]: broadcasts to port 68 instead', async () => {
    const { client, relay } = await served([packet({ options: DISCOVER, giaddr: '7f000002' }), LAST_WORD])
    expect(relay).toEqual([])
    expect(client.map(({ xid }) => xid)).toEqual([1, 0xffffffff])
  })

  it('must NAK an address of another network [RFC 2131 §4.3.2]: ACKs another address', async () => {
    const { client } = await served([packet({ options: `${REQUEST}3204c0a80105` }), LAST_WORD])
    expect(client[0]).toMatchObject({ type: 5, yiaddr: '7f00000a' })
  })

  it('must answer INFORM with options [RFC 2131 §4.3.5]: stays silent', async () => {
    const { client, stderr } = await served([packet({ options: INFORM, ciaddr: '7f000032' }), LAST_WORD])
    expect(stderr).toContain('Not implemented method 8')
    expect(client.map(({ xid }) => xid)).toEqual([0xffffffff])
  })

  it('must not offer a declined address again [RFC 2131 §4.3.3]: offers it to the same client at once', async () => {
    const decline = packet({ options: `${DECLINE}32047f00000a` })
    const { client } = await served([packet({ options: DISCOVER }), decline, packet({ options: DISCOVER }), LAST_WORD])
    expect(client.slice(0, 2).map(({ yiaddr }) => yiaddr)).toEqual(['7f00000a', '7f00000a'])
  })

  it('must reuse a released address [RFC 2131 §4.3.4]: a pool of one stays full, and the next DISCOVER ends the process', async () => {
    const taken = [packet({ options: DISCOVER }), packet({ options: REQUEST })]
    const released = packet({ options: RELEASE, ciaddr: '7f00000a' })
    const { code, stderr } = await served([...taken, released, LAST_WORD], '127.0.0.10')
    expect(stderr).toContain('Not implemented method 7')
    expect(code).toBe(1)
  })

  it('must reuse an expired address [RFC 2131 §4.3.1]: a lease of one second is never over', async () => {
    const taken = [packet({ options: DISCOVER }), packet({ options: REQUEST })]
    const { code, client, stderr } = await served([...taken, 'lease runs out', LAST_WORD], '127.0.0.10')
    expect(client.map(({ type }) => type)).toEqual([2, 5])
    expect(code).toBe(1)
    expect(stderr).toContain('TypeError')
  })

  it('must stay silent when the pool is empty: as configured by default it searches for ever', async () => {
    const steps = [packet({ options: DISCOVER }), LAST_WORD]
    const env = { POOL_END: '127.0.0.10', RANDOM: 'yes' }
    const hung = island.run('node', ['--input-type=module', '-e', PROGRAM, ...steps], { env, timeoutMs: 4_000 })
    await expect(hung).rejects.toThrow('still running')
  })
})
