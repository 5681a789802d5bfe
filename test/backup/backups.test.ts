// SPDX-License-Identifier: Apache-2.0
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { type BackupSettings, Backups } from '#daemon/backup/backups'
import { usualFolder } from '#daemon/backup/shelf'
import { outdated } from '#daemon/domain/backup'
import { Alarms } from '#daemon/services/alarms/alarms'
import { freshStore } from '#test/support/store'

const HOUR = 3_600_000
const DAY = 24 * HOUR
/** 2026-11-02 12:00 UTC. */
const NOON = Date.UTC(2026, 10, 2, 12)

let folder: string
let clock: number
let settings: BackupSettings
let alarms: Alarms
let told: string[]
let backups: Backups

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'offhook-backups-'))
  clock = NOON
  settings = { enabled: true, schedule: '30 2 * * *', keepDays: 14, timeZone: 'UTC' }
  told = []
  const store = await freshStore()
  const now = () => clock
  const announce = (id: string) => void told.push(id)
  alarms = new Alarms(store, now, announce)
  backups = new Backups({
    ...{ store, alarms, announce, now, dataFolder: folder, configFile: undefined, version: '1', host: 'test' },
    onFault: (error) => told.push(`fault: ${String(error)}`),
    vaultKey: async () => Buffer.alloc(32, 1),
    settings: () => settings,
    rehearse: async (file) => ({ ok: true, seconds: 1, checks: [{ name: 'one', ok: true, detail: file }] }),
  })
  await backups.start()
  onTestFinished(async () => {
    await backups.stop()
    await rm(folder, { recursive: true, force: true })
  })
})

const active = () => alarms.active().map(({ name }) => name)
const files = () => readdir(usualFolder(folder)).catch(() => [])

describe('nightly backups', () => {
  test('one that was missed is made up for as soon as somebody looks; before it is due nothing happens', async () => {
    await backups.look()
    expect(await files()).toEqual([])
    clock += 15 * HOUR
    await backups.look()
    expect(await files()).toEqual(['offhook-20261103T030000Z.backup'])
    await backups.look()
    expect(await files()).toHaveLength(1)
    expect((await backups.overview()).last).toMatchObject({ ok: true, at: clock })
  })

  test('one that cannot be made is an alarm, one that stays away another; both go with the next good one', async () => {
    await writeFile(usualFolder(folder), 'in the way')
    clock += 15 * HOUR
    await backups.look()
    expect(active()).toEqual(['BACKUP FAILED'])
    clock += 4 * HOUR
    await backups.look()
    expect(active().sort()).toEqual(['BACKUP FAILED', 'BACKUP MISSED'])
    expect((await backups.overview()).last).toMatchObject({ ok: false, goodAt: 0 })
    await rm(usualFolder(folder))
    await backups.make('on demand', 'anna')
    expect(active()).toEqual([])
    expect(told.filter((id) => id.startsWith('fault'))).toEqual([])
  })

  test('a clock that jumps forth and back neither removes the newest three nor stops the nightly ones', async () => {
    for (let night = 0; night < 4; night++) {
      clock += DAY
      await backups.make('on demand', 'anna')
    }
    clock += 400 * DAY
    await backups.look()
    expect(await files()).toHaveLength(3)
    clock = NOON + 2 * DAY
    await backups.look()
    clock += DAY
    await backups.look()
    expect((await files()).some((name) => name.startsWith('offhook-20261105'))).toBe(true)
  })

  test('those who ask while one is made get that one', async () => {
    const rows = await Promise.all([1, 2, 3].map(() => backups.make('on demand', 'anna')))
    expect(new Set(rows.map(({ name }) => name)).size).toBe(1)
    expect(await files()).toHaveLength(1)
  })

  test('one is checked or rehearsed at a time; a second is told to come again', async () => {
    const { name } = await backups.make('on demand', 'anna')
    const [first, second] = await Promise.allSettled([backups.verify(name), backups.rehearse(name, 'anna')])
    expect([first, second].map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(await backups.rehearse(name, 'anna')).toMatchObject({ ok: true })
  })

  test('the folder may lie inside the data folder under any name and is never in a backup', async () => {
    settings = { ...settings, folder: join(folder, 'mine') }
    const first = await backups.make('on demand', 'anna')
    clock += 1_000
    const second = await backups.make('on demand', 'anna')
    expect(second.files).toBe(first.files)
  })

  test('a name that is none of ours leads nowhere', async () => {
    await backups.make('on demand', 'anna')
    for (const name of ['../../etc/passwd', 'offhook-20261102T120000Z.backup/..', '', 'vault-key', 'a\0b']) {
      expect(await backups.path(name)).toBeUndefined()
      expect(await backups.verify(name)).toBeUndefined()
    }
  })

  test('what was cut off is removed at the next start, what others put there is left alone', async () => {
    await mkdir(usualFolder(folder), { recursive: true })
    await writeFile(join(usualFolder(folder), '.0123456789ab.part'), 'half')
    await writeFile(join(usualFolder(folder), 'notes.txt'), 'mine')
    await chmod(join(usualFolder(folder), 'notes.txt'), 0o400)
    await backups.start()
    expect(await files()).toEqual(['notes.txt'])
    expect((await backups.overview()).rows).toEqual([])
  })
})

test('what is kept: the days that were asked for, the newest three whatever their age, thirty on demand', () => {
  const nightly = (days: number) => ({ name: `night ${days}`, at: NOON - days * DAY, why: 'nightly' })
  const month = Array.from({ length: 31 }, (_, days) => nightly(days))
  expect(outdated(month, 14, NOON)).toEqual(Array.from({ length: 16 }, (_, n) => `night ${n + 15}`))
  expect(outdated([nightly(90), nightly(80), nightly(70), nightly(100)], 14, NOON)).toEqual(['night 100'])
  const asked = Array.from({ length: 40 }, (_, n) => ({ name: `${n}`, at: NOON - n, why: 'on demand' }))
  expect(outdated([...asked, nightly(5)], 14, NOON)).toEqual(asked.slice(30).map(({ name }) => name))
})
