// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { changes, inForce, settings } from '#config/changes'
import { ConfigError, loadConfig } from '#config/load'
import type { Config } from '#config/schema'
import { compose } from '#daemon/compose'
import { Configuration } from '#daemon/configuration'

function configOf(text = ''): Config {
  return loadConfig(`server: {address: 10.1.0.2}\n${text}`, 'offhook.yaml', {})
}

function running(first: string) {
  const told: [string, object | undefined][] = []
  const alarms: string[] = []
  const facts: object[] = []
  let next: () => Config = () => configOf(first)
  const configuration = new Configuration({
    config: configOf(first),
    read: () => next(),
    now: () => 7,
    announce: (id, fields) => void told.push([id, fields]),
    alarms: {
      raise: async ({ description, eventType, probableCause, additionalInfo }) => {
        facts.push({ eventType, probableCause, additionalInfo })
        return alarms.push(description) > 0
      },
      clear: async () => alarms.splice(0).length > 0,
    },
  })
  const reload = (text: string | (() => Config)) => {
    next = typeof text === 'string' ? () => configOf(text) : text
    return configuration.reload()
  }
  return { configuration, reload, told, alarms, facts }
}

test('every setting that the schema calls live is in force after a reload', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'offhook-live-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const { configuration } = compose(configOf(`data: {folder: ${folder}}`), pino({ level: 'silent' }), Date.now)
  const live = settings().filter(({ restart }) => !restart)
  expect(live.map(({ path }) => path)).toContain('dhcp.subnets')
  expect(live.filter(({ path }) => !configuration.isLive(path))).toEqual([])
})

test('changes are told by the setting; a list is one setting', () => {
  const before = configOf('log: {level: info}')
  const after = configOf('log: {level: warn}\ndhcp: {subnets: [{name: a, cidr: 10.2.0.0/16}]}\ntftp: {enabled: false}')
  expect(changes(before, after)).toEqual([
    { path: 'tftp.enabled', restart: true },
    { path: 'dhcp.subnets', restart: false },
    { path: 'log.level', restart: false },
  ])
  expect(changes(before, configOf('log: {level: info}'))).toEqual([])
  const force = inForce(before, after)
  expect([force.tftp.enabled, force.log.level, force.dhcp.subnets.length]).toEqual([true, 'warn', 1])
})

test('a followed setting takes effect at once, another one waits, also through later reloads, until it is taken back', async () => {
  const { configuration, reload, told } = running('log: {level: info}')
  const levels: string[] = []
  configuration.follow(
    'log.level',
    ({ log }) =>
      () =>
        void levels.push(log.level),
  )
  const both = 'log: {level: warn}\nweb: {listen: 127.0.0.1:9999}'
  expect(await reload(both)).toEqual({
    ...{ at: 7, outcome: 'applied', applied: ['log.level'], restart: ['web.listen'], complaints: [], failures: [] },
  })
  expect(await reload(both)).toMatchObject({ outcome: 'unchanged', applied: [], restart: ['web.listen'] })
  expect(await reload('log: {level: warn}')).toMatchObject({ outcome: 'unchanged', restart: [] })
  expect(levels).toEqual(['warn'])
  expect(told.map(([id]) => id).filter((id) => id === 'config.restart-needed')).toHaveLength(2)
})

test('what nobody follows waits for a restart, whatever the schema says', async () => {
  const { reload, configuration } = running('')
  expect(await reload('fleet: {zeroTouch: true}')).toMatchObject({ outcome: 'unchanged', restart: ['fleet.zeroTouch'] })
  expect(configuration.lastReload()?.restart).toEqual(['fleet.zeroTouch'])
})

test('a file that cannot be used, or that one part refuses, changes nothing for any part', async () => {
  const { configuration, reload, alarms, facts } = running('')
  const applied: string[] = []
  configuration.follow('log', () => () => void applied.push('log'))
  configuration.follow('fleet', () => {
    throw new ConfigError(['fleet: too small a fleet'])
  })
  const report = await reload('log: {level: warn}\nfleet: {zeroTouch: true}')
  expect(report).toMatchObject({ outcome: 'refused', complaints: ['fleet: too small a fleet'], applied: [] })
  expect(configuration.current.log.level).toBe('info')
  expect(applied).toEqual([])
  expect(alarms).toEqual([expect.stringContaining('fleet: too small a fleet')])
  const additionalInfo = ['fleet: too small a fleet']
  expect(facts).toEqual([{ eventType: 'processingError', probableCause: 7, additionalInfo }])
  const bad = () => configOf('log: {level: loud}\nnothing: 1')
  expect((await reload(bad)).complaints).toHaveLength(2)
  await reload('')
  expect(alarms).toEqual([])
})

test('a fault while reading refuses, too, and never ends the daemon', async () => {
  const { reload } = running('')
  const fault = () => {
    throw new TypeError('not thought of')
  }
  expect(await reload(fault)).toMatchObject({ outcome: 'refused' })
})

test('certificates are read again at every reload, and one that cannot be is told', async () => {
  const { configuration, reload } = running('')
  let reads = 0
  configuration.onReload('certificate', async () => {
    if (++reads === 2) throw new Error('no such file')
  })
  expect(await reload('')).toMatchObject({ outcome: 'unchanged', failures: [] })
  expect(await reload('')).toMatchObject({ outcome: 'unchanged', failures: ['certificate: no such file'] })
  expect(reads).toBe(2)
})

test('reloads asked for while one runs share the one after it', async () => {
  const { configuration } = running('')
  const release: (() => void)[] = []
  configuration.onReload('slow', () => new Promise((resolve) => release.push(resolve)))
  const [first, second, third] = [configuration.reload(), configuration.reload(), configuration.reload()]
  expect(second).toBe(third)
  expect(second).not.toBe(first)
  await expect.poll(() => release.length).toBe(1)
  release[0]?.()
  await first
  await expect.poll(() => release.length).toBe(2)
  release[1]?.()
  await third
  expect(release).toHaveLength(2)
})
