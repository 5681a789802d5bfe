// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { ConfigError, loadConfig } from '#config/load'

function complaints(text: string, environment: Record<string, string> = {}): readonly string[] {
  try {
    loadConfig(text, 'offhook.yaml', environment)
  } catch (error) {
    if (error instanceof ConfigError) return error.complaints
    throw error
  }
  return []
}

test('an empty file is a configuration: every setting has a default, and the safe one', () => {
  const config = loadConfig('', 'offhook.yaml', {})
  expect(config.web.listen).toEqual({ address: '127.0.0.1', port: 8090 })
  expect(config.dhcp.mode).toBe('off')
  expect(config.fleet.zeroTouch).toBe(false)
})

test.each(['config/offhook.example.yaml', 'config/try-out.yaml'])('%s is accepted', (file) => {
  expect(complaints(readFileSync(file, 'utf8'))).toEqual([])
})

test('the environment wins over the file, in either spelling of a key', () => {
  const text = 'web:\n  listen: 127.0.0.1:1\n'
  const config = loadConfig(text, 'offhook.yaml', {
    OFFHOOK_WEB__LISTEN: '0.0.0.0:8443',
    OFFHOOK_FLEET__KEEP_ALIVE_MINUTES: '5',
    OFFHOOK_FLEET__ZERO_TOUCH: 'true',
  })
  expect(config.web.listen).toEqual({ address: '0.0.0.0', port: 8443 })
  expect(config.fleet).toMatchObject({ keepAliveMinutes: 5, zeroTouch: true })
})

const subnet = (more: string) => `dhcp:\n  subnets:\n    - name: voice\n      cidr: 10.1.0.0/24\n${more}`

test.each([
  ['a misspelt setting', 'web:\n  lisen: 127.0.0.1:1\n', 'offhook.yaml:2: web.lisen: there is no such setting'],
  ['a bad address', 'web:\n  listen: here\n', 'offhook.yaml:2: web.listen: "here" is not address:port'],
  ['a port too high', 'web:\n  listen: 127.0.0.1:65536\n', 'offhook.yaml:2: web.listen: "127.0.0.1:65536"'],
  [
    'an unknown time zone',
    'web:\n  timeZone: Mars/Base\n',
    'offhook.yaml:2: web.timeZone: "Mars/Base" is not an IANA time zone',
  ],
  ['broken YAML', 'web:\n  listen: [\n', 'offhook.yaml:'],
  ['a list for a tree', '- web\n', 'offhook.yaml:1: the file must hold sections'],
  ['a key given twice', 'web: {}\nweb: {}\n', 'offhook.yaml:2: Map keys must be unique'],
  [
    'an inverted pool',
    subnet('      pools: [10.1.0.9-10.1.0.2]\n'),
    'offhook.yaml:5: dhcp.subnets.0.pools.0: "10.1.0.9-10.1.0.2" ends before it begins',
  ],
  [
    'a pool outside',
    subnet('      pools: [10.1.1.1-10.1.1.2]\n'),
    'offhook.yaml:5: dhcp.subnets.0.pools.0: the pool is not inside 10.1.0.0/24',
  ],
  [
    'a pool over the broadcast address',
    subnet('      pools: [10.1.0.1-10.1.0.255]\n'),
    'dhcp.subnets.0.pools.0: the pool is not inside',
  ],
  [
    'overlapping pools',
    subnet('      pools:\n        - 10.1.0.1-10.1.0.9\n        - 10.1.0.9-10.1.0.20\n'),
    'offhook.yaml:7: dhcp.subnets.0.pools.1: the pool overlaps pool 1',
  ],
  [
    'overlapping subnets',
    subnet('    - name: data\n      cidr: 10.1.0.128/25\n'),
    'offhook.yaml:6: dhcp.subnets.1.cidr: the network overlaps that of "voice"',
  ],
  [
    'a lease time of a second',
    subnet('      leaseSeconds: 1\n'),
    'offhook.yaml:5: dhcp.subnets.0.leaseSeconds: Too small',
  ],
])('%s is told with its path and line', (_, text, expected) => {
  expect(complaints(text)).toEqual([expect.stringContaining(expected)])
})

test('a bad value from the environment is told by the name of the variable', () => {
  expect(complaints('', { OFFHOOK_LOG__LEVEL: 'loud' })).toEqual([
    expect.stringContaining('OFFHOOK_LOG__LEVEL: log.level: Invalid option'),
  ])
  expect(complaints('', { OFFHOOK_WBE__LISTEN: '1' })).toEqual(['OFFHOOK_WBE__LISTEN: wbe: there is no such setting'])
})

test('hostile keys change nothing but the tree they are in', () => {
  expect(complaints('__proto__:\n  polluted: 1\n')).toHaveLength(1)
  expect(complaints('', { OFFHOOK___PROTO__POLLUTED: '1' })).not.toEqual([])
  expect({}).not.toHaveProperty('polluted')
})

test('aliases that multiply are refused, not expanded', () => {
  const levels = Array.from({ length: 12 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`).join(',')}]`)
  expect(complaints(`a0: &a0 [x]\n${levels.join('\n')}\n`)).not.toEqual([])
})
