// SPDX-License-Identifier: Apache-2.0
import { closeSync, openSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { dhcpLinks, passedSockets } from '#daemon/systemd'
import { adoptUdp, ListenError } from '#protocols/lib/listen'

const PID = 4711
const TWO = { LISTEN_PID: '4711', LISTEN_FDS: '2', LISTEN_FDNAMES: 'dhcp-eth0:dhcp-eth1' }

test('passed sockets are numbered from 3 and named in their order', () => {
  expect(passedSockets(TWO, PID)).toEqual([
    { fd: 3, name: 'dhcp-eth0' },
    { fd: 4, name: 'dhcp-eth1' },
  ])
})

test('sockets for another process are none of ours', () => {
  expect(passedSockets({ ...TWO, LISTEN_PID: '4712' }, PID)).toEqual([])
  expect(passedSockets({}, PID)).toEqual([])
})

test('a number that is none, or too large, passes nothing, or no more than can be meant', () => {
  for (const LISTEN_FDS of ['', '-1', '2x', '1e3', '99999']) {
    expect(passedSockets({ ...TWO, LISTEN_FDS }, PID)).toEqual([])
  }
  expect(passedSockets({ ...TWO, LISTEN_FDS: '999' }, PID)).toHaveLength(64)
})

test('a socket without a name of its own is passed all the same', () => {
  expect(passedSockets({ ...TWO, LISTEN_FDNAMES: undefined }, PID).map(({ name }) => name)).toEqual([
    'unknown',
    'unknown',
  ])
})

test('a DHCP socket has the address of the interface that it is named after, and other sockets are left alone', () => {
  const eth1 = [
    { family: 'IPv6', address: 'fe80::1' },
    { family: 'IPv4', address: '10.99.1.1' },
  ]
  const sockets = [...passedSockets(TWO, PID), { fd: 5, name: 'web' }]
  expect(dhcpLinks(sockets, { eth1 })).toEqual([
    { fd: 3, name: 'dhcp-eth0', address: undefined },
    { fd: 4, name: 'dhcp-eth1', address: '10.99.1.1' },
  ])
})

test('a descriptor that is no UDP socket is refused in one sentence', async () => {
  const file = openSync('/dev/null', 'r')
  onTestFinished(() => closeSync(file))
  const handlers = { onMessage: () => {}, onLost: () => {} }
  const adopted = adoptUdp({ fd: file, name: 'dhcp-eth0' }, handlers, new AbortController().signal)
  await expect(adopted).rejects.toThrow(ListenError)
  await expect(adopted).rejects.toThrow(/^UDP passed socket dhcp-eth0:\d+ cannot be listened on: /)
})
