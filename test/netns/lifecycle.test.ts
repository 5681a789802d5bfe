// SPDX-License-Identifier: Apache-2.0
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { chmod, chown, mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type ConfigTree, type Daemon, DaemonHome, LOOPBACK, lives } from '#test/support/daemon'
import { type Island, makeIsland } from '#test/support/netns'
import { here, type Place, placeBehind } from '#test/support/process'

const KEEP_ALIVE = 'rest/v1/ipphoneMgrStatus/keep-alive'

let home: DaemonHome

beforeEach(async () => {
  home = await DaemonHome.make()
})

afterEach(() => home?.close())

/** A start that must fail: exit code 1, nothing promised, one sentence on standard error. Gives the sentence. */
async function failsToStart(place: Place = here): Promise<string> {
  const { code, stdout, stderr } = await home.launch(place).end()
  expect(stdout).not.toContain('Offhook is ready')
  expect(stderr.split('\n')).toEqual([expect.stringMatching(/^offhook: \S.*$/), ''])
  expect(code).toBe(1)
  return stderr.trim()
}

async function report(daemon: Daemon, status: string, place: Place = here): Promise<void> {
  const { address, port } = daemon.endpoint('http')
  const body = JSON.stringify({ mac: '00908f990001', model: '440HD', userName: 'ann', status })
  await place.must('curl', ['-sSf', '--max-time', '5', '-d', body, `http://${address}:${port}/${KEEP_ALIVE}`])
}

