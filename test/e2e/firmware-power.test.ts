// SPDX-License-Identifier: Apache-2.0
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { image } from '#test/services/firmware/image'
import { type Daemon, DaemonHome } from '#test/support/daemon'
import { here } from '#test/support/process'

let home: DaemonHome
let folder: string

beforeEach(async () => {
  home = await DaemonHome.make()
  folder = await mkdtemp(join(tmpdir(), 'offhook-firmware-'))
})
afterEach(async () => {
  await home.close()
  await rm(folder, { recursive: true, force: true })
})

const images = () => readdir(join(home.dataFolder, 'firmware'))

async function upload(daemon: Daemon, file: string, ...more: string[]) {
  const { token } = JSON.parse(await readFile(join(home.dataFolder, 'local-api'), 'utf8')) as { token: string }
  const headers = ['-H', `Authorization: Bearer ${token}`, '-H', 'Content-Type: application/octet-stream']
  const to = `${daemon.url}api/v1/firmware/images?name=440HD.img`
  return here.start('curl', ['-sS', '--max-time', '60', '-X', 'POST', ...headers, ...more, '-T', file, to])
}

async function choose(daemon: Daemon, id: string) {
  const { token } = JSON.parse(await readFile(join(home.dataFolder, 'local-api'), 'utf8')) as { token: string }
  const body = JSON.stringify({ model: '440HD', where: 'system', image: id })
  const headers = ['-H', `Authorization: Bearer ${token}`, '-H', 'Content-Type: application/json']
  await here.must('curl', ['-sSf', '-X', 'PUT', ...headers, '-d', body, `${daemon.url}api/v1/firmware/choices`])
}

test('power that fails amid an upload leaves nothing; an image that was acknowledged is served after the next cut', async () => {
  const bytes = image({ bytes: 6_000_000, sum: 'whole' })
  const file = join(folder, '440HD.img')
  await writeFile(file, bytes)
  const first = await home.start()
  const slow = await upload(first, file, '--limit-rate', '2M')
  await vi.waitFor(async () => expect(await images()).toEqual([expect.stringMatching(/\.part$/)]), { timeout: 10_000 })
  await first.kill9()
  await slow.ended
  expect(await images()).toHaveLength(1)

  const second = await home.start()
  expect(await images()).toEqual([])
  const whole = await (await upload(second, file)).ended
  const { id } = JSON.parse(whole.stdout) as { id: string }
  await choose(second, id)
  await second.kill9()

  const third = await home.start()
  expect(await images()).toEqual([`${id}.img`])
  const { address, port } = third.endpoint('http')
  const got = join(folder, 'got')
  await here.must('curl', ['-sSf', '-o', got, `http://${address}:${port}/firmwarefiles/440HD.img`])
  expect(bytes.equals(await readFile(got))).toBe(true)
  await third.stop()
}, 60_000)

test('a full disk refuses the upload and leaves nothing of it', async () => {
  const firmware = join(home.dataFolder, 'firmware')
  await mkdir(firmware, { recursive: true })
  await here.must('mount', ['-t', 'tmpfs', '-o', 'size=132m', 'tmpfs', firmware])
  try {
    const file = join(folder, '440HD.img')
    await writeFile(file, image({ bytes: 40_000_000 }))
    const daemon = await home.start()
    const told = await (await upload(daemon, file)).ended
    expect(JSON.parse(told.stdout)).toMatchObject({ status: 507, detail: expect.stringContaining('no room') })
    expect(await images()).toEqual([])
    await daemon.stop()
  } finally {
    await here.must('umount', ['--lazy', firmware])
  }
}, 60_000)
