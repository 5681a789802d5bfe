// SPDX-License-Identifier: Apache-2.0
import { createSocket } from 'node:dgram'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Endpoint, Exchange } from '#protocols/lib/exchange'
import { decode } from '#protocols/snmp/codec-message'
import type { Pdu, WireVarbind } from '#protocols/snmp/messages'
import { COLUMNS } from '#protocols/snmp/objects'
import { compareArcs, parseOid } from '#protocols/snmp/oid'
import type { SnmpServer } from '#protocols/snmp/server'
import { serverContract } from '#test/contract/server'
import { goldens, hexBytes, section } from '#test/support/golden'
import { seededRandom } from '#test/support/random'
import { type AgentOptions, agent, ask, exchange, House, request, someAlarm } from './house.ts'
import { ARC } from './support.ts'

const SYS_NAME = '1.3.6.1.2.1.1.5.0'
const ENTRY = `${ARC}.1.2.2.1`

serverContract('snmp', {
  transport: 'UDP',
  make: (listen, gate) => {
    const house = new House()
    const gated = { picture: () => gate.pass().then(() => house.picture()) }
    return agent(gated, [], { listen })
  },
  ask: async (endpoint) => {
    await ask(endpoint, request('get', [SYS_NAME]), 2_000)
  },
})

let house: House
let told: Exchange[]
let server: SnmpServer
let at: Endpoint

beforeEach(async () => {
  house = new House()
  await start()
})

afterEach(() => server.stop())

async function start(options: AgentOptions = {}): Promise<void> {
  await server?.stop()
  told = []
  server = agent(house, told, options)
  await server.start(new AbortController().signal)
  at = server.health().endpoints[0] ?? { address: '', port: 0 }
}

function short(varbind: WireVarbind): string {
  if (!('value' in varbind)) return `${varbind.oid} ${varbind.type}`
  const { oid, type, value } = varbind
  return `${oid} ${type} ${value instanceof Uint8Array ? Buffer.from(value).toString() : value}`
}

const got = (pdu: Pdu) => ({
  errorStatus: pdu.errorStatus,
  errorIndex: pdu.errorIndex,
  varbinds: pdu.varbinds.map(short),
})
const fine = (...varbinds: string[]) => ({ errorStatus: 0, errorIndex: 0, varbinds })

describe('GET [RFC3416 §4.2.1]', () => {
  test('reads scalars and cells', async () => {
    const oids = [SYS_NAME, `${ARC}.1.1.2.0`, `${ARC}.1.2.1.0`, `${ENTRY}.2.200`, `${ENTRY}.4.3`]
    expect(got(await ask(at, request('get', oids)))).toEqual(
      fine(
        `${SYS_NAME} octets phones.example`,
        `${ARC}.1.1.2.0 gauge32 9`,
        `${ARC}.1.2.1.0 gauge32 3`,
        `${ENTRY}.2.200 octets Grün 200`,
        `${ENTRY}.4.3 integer 4`,
      ),
    )
    expect(told).toMatchObject([{ protocol: 'snmp', operation: 'GET', ending: 'reply', answer: 'noError' }])
  })

  test.each([
    ['an object without the .0', '1.3.6.1.2.1.1.5', 'noSuchInstance'],
    ['an instance that a scalar has not', '1.3.6.1.2.1.1.5.1', 'noSuchInstance'],
    ['a name below an instance', '1.3.6.1.2.1.1.5.0.0', 'noSuchInstance'],
    ['a row that is not there', `${ENTRY}.2.4`, 'noSuchInstance'],
    ['a row beside one', `${ENTRY}.2.3.1`, 'noSuchInstance'],
    ['a column', `${ENTRY}.2`, 'noSuchInstance'],
    ['the index, which cannot be read', `${ENTRY}.1.3`, 'noSuchObject'],
    ['a column that is not there', `${ENTRY}.99.3`, 'noSuchObject'],
    ['the table', `${ARC}.1.2.2`, 'noSuchObject'],
    ['a foreign name', '1.3.6.1.2.1.2.1.0', 'noSuchObject'],
    ['the smallest name', '0.0', 'noSuchObject'],
    ['the largest numbers', '2.4294967215.4294967295', 'noSuchObject'],
  ])('of %s is an exception, not an error', async (_, oid, exception) => {
    expect(got(await ask(at, request('get', [oid])))).toEqual(fine(`${oid} ${exception}`))
  })

  test('of nothing is nothing', async () => {
    expect(got(await ask(at, request('get', [])))).toEqual(fine())
  })

  test('of too much is tooBig, without varbinds', async () => {
    const many = Array.from({ length: 513 }, () => SYS_NAME)
    expect(got(await ask(at, request('get', many)))).toEqual({ errorStatus: 1, errorIndex: 0, varbinds: [] })
    house.alarms = [{ ...someAlarm(1), description: 'x'.repeat(10_000) }]
    const long = Array.from({ length: 100 }, () => `${ENTRY}.5.1`)
    expect(got(await ask(at, request('get', long)))).toEqual({ errorStatus: 1, errorIndex: 0, varbinds: [] })
    expect(told).toMatchObject([
      { answer: 'tooBig', ending: 'refuse' },
      { answer: 'tooBig', ending: 'refuse' },
    ])
  })
})

