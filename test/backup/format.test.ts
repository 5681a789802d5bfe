// SPDX-License-Identifier: Apache-2.0
import { mkdir, mkdtemp, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { BackupRefused, type Keys } from '#daemon/backup/header'
import { readHeader, verifyBackup } from '#daemon/backup/read'
import { newRecoveryKey, parseRecoveryKey } from '#daemon/backup/recovery-key'
import { stage } from '#daemon/backup/staging'
import { writeBackup } from '#daemon/backup/write'
import { LevelStore } from '#daemon/store/level-store'
import { put, type Table } from '#daemon/store/store'
import { seededRandom } from '#test/support/random'
import { freshStore } from '#test/support/store'

const phones: Table<{ n: number; text?: string }> = { name: 'phones' }
const TRIALS = Number(process.env.OFFHOOK_TRIALS ?? 40)

let folder: string
let keys: Keys

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'offhook-backup-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  await mkdir(join(folder, 'data/firmware'), { recursive: true })
  await writeFile(join(folder, 'data/firmware/440HD.img'), Buffer.alloc(700_000, 7))
  await writeFile(join(folder, 'data/firmware/empty.img'), '')
  await writeFile(join(folder, 'data/firmware/half.img.part'), 'not yet')
  await writeFile(join(folder, 'data/one-time-password'), 'planted')
  await writeFile(join(folder, 'data/vault-key'), `${'ab'.repeat(32)}\n`, { mode: 0o600 })
  await symlink('/etc/passwd', join(folder, 'data/firmware/evil.img'))
  await writeFile(join(folder, 'offhook.yaml'), 'log: { level: warn }\n')
  keys = { recovery: newRecoveryKey() }
})

async function written(store: LevelStore, name = 'one.backup', more: Keys = {}) {
  const material = {
    dataFolder: join(folder, 'data'),
    configFile: join(folder, 'offhook.yaml'),
    snapshot: store.snapshot(),
    keys: { ...keys, ...more },
  }
  const file = join(folder, name)
  const header = await writeBackup(material, { file, why: 'on demand', version: '0.1.0', host: 'test', at: 1_000 })
  return { file, header }
}

async function filled(count: number): Promise<LevelStore> {
  const store = await freshStore()
  for (let n = 0; n < count; n++) {
    void store.commit([put(phones, `phone ${n}`, { n, text: 'ä'.repeat(n % 90) })], { durable: false })
  }
  await store.commit([put(phones, 'last', { n: -1 })], { durable: true })
  return store
}

