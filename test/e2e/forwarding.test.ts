// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { SnmpUser } from '#protocols/snmp/port'
import { type ConfigTree, type Daemon, DaemonHome, LOOPBACK } from '#test/support/daemon'
import { inCrowd, macOf, PhoneAlerts } from '#test/support/phone-alerts'
import { here } from '#test/support/process'
import { type Received, type Snmptrapd, startSnmptrapd } from '#test/support/snmptrapd'

/*
 *   phones ── REST ──► built daemon ──┬── v2c informs ──► Debian's snmptrapd ┐ each is stopped and started,
 *                     (kill -9)       └── v3 informs ───► Debian's snmptrapd ┘ the second one with a new engine
 */

const ARC = '.1.3.6.1.4.1.8072.9999.9999'
const TRAP_OID = '.1.3.6.1.6.3.1.1.4.1.0'
const USER: SnmpUser = {
  ...{ name: 'noc', level: 'authPriv', authProtocol: 'sha256', privProtocol: 'aes128' },
  ...{ authKey: 'a-long-enough-key', privKey: 'another-long-key' },
}

function configuration(v2: number, v3: number): ConfigTree {
  const snmp = { kind: 'snmp', host: '127.0.0.1', timeoutSeconds: 0.3, retries: 0, filter: { about: 'phones' } }
  const { name, level: _, ...keys } = USER
  return {
    ...LOOPBACK,
    log: { level: 'info' },
    snmp: { agent: { enabled: true, listen: '127.0.0.1:0', users: [{ name, ...keys }], communities: ['readable'] } },
    alarms: {
      destinations: [
        { ...snmp, name: 'two', port: v2, version: '2c', community: 'public' },
        { ...snmp, name: 'three', port: v3, version: 3, user: name, ...keys },
      ],
    },
  }
}

/** `raised <mac> <number>`, in the order of the receiver's log. */
function told(received: readonly Received[]): string[] {
  const words = ['raised', 'changed', 'cleared']
  return received.map(({ varbinds }) => {
    const [, kind] = /= OID: \S+\.0\.(\d+)$/.exec(varbinds.find((one) => one.startsWith(TRAP_OID)) ?? '') ?? []
    const [name, source] = [2, 3].map((column) => textOf(varbinds, `${ARC}.1.2.2.1.${column}.`))
    return `${words[Number(kind) - 1]} ${source?.replace('IPPhone/', '')} ${name?.replace('OWN ALARM ', '')}`
  })
}

function textOf(varbinds: readonly string[], oid: string): string {
  const varbind = varbinds.find((one) => one.startsWith(oid)) ?? ''
  return Buffer.from(/Hex-STRING: (.*)$/.exec(varbind)?.[1]?.replaceAll(' ', '') ?? '', 'hex').toString()
}