describe('GETNEXT [RFC3416 §4.2.2]', () => {
  test('goes through every instance once, in lexicographic order, to the end', async () => {
    const seen: string[] = []
    let oid = '0.0'
    for (;;) {
      const [varbind] = (await ask(at, request('getNext', [oid]))).varbinds
      if (!varbind || varbind.type === 'endOfMibView') break
      seen.push(varbind.oid)
      oid = varbind.oid
    }
    const arcs = seen.map((name) => parseOid(name) ?? [])
    expect(arcs.toSorted(compareArcs)).toEqual(arcs)
    expect(new Set(seen).size).toBe(seen.length)
    const cells = seen.filter((name) => name.startsWith(`${ENTRY}.`))
    expect(cells).toEqual(
      COLUMNS.flatMap(({ number }) => [3, 200, 1_000_000].map((row) => `${ENTRY}.${number}.${row}`)),
    )
    expect(got(await ask(at, request('get', seen))).varbinds.filter((line) => line.includes('noSuch'))).toEqual([])
  })

  test.each([
    ['before everything', '0.0', '1.3.6.1.2.1.1.1.0'],
    ['at an object', '1.3.6.1.2.1.1.5', SYS_NAME],
    ['at an instance', SYS_NAME, '1.3.6.1.2.1.1.6.0'],
    ['at the table', `${ARC}.1.2.2`, `${ENTRY}.2.3`],
    ['at the index column', `${ENTRY}.1.5`, `${ENTRY}.2.3`],
    ['between two rows', `${ENTRY}.2.4`, `${ENTRY}.2.200`],
    ['beside a row', `${ENTRY}.2.3.9.9`, `${ENTRY}.2.200`],
    ['at the last row of a column', `${ENTRY}.2.1000000`, `${ENTRY}.3.3`],
    ['above all rows', `${ENTRY}.2.4294967295`, `${ENTRY}.3.3`],
  ])('%s', async (_, oid, next) => {
    expect((await ask(at, request('getNext', [oid]))).varbinds[0]?.oid).toBe(next)
  })

  test('behind everything is endOfMibView', async () => {
    expect(got(await ask(at, request('getNext', ['2.5'])))).toEqual(fine('2.5 endOfMibView'))
  })

  test('without alarms goes past the table', async () => {
    house.alarms = []
    expect((await ask(at, request('getNext', [`${ENTRY}.2.3`]))).varbinds[0]?.oid).toBe('1.3.6.1.6.3.10.2.1.1.0')
  })
})

