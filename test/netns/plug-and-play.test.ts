// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Daemon, DaemonHome, VOICE_NETWORK } from '#test/support/daemon'
import { layNetwork, type Network } from '#test/support/netns'

/*
 *   sipp, as a phone without option 160      multicast 224.0.1.75      offhook
 *   10.99.0.50  ───────── SUBSCRIBE ─────────────────────────────────▶ 10.99.0.1
 *               ◀──────── 200, NOTIFY with the URL ───────────────────
 */
describe('a phone that asks everybody for its profile', () => {
  let network: Network
  let home: DaemonHome
  let daemon: Daemon
  let folder: string

  beforeAll(async () => {
    network = await layNetwork()
    folder = await mkdtemp(join(tmpdir(), 'offhook-sipp-'))
    await network.phone.must('ip', ['address', 'add', '10.99.0.50/24', 'dev', 'eth0'])
    await network.phone.must('ip', ['route', 'add', '224.0.0.0/4', 'dev', 'eth0'])
    home = await DaemonHome.make({ ...VOICE_NETWORK, sip: { enabled: true } })
    daemon = await home.start(network.server)
  })

  afterAll(async () => {
    await home?.close()
    await network?.close()
    if (folder) await rm(folder, { recursive: true, force: true })
  })

  /** sipp, playing one phone of the model, or several after each other; to the group or to our address. */
  async function sipp(model: string, calls: number, to: string) {
    const models = join(folder, 'models.csv')
    await writeFile(models, `SEQUENTIAL\n${model}\n`)
    const scenario = ['-sf', join(import.meta.dirname, 'plug-and-play.xml'), '-inf', models]
    const amount = ['-m', String(calls), '-l', '20', '-r', '50', '-timeout', '15s', '-timeout_error']
    return network.phone.run('sipp', [...scenario, ...amount, '-i', '10.99.0.50', '-p', '5070', '-nostdin', to], {
      timeoutMs: 20_000,
    })
  }

  it('[RFC6080 §5.6] by multicast, and is told the URL that option 160 would tell', async () => {
    const { code, stdout, stderr } = await sipp('440HD', 1, '224.0.1.75:5060')
    expect(code, `${stdout}\n${stderr}`).toBe(0)
    await daemon.logged({ protocol: 'sip', operation: 'NOTIFY', answer: '200', model: '440HD' })
  })

  it('sent to our address, a hundred phones in two seconds', async () => {
    const { code, stdout, stderr } = await sipp('420HD', 100, '10.99.0.1:5060')
    expect(code, `${stdout}\n${stderr}`).toBe(0)
  })

  it('of another maker gets no answer: its own server shall have the word', async () => {
    const { code } = await sipp('T46S', 1, '224.0.1.75:5060')
    expect(code).not.toBe(0)
    await daemon.logged({ protocol: 'sip', ending: 'ignore', reason: 'no phone of ours: it is left to its own server' })
  })
})