describe('a backup', () => {
  test('gives back records with their revisions, files, keys and the configuration', async () => {
    const store = await filled(2_500)
    const { file, header } = await written(store)
    expect(header).toMatchObject({ records: 2_501, why: 'on demand', schema: store.snapshot().schema })
    const staged = await stage({ folder: join(folder, 'back'), file, keys })
    expect(staged).toMatchObject({ configuration: 'log: { level: warn }\n', totals: { records: 2_501, files: 4 } })
    expect(await readFile(join(folder, 'back/firmware/440HD.img'))).toEqual(Buffer.alloc(700_000, 7))
    expect((await stat(join(folder, 'back/firmware/empty.img'))).size).toBe(0)
    expect((await stat(join(folder, 'back/vault-key'))).mode & 0o777).toBe(0o600)
    for (const gone of ['one-time-password', 'firmware/evil.img', 'firmware/half.img.part']) {
      await expect(stat(join(folder, 'back', gone))).rejects.toMatchObject({ code: 'ENOENT' })
    }
    const again = new LevelStore({ folder: join(folder, 'back/store') })
    await again.open()
    const rows = (from: LevelStore) => [...from.entries(phones)].sort((a, b) => a.revision - b.revision)
    expect(rows(again)).toEqual(rows(store))
    expect(again.snapshot().revision).toBe(store.snapshot().revision)
    await again.close()
  })

  test('is one moment of the store: what is committed afterwards is not in it', async () => {
    const store = await filled(3_000)
    const snapshot = store.snapshot()
    const pour = written(store)
    for (let n = 0; n < 500; n++) await store.commit([put(phones, `phone ${n}`, { n: -n })], { durable: false })
    const { file } = await pour
    const staged = await stage({ folder: join(folder, 'back'), file, keys })
    const again = new LevelStore({ folder: join(folder, 'back/store') })
    await again.open()
    expect(staged.header.revision).toBe(snapshot.revision)
    expect(new Map([...again.entries(phones)].map(({ key, value }) => [key, value]))).toEqual(
      new Map(snapshot.tables.get('phones')?.map(({ key, value }) => [key, value])),
    )
    await again.close()
  })

  test('opens with the passphrase, too, and with nothing else', async () => {
    const { file } = await written(await filled(3), 'one.backup', { passphrase: 'correct horse battery' })
    expect((await verifyBackup(file, { passphrase: 'correct horse battery' })).totals.records).toBe(4)
    await expect(verifyBackup(file, { passphrase: 'correct horse batterY' })).rejects.toThrow(
      'the key does not open it',
    )
    await expect(verifyBackup(file, { recovery: newRecoveryKey() })).rejects.toThrow('the key does not open it')
    await expect(verifyBackup(file, {})).rejects.toThrow('the recovery key or the passphrase')
  })

  test('shows neither records, keys nor the configuration to who has only the file', async () => {
    const store = await freshStore()
    await store.commit([put(phones, 'planted-key', { n: 1, text: 'planted-secret' })], { durable: true })
    const bytes = await readFile((await written(store)).file)
    for (const secret of ['planted', 'abababab', 'level: warn', '440HD']) expect(bytes.includes(secret)).toBe(false)
  })

  test(`is refused when any byte of it is another one (${TRIALS} places), or when it is cut or longer`, async () => {
    const { file } = await written(await filled(400))
    const good = await readFile(file)
    const random = seededRandom(20_261)
    for (let trial = 0; trial < TRIALS; trial++) {
      const bad = Buffer.from(good)
      // The header and the first bytes of the seal are few, so they get half of the trials.
      const at = Math.floor(random() * (trial % 2 === 0 ? 900 : bad.length))
      bad[at] = (bad[at] ?? 0) ^ (1 << Math.floor(random() * 8))
      await writeFile(file, bad)
      await expect(verifyBackup(file, keys), `byte ${at}`).rejects.toBeInstanceOf(BackupRefused)
    }
    for (const length of [0, 10, 600, good.length - 1]) {
      await writeFile(file, good)
      await truncate(file, length)
      await expect(verifyBackup(file, keys), `cut at ${length}`).rejects.toBeInstanceOf(BackupRefused)
    }
    await writeFile(file, Buffer.concat([good, Buffer.from('x')]))
    await expect(verifyBackup(file, keys)).rejects.toThrow('behind its end')
    await writeFile(file, good)
    expect((await verifyBackup(file, keys)).totals.records).toBe(401)
  })

  test('that is refused leaves no folder behind, and a failed write no file', async () => {
    const { file } = await written(await filled(10))
    const bytes = await readFile(file)
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 5) ^ 1, bytes.length - 5)
    await writeFile(file, bytes)
    await expect(stage({ folder: join(folder, 'back'), file, keys })).rejects.toBeInstanceOf(BackupRefused)
    await expect(stat(join(folder, 'back'))).rejects.toMatchObject({ code: 'ENOENT' })
    const stopped = AbortSignal.abort(new Error('stopped'))
    const material = { dataFolder: join(folder, 'data'), snapshot: (await filled(10)).snapshot(), keys }
    const order = { file: join(folder, 'new/two.backup'), why: 'nightly', version: '', host: '', at: 1 } as const
    await expect(writeBackup(material, { ...order, signal: stopped })).rejects.toThrow()
    await expect(stat(order.file)).rejects.toMatchObject({ code: 'ENOENT' })
  })

  test('of a newer Offhook is refused before anything is unpacked', async () => {
    const store = await filled(3)
    const snapshot = { ...store.snapshot(), schema: 9_999 }
    const file = join(folder, 'newer.backup')
    await writeBackup(
      { dataFolder: join(folder, 'data'), snapshot, keys },
      { file, why: 'nightly', version: '9', host: '', at: 1 },
    )
    expect((await readHeader(file)).schema).toBe(9_999)
    await expect(stage({ folder: join(folder, 'back'), file, keys })).rejects.toThrow('of a newer Offhook')
  })
})

describe('a recovery key', () => {
  test('is eight groups of four, and read as people type it', () => {
    const key = newRecoveryKey()
    expect(key).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){7}[0-9A-HJKMNP-TV-Z]{4}$/)
    expect(parseRecoveryKey(` ${key.toLowerCase().replaceAll('-', ' ')} \n`)).toBe(key)
    expect(parseRecoveryKey(key.replaceAll('0', 'o').replaceAll('1', 'l'))).toBe(key)
    expect(parseRecoveryKey(key.slice(1))).toBeUndefined()
    expect(newRecoveryKey()).not.toBe(key)
  })
})