describe('GETBULK [RFC3416 §4.2.3]', () => {
  test('reads non-repeaters once and the others as often as asked', async () => {
    const oids = ['1.3.6.1.2.1.1.4', `${ENTRY}.2`, `${ENTRY}.4`]
    const bulk = request('getBulk', oids, { errorStatus: 1, errorIndex: 2 })
    expect(got(await ask(at, bulk))).toEqual(
      fine(
        '1.3.6.1.2.1.1.4.0 octets noc@example',
        `${ENTRY}.2.3 octets Grün 3`,
        `${ENTRY}.4.3 integer 4`,
        `${ENTRY}.2.200 octets Grün 200`,
        `${ENTRY}.4.200 integer 1`,
      ),
    )
  })

  test('ends with the first repetition that finds nothing more', async () => {
    const bulk = request('getBulk', ['2.5', '2.6'], { errorIndex: 2_147_483_647 })
    expect(got(await ask(at, bulk))).toEqual(fine('2.5 endOfMibView', '2.6 endOfMibView'))
  })

  test('is bounded by what fits into a frame, however much is asked, and never goes beyond', async () => {
    house.alarms = Array.from({ length: 10_000 }, (_, i) => someAlarm(i + 1))
    const bulk = request('getBulk', ['0.0'], { errorIndex: 2_147_483_647 })
    const answer = await exchange(at, bulk)
    expect(answer?.byteLength).toBeGreaterThan(1_000)
    expect(answer?.byteLength).toBeLessThan(1_472)
  })

  test.each([
    ['negative counts are zero', { errorStatus: -5, errorIndex: -1 }, 0],
    ['more non-repeaters than names', { errorStatus: 99, errorIndex: 5 }, 1],
    ['no repetitions', { errorStatus: 0, errorIndex: 0 }, 0],
  ])('%s', async (_, more, count) => {
    expect((await ask(at, request('getBulk', [SYS_NAME], more))).varbinds).toHaveLength(count)
  })
})

test('SET is refused as notWritable, and says where [RFC3416 §4.2.5]', async () => {
  const varbinds: WireVarbind[] = [{ oid: SYS_NAME, type: 'octets', value: Buffer.from('mine') }]
  const response = await ask(at, request('set', [], { varbinds }))
  expect(got(response)).toEqual({ errorStatus: 17, errorIndex: 1, varbinds: [`${SYS_NAME} octets mine`] })
  expect(told).toMatchObject([{ operation: 'SET', ending: 'refuse', answer: 'notWritable' }])
})

describe('who may not read gets no answer', () => {
  test('a wrong community', async () => {
    const bytes = Buffer.from(request('get', [SYS_NAME]))
    bytes.write('pubLic', bytes.indexOf('public'))
    expect(await exchange(at, bytes, 100)).toBeUndefined()
    expect(told).toMatchObject([{ ending: 'ignore', reason: 'an unknown community' }])
    expect(got(await ask(at, request('get', ['1.3.6.1.2.1.11.4.0'])))).toEqual(fine('1.3.6.1.2.1.11.4.0 counter32 1'))
  })

  test('version 1', async () => {
    const bytes = Buffer.from(request('get', [SYS_NAME]))
    bytes[bytes.indexOf('020101', 'hex') + 2] = 0
    expect(await exchange(at, bytes, 100)).toBeUndefined()
  })

  test('another network', async () => {
    await start({ access: { sources: ['10.0.0.0/8'] } })
    expect(await exchange(at, request('get', [SYS_NAME]), 100)).toBeUndefined()
    expect(told).toMatchObject([{ ending: 'ignore', reason: 'its source may not ask' }])
    await start({ access: { sources: [] } })
    expect(await exchange(at, request('get', [SYS_NAME]), 100)).toBeUndefined()
  })

  test('a PDU that is no request', async () => {
    for (const kind of ['response', 'trap', 'inform', 'report'] as const) {
      expect(await exchange(at, request(kind, [SYS_NAME]), 50)).toBeUndefined()
    }
  })
})

test('a walk sees one picture from begin to end, and the next one a new picture', async () => {
  const begin = house.alarms.map(({ index }) => index).sort((a, b) => a - b)
  const { walk, close } = walker(at)
  const seen = await walk(() => {
    house.alarms = [someAlarm(5), someAlarm(7)]
  })
  expect(seen).toEqual(COLUMNS.flatMap(({ number }) => begin.map((index) => [number, index])))
  expect(await walk(() => {})).toEqual(COLUMNS.flatMap(({ number }) => [5, 7].map((index) => [number, index])))
  close()
})