describe('alarms reach an NMS whatever is switched off on the way', () => {
  const PHONES = 6
  let home: DaemonHome
  let daemon: Daemon
  let phones: PhoneAlerts
  let two: Snmptrapd
  let three: Snmptrapd
  /** What the logs of receivers that were stopped had. */
  const logs: { two: string[]; three: string[] } = { two: [], three: [] }
  const sent: string[] = []
  let engine = { id: '', boots: '' }

  beforeAll(async () => {
    two = await startSnmptrapd({ communities: ['public'] })
    three = await startSnmptrapd({ users: [USER] })
    home = await DaemonHome.make(configuration(two.port, three.port))
    await start()
    for (let phone = 0; phone < PHONES; phone++) await phones.appear(macOf(phone))
  })

  afterAll(async () => {
    await home?.close()
    await two?.close()
    await three?.close()
  })

  async function start(): Promise<void> {
    daemon = await home.start()
    phones = new PhoneAlerts(daemon.endpoint('http'))
  }

  /** Alarms number `from` to before `to` of every phone, the phones side by side. */
  async function report(from: number, to: number, severity: number): Promise<void> {
    await inCrowd(
      PHONES,
      Array.from({ length: PHONES }, (_, phone) => macOf(phone)),
      async (mac) => {
        for (let number = from; number < to; number++) {
          await phones.alarm(mac, `OWN ALARM ${number}`, severity)
          sent.push(`${severity === 0 ? 'cleared' : 'raised'} ${mac} ${number}`)
        }
      },
    )
  }

  async function all(): Promise<{ two: string[]; three: string[] }> {
    const missing = (log: readonly string[]) => sent.length - log.length
    return {
      two: [...logs.two, ...told(await two.received(missing(logs.two)))],
      three: [...logs.three, ...told(await three.received(missing(logs.three)))],
    }
  }

  async function engineOf(): Promise<{ readonly id: string; readonly boots: string }> {
    const { address, port } = daemon.endpoint('snmp')
    const args = ['-On', '-Oqv', '-m', '', '-v2c', '-c', 'readable', `${address}:${port}`, '.1.3.6.1.6.3.10.2.1']
    const [, id = '', boots = ''] = /^"([0-9A-F \n]+)"\n(\d+)$/m.exec((await here.run('snmpwalk', args)).stdout) ?? []
    return { id, boots }
  }

  async function stopReceivers(): Promise<void> {
    const log = await all()
    ;[logs.two, logs.three] = [log.two, log.three]
    await two.close()
    await three.close()
  }

  test('both versions are told of each alarm', async () => {
    await report(0, 8, 5)
    await report(0, 3, 0)
    const log = await all()
    expect(new Set(log.two).size).toBe(sent.length)
    expect([...log.three].sort()).toEqual([...log.two].sort())
  })

  test('the agent shows a manager the alarms that it was told of, by both versions', async () => {
    const { address, port } = daemon.endpoint('snmp')
    const ask = async (...args: readonly string[]) => {
      const { stdout } = await here.run('snmpwalk', ['-On', '-Oqv', '-m', '', ...args])
      return stdout.trim().split('\n')
    }
    const v3 = [
      '-v3',
      '-l',
      'authPriv',
      '-u',
      'noc',
      '-a',
      'SHA-256',
      '-A',
      USER.authKey ?? '',
      '-x',
      'AES',
      '-X',
      USER.privKey ?? '',
    ]
    const place = `${address}:${port}`
    const active =
      sent.filter((line) => line.startsWith('raised')).length - sent.filter((line) => line.startsWith('cleared')).length
    expect(await ask('-v2c', '-c', 'readable', place, `${ARC}.1.2.1`)).toEqual([String(active)])
    expect(await ask(...v3, place, `${ARC}.1.1.1`)).toEqual([String(PHONES)])
    const names = await ask(...v3, place, `${ARC}.1.2.2.1.2`)
    expect(names).toHaveLength(active)
    expect(new Set(names)).toEqual(new Set([3, 4, 5, 6, 7].map((number) => `"OWN ALARM ${number}"`)))
    engine = await engineOf()
    expect(engine.boots).toBe('1')
  })

  test('receivers stopped, alarms go on, the daemon is killed with -9, alarms go on: nothing lost, nothing doubled', async () => {
    await stopReceivers()
    await report(8, 14, 4)
    await daemon.kill9()
    await start()
    await report(3, 6, 0)
    await report(14, 16, 3)
    await daemon.logged({ id: 'alarm.raised', alarm: 'DESTINATION UNREACHABLE' })
    two = await startSnmptrapd({ communities: ['public'], port: two.port })
    three = await startSnmptrapd({ users: [USER], port: three.port })
    const log = await all()
    for (const lines of [log.two, log.three]) {
      expect(lines).toHaveLength(sent.length)
      expect(new Set(lines).size).toBe(sent.length)
      for (const line of lines.filter((one) => one.startsWith('cleared'))) {
        expect(lines.indexOf(line)).toBeGreaterThan(lines.indexOf(line.replace('cleared', 'raised')))
      }
    }
    // Our engine is the same, and has started once more [RFC3414 §2.2.2].
    expect(await engineOf()).toEqual({ id: engine.id, boots: '2' })
    // Nothing comes later, either: the queues are empty, on disk too.
    await expect.poll(() => daemon.metric('offhook_forwarding_waiting'), { timeout: 5_000 }).toBe(0)
    expect(await daemon.metric('offhook_forwarding_dropped_total')).toBe(0)
    expect([two.count() + logs.two.length, three.count() + logs.three.length]).toEqual([sent.length, sent.length])
  }, 40_000)

  test('killed with -9 while informs fly: nothing lost, and at most the window of informs is told twice', async () => {
    const before = { two: two.count(), three: three.count() }
    const posts = report(16, 24, 5).catch(() => {})
    await two.received(before.two + 10)
    await daemon.kill9()
    await posts
    await start()
    await inCrowd(
      PHONES,
      Array.from({ length: PHONES }, (_, phone) => macOf(phone)),
      async (mac) => {
        // What got no answer is told again, as phones do; the daemon counts it once.
        for (let number = 16; number < 24; number++) await phones.alarm(mac, `OWN ALARM ${number}`, 5)
      },
    )
    await expect.poll(() => daemon.metric('offhook_forwarding_waiting'), { timeout: 15_000 }).toBe(0)
    for (const [receiver, count] of [
      [two, before.two],
      [three, before.three],
    ] as const) {
      const fresh = told(await receiver.received(receiver.count()))
        .slice(count)
        .filter((one) => one.startsWith('raised'))
      const ids = new Set(fresh)
      for (let number = 16; number < 24; number++) {
        expect([...ids].filter((one) => one.endsWith(` ${number}`))).toHaveLength(PHONES)
      }
      expect(fresh.length - ids.size).toBeLessThanOrEqual(64)
    }
  }, 40_000)
})
