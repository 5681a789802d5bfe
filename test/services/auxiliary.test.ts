// SPDX-License-Identifier: Apache-2.0

import { randomBytes } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { KINDS, servedName } from '#daemon/domain/auxiliary'
import { checkAuxiliary } from '#daemon/services/auxiliary/check'
import { AuxiliaryFiles } from '#daemon/services/auxiliary/files'
import { freshCertificate } from '#test/protocols/ldap/certificate'
import { freshFolder } from '#test/support/offhook'
import { here } from '#test/support/process'
import { freshStore } from '#test/support/store'
import { unlockedVault } from '#test/support/vault'

const NOW = Date.now()

function check(kind: keyof typeof KINDS, name: string, content: string | Buffer, now = NOW) {
  return checkAuxiliary(kind, name, Buffer.from(content), now)
}

function wav(format: number, rate: number, bits: number): Buffer {
  const head = Buffer.alloc(44)
  head.write('RIFF', 0)
  head.write('WAVEfmt ', 8)
  head.writeUInt32LE(16, 16)
  head.writeUInt16LE(format, 20)
  head.writeUInt16LE(1, 22)
  head.writeUInt32LE(rate, 24)
  head.writeUInt16LE(bits, 34)
  head.write('data', 36)
  return head
}

describe('what a file must hold', () => {
  test('a certificate that openssl made, one that ran out, and a key beside it', async () => {
    const { cert, key } = await freshCertificate()
    expect(check('certificate', 'ca.pem', cert)).toMatchObject({ kind: 'good', about: 'localhost' })
    expect(check('certificate', 'ca.pem', cert + cert)).toMatchObject({ about: 'localhost and 1 more' })
    expect(check('certificate', 'ca.pem', cert, NOW + 3 * 86_400_000)).toMatchObject({
      why: expect.stringContaining('ran out on'),
    })
    expect(check('certificate', 'ca.pem', cert + key)).toMatchObject({ why: expect.stringContaining('private key') })
    expect(check('certificate', 'ca.pem', cert.replace(/[A-Za-z0-9+/]{64}/, 'A'.repeat(64)))).toMatchObject({
      kind: 'wrong',
    })
    expect(check('certificate', 'ca.pem', key.replaceAll('PRIVATE KEY', 'X'))).toMatchObject({ kind: 'wrong' })
  })

  test('a private key, and one that nobody can use without its passphrase', async () => {
    const { key } = await freshCertificate()
    expect(check('key', 'sip.key', key)).toMatchObject({ kind: 'good', about: 'EC prime256v1' })
    const locked = await here.must('openssl', ['pkey', '-aes256', '-passout', 'pass:x'], { input: key })
    expect(check('key', 'sip.key', locked)).toMatchObject({ why: expect.stringContaining('passphrase') })
    expect(check('key', 'sip.key', 'no key')).toMatchObject({ kind: 'wrong' })
  })

  test.each([
    ['speed-dials', 'dials.csv', '1,4418,0\n2,4403,0\r\n12,+4912,0\n', '3 speed dials'],
    ['directory', 'people.xml', '<?xml version="1.0"?><Directory><Entry/></Directory>', 'XML, Directory'],
    ['directory', 'people.csv', 'Anna,4711\n"Bo, x",12\n', '2 lines'],
    ['ring-tones', 'ring.wav', wav(1, 16_000, 16), 'PCM, 16 kHz'],
    ['ring-tones', 'ring.wav', wav(7, 8_000, 8), 'A-law or µ-law, 8 kHz'],
    ['ring-tones', 'tones.zip', Buffer.from('PK\x03\x04rest'), 'ZIP archive'],
  ] as const)('%s %s is good', (kind, name, content, about) => {
    expect(check(kind, name, content)).toEqual({ kind: 'good', about, expiresAt: 0 })
  })

  test.each([
    ['speed-dials', 'dials.csv', '1,4418,0\n1,4403,0', 'Line 2: the memory key 1 comes twice.'],
    ['speed-dials', 'dials.csv', '1,4418,0\nx', 'Line 2 is not'],
    ['speed-dials', 'dials.csv', '\n\n', 'no speed dial'],
    ['speed-dials', 'dials.exe', '1,4418,0', 'must end with .csv, .txt'],
    ['directory', 'people.xml', '<a><b></a>', 'no well-formed XML'],
    ['directory', 'people.xml', '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', 'document type'],
    ['directory', 'people.xml', '', 'empty'],
    ['directory', 'people.csv', '"open', 'no CSV'],
    ['directory', 'people.csv', Buffer.from([0xff, 0xfe, 0x41]), 'UTF-8'],
    ['ring-tones', 'ring.wav', wav(1, 44_100, 16), 'this has 44100 Hz'],
    ['ring-tones', 'ring.wav', 'RIFF', 'no WAV'],
    ['ring-tones', 'tones.zip', 'MZ..', 'no ZIP'],
    ['ring-tones', 'tones.zip', 'P', 'no ZIP'],
    ['ring-tones', 'tones.tgz', gzipSync('not tar'), 'no tar'],
    ['ring-tones', 'tones.tgz', gzipSync(Buffer.alloc(65 * 2 ** 20)), 'larger than 64 MB'],
    ['directory', 'people.csv', Buffer.alloc(2 ** 20 + 1, 'a'), 'larger than 1024 KB'],
  ] as const)('%s %s is refused (%#)', (kind, name, content, why) => {
    expect(check(kind, name, content)).toEqual({ kind: 'wrong', why: expect.stringContaining(why) })
  })

  test('no bytes make it throw', () => {
    const kinds = fc.constantFrom(...(Object.keys(KINDS) as (keyof typeof KINDS)[]))
    fc.assert(
      fc.property(kinds, fc.uint8Array({ maxLength: 400 }), fc.nat(9), (kind, bytes, at) => {
        const { endings } = KINDS[kind]
        check(kind, `x.${endings[at % endings.length]}`, Buffer.from(bytes))
      }),
      { numRuns: 300 },
    )
  })

  test.each([
    ['../../etc/passwd.pem', 'etc-passwd.pem'],
    ['Meine Töne (neu).WAV', 'Meine-T-ne-neu.wav'],
    [`${'x'.repeat(300)}.csv`, `${'x'.repeat(22)}.csv`],
    ['.pem', 'file.pem'],
    ['<script>.pem\0', ''],
    ['noending', ''],
  ])('%s is served as %s', (given, served) => {
    expect(servedName(given)).toBe(served)
  })
})