test('a fault of the owner is genErr and told, and the next request is served', async () => {
  const { picture } = house
  house.picture = () => Promise.reject(new Error('the store is gone'))
  const response = await ask(at, request('get', [SYS_NAME]))
  expect(response.errorStatus).toBe(5)
  expect(told).toMatchObject([{ ending: 'fault', reason: 'the store is gone' }])
  house.picture = picture
  expect((await ask(at, request('get', [SYS_NAME]))).errorStatus).toBe(0)
})

test('more requests than may be in work are dropped and counted, not queued', async () => {
  await start({ limits: { pending: 2 } })
  let release: () => void = () => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  const { picture } = house
  house.picture = () => held.then(() => picture.call(house))
  const answers = Array.from({ length: 5 }, () => exchange(at, request('get', [SYS_NAME]), 500))
  while (told.length < 3) await new Promise((resolve) => setImmediate(resolve))
  expect(told).toMatchObject(Array(3).fill({ ending: 'ignore', reason: 'too many requests in work' }))
  release()
  expect((await Promise.all(answers)).filter((answer) => answer !== undefined)).toHaveLength(2)
})

test('an OID that does not end is malformed, and the next request is served', async () => {
  const bytes = Buffer.from(request('get', ['1.3.6.1']))
  bytes[bytes.indexOf('06032b0601', 'hex') + 4] = 0xff
  expect(await exchange(at, bytes, 50)).toBeUndefined()
  expect(told).toMatchObject([{ operation: 'MESSAGE', ending: 'malformed', reason: 'bad-oid' }])
  expect((await ask(at, request('get', [SYS_NAME]))).errorStatus).toBe(0)
})

test('the OID that ends net-snmp’s agent (docs/decisions/0006) is one like any other: nothing is there', async () => {
  const bytes = Buffer.from(request('get', ['1.3.6.1.2']))
  bytes[bytes.indexOf('06042b060102', 'hex') + 2] = 0xff
  expect((await ask(at, bytes)).varbinds).toEqual([{ oid: '2.16182.1.2', type: 'noSuchObject' }])
})

test('a flood of fuzz on the live port ends nothing: what is malformed is told, a request is answered', async () => {
  const random = seededRandom(161)
  const packets = goldens(join(import.meta.dirname, 'golden')).map((golden) => hexBytes(section(golden, 'packet')))
  const socket = createSocket('udp4')
  const rounds = 1_500
  for (let i = 0; i < rounds; i++) {
    const bytes = Buffer.from(packets[i % packets.length] ?? [])
    const changes = Math.floor(random() * 4)
    for (let n = 0; n < changes; n++) bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256)
    const cut = random() < 0.2 ? Math.floor(random() * bytes.length) : bytes.length
    await new Promise((sent) => socket.send(bytes.subarray(0, cut), at.port, at.address, sent))
    // The kernel's buffer holds a few hundred of them.
    if (i % 50 === 49) expect((await ask(at, request('get', [SYS_NAME]), 5_000)).errorStatus).toBe(0)
  }
  socket.close()
  expect(told).toHaveLength(rounds + rounds / 50)
  expect(told.filter(({ ending }) => ending === 'fault')).toEqual([])
  expect(told.filter(({ ending }) => ending === 'malformed').length).toBeGreaterThan(300)
  expect(server.health().state).toBe('serving')
})

/** Walks the table from one port; `meanwhile` happens after the first answer. */
function walker(endpoint: Endpoint) {
  const socket = createSocket('udp4')
  const step = (oid: string) =>
    new Promise<WireVarbind | undefined>((resolve) => {
      socket.once('message', (bytes) => {
        const message = decode(bytes)
        resolve(message.version === '3' ? undefined : message.pdu.varbinds[0])
      })
      socket.send(request('getNext', [oid]), endpoint.port, endpoint.address)
    })
  const walk = async (meanwhile: () => void) => {
    const seen: number[][] = []
    let oid = ENTRY
    for (;;) {
      const varbind = await step(oid)
      if (!varbind?.oid.startsWith(`${ENTRY}.`) || varbind.oid === oid) return seen
      if (seen.length === 0) meanwhile()
      oid = varbind.oid
      seen.push(
        oid
          .slice(ENTRY.length + 1)
          .split('.')
          .map(Number),
      )
    }
  }
  return { walk, close: () => socket.close() }
}
