// SPDX-License-Identifier: Apache-2.0
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Notifier } from '#daemon/notify'
import { DaemonHome } from '#test/support/daemon'
import { NotifySocket } from '#test/support/notify-socket'
import { placeBehind } from '#test/support/process'

const PATH = process.env.PATH ?? '/usr/bin'

let socket: NotifySocket

beforeEach(async () => {
  socket = await NotifySocket.open()
})

afterEach(() => socket.close())

describe('the messages [sd_notify(3)]', () => {
  const failures: string[] = []
  const made = (environment: Record<string, string>, healthy = () => true) =>
    new Notifier({
      ...{ environment: { PATH, ...environment }, pid: 4711, healthy, monotonicMicros: () => 42n },
      onFailure: (error) => void failures.push(error),
    })

  beforeEach(() => {
    failures.length = 0
  })

  it('go out in their order, with a status of one line', async () => {
    const notifier = made({ NOTIFY_SOCKET: socket.path })
    notifier.ready('serving\nMAINPID=1')
    notifier.reloading()
    notifier.ready('again')
    await notifier.stopping()
    expect(socket.heard).toEqual([
      'READY=1|STATUS=serving MAINPID=1',
      'RELOADING=1|MONOTONIC_USEC=42',
      'READY=1|STATUS=again',
      'STOPPING=1',
    ])
    expect(failures).toEqual([])
  })

  it('feed the watchdog at half its time, only while all is well', async () => {
    let isWell = true
    let asked = 0
    const notifier = made({ NOTIFY_SOCKET: socket.path, WATCHDOG_USEC: '100000', WATCHDOG_PID: '4711' }, () => {
      asked++
      return isWell
    })
    notifier.ready('')
    await socket.hears('WATCHDOG=1', 2)
    isWell = false
    notifier.reloading() // behind all that was fed before
    await socket.hears('RELOADING=1')
    const before = socket.heard.length
    const askedBefore = asked
    await expect.poll(() => asked).toBeGreaterThan(askedBefore + 4)
    expect(socket.heard.length).toBe(before)
    isWell = true
    await socket.hears('WATCHDOG=1', before)
    await notifier.stopping()
  })

  it('the watchdog of another process is not ours to feed, and a time that is none is no watchdog', async () => {
    for (const more of [
      { WATCHDOG_PID: '4712', WATCHDOG_USEC: '1000' },
      { WATCHDOG_USEC: '-5' },
      { WATCHDOG_USEC: '' },
    ]) {
      const notifier = made({ NOTIFY_SOCKET: socket.path, ...more })
      notifier.ready('')
      await notifier.stopping()
    }
    expect(socket.heard.filter((message) => message.startsWith('WATCHDOG'))).toEqual([])
  })

  it('a systemd that cannot be reached is told of once, and stops nothing', async () => {
    const notifier = made({ NOTIFY_SOCKET: `${socket.path}-of-nobody` })
    notifier.ready('')
    await notifier.stopping()
    expect(failures).toHaveLength(1)
    const quiet = made({})
    quiet.ready('')
    await quiet.stopping()
    expect(failures).toHaveLength(1)
  })
})

describe('the daemon', () => {
  it('says that it is ready, alive, reloading and stopping', async () => {
    const home = await DaemonHome.make()
    const place = placeBehind('env', `NOTIFY_SOCKET=${socket.path}`, 'WATCHDOG_USEC=200000')
    try {
      const daemon = await home.start(place)
      expect(await socket.hears('READY=1')).toMatch(/^READY=1\|STATUS=Serving .*http/)
      await socket.hears('WATCHDOG=1')
      const before = socket.heard.length
      await home.configure({ nonsense: true })
      expect((await daemon.reload()).id).toBe('config.refused')
      expect(await socket.hears('RELOADING=1', before)).toMatch(/^RELOADING=1\|MONOTONIC_USEC=[1-9]\d+$/)
      expect(await socket.hears('READY=1', before)).toMatch(/refused: .*nonsense/)
      await daemon.stop()
      await socket.hears('STOPPING=1', before)
      expect(socket.heard.at(-1)).toBe('STOPPING=1')
    } finally {
      await home.close()
    }
  })
})
