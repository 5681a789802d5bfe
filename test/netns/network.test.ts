// SPDX-License-Identifier: Apache-2.0
import { existsSync, readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { layRoutedNetwork, makeIsland, RELAY_FAR, SERVER_ADDRESS } from '#test/support/netns'
import { here } from '#test/support/process'

/** What the other tests of this folder stand on. */
describe('the voice network of test/support/netns.ts', () => {
  it('carries packets as drawn, and leaves nothing behind: no namespace, no process', async () => {
    const network = await layRoutedNetwork()
    const names = [network.server, network.phone, network.relay, network.farPhone].map(({ name }) => name)
    await network.phone.must('ip', ['address', 'add', '10.99.0.9/24', 'dev', 'eth0'])
    await network.phone.must('ping', ['-c', '1', '-W', '5', SERVER_ADDRESS])
    await network.farPhone.must('ip', ['address', 'add', '10.99.1.9/24', 'dev', 'eth0'])
    await network.farPhone.must('ip', ['route', 'add', 'default', 'via', RELAY_FAR])
    await network.farPhone.must('ping', ['-c', '1', '-W', '5', SERVER_ADDRESS])

    const forgotten = network.phone.start('sleep', ['600'])
    await network.close()
    expect(await forgotten.end()).toMatchObject({ signal: 'SIGKILL' })
    expect(namespaces().filter((name) => names.includes(name))).toEqual([])
  })

  it('clears away what a run that was killed left behind, and nothing of one that lives', async () => {
    const dead = here.start('true', [])
    await dead.end()
    const stale = `offhook-test-${dead.pid}-000000-phone`
    const living = `offhook-test-${process.ppid}-000000-phone`
    await here.must('ip', ['netns', 'add', stale])
    await here.must('ip', ['netns', 'add', living])
    const island = await makeIsland()
    try {
      expect(namespaces()).not.toContain(stale)
      expect(namespaces()).toEqual(expect.arrayContaining([living, island.name]))
    } finally {
      await island.close()
      await here.must('ip', ['netns', 'delete', living])
    }
  })

  it('a missing program is a failure that names it', async () => {
    await expect(here.run('no-such-dhcp-client', [])).rejects.toThrow('cannot run no-such-dhcp-client')
  })
})

function namespaces(): string[] {
  return existsSync('/run/netns') ? readdirSync('/run/netns') : []
}