describe('a start that cannot succeed says why in one sentence and exits with 1', () => {
  it.each(['dhcp', 'tftp'])('the UDP port of the %s server is in use', async (server) => {
    const socket = createSocket('udp4').bind(0, '127.0.0.1')
    await once(socket, 'listening')
    const listen = `127.0.0.1:${socket.address().port}`
    await home.configure(withListen(server, listen))
    expect(await failsToStart()).toBe(`offhook: UDP ${listen} is already in use by another program`)
    socket.close()
  })

  it.each(['http', 'web'])('the TCP port of the %s server is in use', async (server) => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const address = other.address()
    const listen = `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
    await home.configure(withListen(server, server === 'http' ? [listen] : listen))
    expect(await failsToStart()).toBe(`offhook: TCP ${listen} is already in use by another program`)
    other.close()
  })

  it('an address that this machine does not have', async () => {
    await home.configure(withListen('tftp', '192.0.2.1:0'))
    expect(await failsToStart()).toBe('offhook: UDP 192.0.2.1:0 is not an address of this machine')
  })

  it('a data folder that belongs to somebody else', async () => {
    await chown(home.dataFolder, 65_534, 65_534)
    await chmod(home.dataFolder, 0o700)
    // Root is refused nothing, unless it gives up the capabilities that say so.
    const humble = placeBehind('setpriv', '--bounding-set=-dac_override,-dac_read_search', '--')
    const sentence = await failsToStart(humble)
    expect(sentence).toContain(home.dataFolder)
    expect(sentence).toMatch(/permission denied|not permitted|cannot be written/i)
  })

  it('a data folder whose path leads through a file', async () => {
    await writeFile(join(home.folder, 'file'), '')
    await home.configure({ ...LOOPBACK, data: { folder: join(home.folder, 'file/data') } })
    expect(await failsToStart()).toContain(join(home.folder, 'file/data'))
  })

  it.each([
    ['a setting that does not exist', 'web:\n  listn: 127.0.0.1:0\n', 2, 'web.listn: there is no such setting'],
    ['a value of the wrong kind', 'fleet:\n  keepAliveMinutes: often\n', 2, 'fleet.keepAliveMinutes: '],
    ['no YAML at all', 'web: [\n', 2, ''],
    [
      'a pool outside its subnet',
      'dhcp:\n  subnets:\n    - name: a\n      cidr: 10.1.0.0/24\n      pools: [10.2.0.1-10.2.0.9]\n      serverAddress: 10.1.0.1\n',
      5,
      'dhcp.subnets.0.pools.0: ',
    ],
  ])('a configuration with %s: the sentence names file, line and path', async (_, text, line, path) => {
    await writeFile(home.configFile, text)
    expect(await failsToStart()).toContain(`${home.configFile}:${line}: ${path}`)
  })

  it('a configuration file that is not there', async () => {
    await home.close()
    await mkdir(home.folder)
    expect(await failsToStart()).toContain(`${home.configFile} cannot be read`)
  })

  it('a second daemon on the same data folder; the first serves on', async () => {
    const first = await home.start()
    expect(await failsToStart()).toContain(home.dataFolder)
    expect(lives(first)).toBe(true)
    await report(first, 'registered')
    await first.stop()
  })
})

describe('a daemon that started', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    'stops cleanly on %s: exit code 0, the last line says so, no complaint',
    async (signal) => {
      const daemon = await home.start()
      const { stderr } = await daemon.stop(signal)
      expect(stderr).toBe('')
      expect(
        daemon
          .log()
          .map(({ id }) => id)
          .slice(-2),
      ).toEqual(['daemon.stopping', 'daemon.stopped'])
    },
  )

  it('stops while it is still starting: exit code 0, and nothing stays locked', async () => {
    const running = home.launch()
    await running.output(/Offhook is starting/)
    running.kill('SIGTERM')
    expect(await running.end()).toMatchObject({ code: 0, stderr: '' })
    await (await home.start()).stop()
  })

  it('keeps everything: phones, users and accounts outlive a stop and a start', async () => {
    const first = await home.start()
    await first.oneTimePassword()
    await report(first, 'registered')
    const tables = ['phones', 'users', 'accounts']
    const records = (daemon: Daemon) =>
      Promise.all(tables.map((table) => daemon.metric('offhook_store_records', { table })))
    const before = await records(first)
    expect(before).toEqual([1, 1, 1])
    await first.stop()

    const second = await home.start()
    expect(await records(second)).toEqual(before)
    expect(await second.metric('offhook_phones', { presence: 'registered' })).toBe(1)
    await second.stop()
  })
})

/*
 * `ss -K` has the kernel abort a socket under the program's feet (SOCK_DESTROY, as `ss` documents it): the one honest way
 * from outside. It works on every socket of the namespace that matches, so the daemon gets an island of its own.
 */
describe('a server that loses its socket later', () => {
  let island: Island

  beforeEach(async () => {
    island = await makeIsland()
  })

  afterEach(() => island?.close())

  it.each(['dhcp', 'tftp'])('%s: is alarmed and started again, while the others serve', async (server) => {
    const daemon = await home.start(island)
    const { port } = daemon.endpoint(server)
    await island.must('ss', ['-K', '-u', '-a', 'sport', '=', `:${port}`])
    await daemon.logged({ id: 'server.lost', server })
    await daemon.logged({ id: 'alarm.raised' })
    await report(daemon, 'started', island)
    await daemon.logged({ id: 'alarm.cleared' })
    expect(await daemon.metric('offhook_server_up', { server })).toBe(1)
    expect(await daemon.metric('offhook_alarms_active')).toBe(0)
    await daemon.stop()
  })

  it.each(['http', 'web'])(
    '%s: a TCP listener broken without an event is noticed, and listens again',
    async (server) => {
      await home.configure(withListen('web', '127.0.0.1:8090'))
      const daemon = await home.start(island)
      const { port } = daemon.endpoint(server)
      await island.must('ss', ['-K', '-t', '-l', 'sport', '=', `:${port}`])
      await daemon.logged({ id: 'server.lost', server })
      await daemon.logged({ id: 'alarm.cleared' })
      await report(daemon, 'started', island)
      expect(await ready(daemon)).toBe('200')
      await daemon.stop()
    },
  )

  it.each([
    ['sip', '-u'],
    ['snmp', '-u'],
    ['syslog', '-u'],
    ['syslog', '-t'],
    ['ldap', '-t'],
  ])('%s, socket of ss %s: is started again alone', async (server, kind) => {
    const listen = '127.0.0.1:0'
    await home.configure({
      ...LOOPBACK,
      ...{ sip: { enabled: true, listen }, syslog: { enabled: true, listen: '127.0.0.1:5514' } },
      ...{ ldap: { enabled: true, listen, anonymous: true }, web: { listen: '127.0.0.1:8090' } },
      snmp: { agent: { enabled: true, listen, communities: ['for-the-test'] } },
    })
    const daemon = await home.start(island)
    const { port } = daemon.endpoint(server)
    await island.must('ss', ['-K', kind, ...(kind === '-t' ? ['-l'] : ['-a']), 'sport', '=', `:${port}`])
    await daemon.logged({ id: 'server.lost', server })
    await report(daemon, 'started', island)
    await daemon.logged({ id: 'alarm.cleared' })
    expect(await ready(daemon)).toBe('200')
    const lost = daemon.log().filter(({ id }) => id === 'server.lost')
    expect(lost.map((line) => line.server)).toEqual([server])
    await daemon.stop()
  })

  it('waits for its port as long as another program has it, is not ready meanwhile, and says so', async () => {
    await home.configure(withListen('tftp', '127.0.0.1:6969'))
    const daemon = await home.start(island)
    // Takes the port the moment the daemon loses it.
    const thief = island.start('node', ['--input-type=module', '-e', THIEF, '6969'])
    await thief.output(/has it/)
    await daemon.logged({ id: 'server.retry', server: 'tftp' })
    await report(daemon, 'registered', island)
    expect(await daemon.metric('offhook_server_up', { server: 'tftp' })).toBe(0)
    expect(await daemon.metric('offhook_server_up')).toBe(3)
    expect(await daemon.metric('offhook_alarms_active')).toBe(1)
    expect(await ready(daemon)).toBe('503')

    thief.kill('SIGKILL')
    await thief.ended
    await daemon.logged({ id: 'alarm.cleared' })
    expect(await ready(daemon)).toBe('200')
    await daemon.stop()
  })

  function ready(daemon: Daemon): Promise<string> {
    return island.must('curl', ['-s', '-o', '/dev/null', '-w', '%{http_code}', `${daemon.url}readyz`])
  }
})

const THIEF = `
import { execFileSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
const port = Number(process.argv[1])
execFileSync('ss', ['-K', '-u', '-a', 'sport', '=', ':' + port])
const socket = createSocket('udp4')
socket.bind(port, '127.0.0.1', () => console.log('has it'))
`

function withListen(server: string, listen: unknown): ConfigTree {
  const section = LOOPBACK[server] as ConfigTree
  return { ...LOOPBACK, [server]: { ...section, listen } }
}
