// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Command } from '#daemon/domain/command'
import { type Daemon, DaemonHome, VOICE_NETWORK } from '#test/support/daemon'
import { layNetwork, type Network } from '#test/support/netns'

/*
 *   curl and sipp, as the phone 10.99.0.50                    offhook 10.99.0.1
 *     ───── keep-alive ──────────────────────────────────────▶
 *     ◀──── NOTIFY check-sync (SIP), or {"cmd":"reset"} in the answer
 */
const MAC = '00908f990050'
const REPORT = `{"mac":"${MAC}","ip":"10.99.0.50","model":"440HD","fwVersion":"2.2.16.1","userName":"anna","status":`

describe('a phone that an admin restarts', () => {
  let network: Network
  let home: DaemonHome
  let daemon: Daemon

  beforeAll(async () => {
    network = await layNetwork()
    await network.phone.must('ip', ['address', 'add', '10.99.0.50/24', 'dev', 'eth0'])
    const sip = { user: 'admin', password: 'check-me' }
    home = await DaemonHome.make({ ...VOICE_NETWORK, sip: { enabled: true }, commands: { sip } })
    daemon = await home.start(network.server)
  })

  afterAll(async () => {
    await home?.close()
    await network?.close()
  })

  async function reports(status: string): Promise<unknown> {
    const url = 'http://10.99.0.1:8081/rest/v1/ipphoneMgrStatus/keep-alive'
    return JSON.parse(await network.phone.must('curl', ['-sS', '--max-time', '5', '-d', `${REPORT}"${status}"}`, url]))
  }

  /** As the command line asks: with the token of the data folder. */
  async function api(...args: string[]): Promise<unknown> {
    const { token } = JSON.parse(await readFile(join(home.dataFolder, 'local-api'), 'utf8')) as { token: string }
    const url = `${daemon.url}api/v1/devices/${MAC}/commands`
    const headers = ['-H', `Authorization: Bearer ${token}`, '-H', 'Content-Type: application/json']
    return JSON.parse(await network.server.must('curl', ['-sS', '--max-time', '5', ...headers, ...args, url]))
  }

  async function newest(state: Command['state']): Promise<Command> {
    for (let tries = 0; tries < 200; tries++) {
      const { rows } = (await api()) as { rows: Command[] }
      if (rows[0]?.state === state) return rows[0]
    }
    throw new Error(`no command came to be ${state}`)
  }

  const restart = () => api('-d', '{"kind":"restart"}')

  it('by SIP: it asks who we are, takes it, and is seen to start', async () => {
    await reports('registered')
    const scenario = [
      '-sf',
      join(import.meta.dirname, 'check-sync.xml'),
      '-m',
      '1',
      '-timeout',
      '15s',
      '-timeout_error',
    ]
    const phone = network.phone.start('sipp', [...scenario, '-i', '10.99.0.50', '-p', '5060', '-nostdin'])
    await bound()
    await restart()
    expect(await phone.ended).toMatchObject({ code: 0 })
    expect((await newest('accepted')).attempts).toMatchObject([{ way: 'sip', detail: 'it answered 200 OK' }])
    expect(await reports('started')).toEqual({ requests: [] })
    await newest('confirmed')
  })

  it('by keep-alive where it speaks no SIP: once, also over a kill -9', async () => {
    await daemon.stop()
    await home.configure({ ...VOICE_NETWORK, commands: { ways: ['keep-alive'] } })
    daemon = await home.start(network.server)
    await reports('registered')
    await restart()
    await daemon.kill9()
    daemon = await home.start(network.server)
    expect(await reports('registered')).toEqual({ requests: ['{"cmd":"reset"}'] })
    await daemon.kill9()
    daemon = await home.start(network.server)
    expect(await reports('registered')).toEqual({ requests: [] })
    await reports('started')
    await newest('confirmed')
  })

  async function bound(): Promise<void> {
    for (let tries = 0; tries < 200; tries++) {
      const { stdout } = await network.phone.run('ss', ['-Hnul', 'sport = :5060'])
      if (stdout !== '') return
    }
    throw new Error('sipp opened no port')
  }
})