test('files are kept under the hash of their bytes, keys sealed, and go when nobody uses them', async () => {
  const folder = join(await freshFolder(), 'files')
  const store = await freshStore()
  const said: string[] = []
  const announce = (_: string, fields?: unknown) => void said.push(JSON.stringify(fields))
  const files = new AuxiliaryFiles({
    store,
    vault: unlockedVault(),
    folder,
    now: () => NOW,
    random: randomBytes,
    announce,
  })
  await files.start()
  const { key, cert } = await freshCertificate()
  const sip = await files.add('key', 'sip.key', Buffer.from(key), 'admin')
  const ca = await files.add('certificate', 'ca.pem', Buffer.from(cert), 'admin')
  if (sip.kind !== 'saved' || ca.kind !== 'saved') throw new Error('not taken')
  expect((await files.add('certificate', 'ca.exe', Buffer.from(cert), 'admin')).kind).toBe('refused')
  const onDisk = await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name), 'utf8')))
  expect(onDisk).toHaveLength(2)
  expect(onDisk.join()).not.toContain('PRIVATE KEY')
  expect([JSON.stringify(files.list()), said.join()].join()).not.toContain('PRIVATE KEY')

  expect((await files.assign('system', 'sip-key', ca.value.id, 'admin')).kind).toBe('refused')
  expect((await files.assign('system', 'sip-key', sip.value.id, 'admin')).kind).toBe('saved')
  expect(await files.remove(sip.value.id, 'admin')).toMatchObject({
    errors: [{ message: 'It is used: SIP private key of system.' }],
  })
  await files.assign('system', 'sip-key', '', 'admin')
  expect((await files.remove(sip.value.id, 'admin')).kind).toBe('saved')
  expect(await readdir(folder)).toEqual([ca.value.stored])
  await files.remove(ca.value.id, 'admin')
  await files.start()
  expect(await readdir(folder)).toEqual([])
})
