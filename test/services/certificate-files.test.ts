// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { NewAlarm } from '#daemon/domain/alarm'
import { CertificateFiles } from '#daemon/services/certificate-files'
import { freshCertificate } from '#test/protocols/ldap/certificate'

async function house() {
  const folder = await mkdtemp(join(tmpdir(), 'offhook-cert-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const write = async (pair: { readonly key: string; readonly cert: string }) => {
    await writeFile(key, pair.key)
    await writeFile(cert, pair.cert)
  }
  const told: string[] = []
  const inForce: string[] = []
  const alarms = {
    raise: async ({ description, eventType, probableCause }: NewAlarm) => {
      expect([eventType, probableCause]).toEqual(['processingError', 7])
      return told.push(description) > 0
    },
    clear: async () => told.push('clear') > 0,
  }
  const files: CertificateFiles = new CertificateFiles({
    ...{ name: 'ldap.tls', key, cert, alarms },
    renew: () => void inForce.push(files.read().cert),
  })
  return { files, write, told, inForce, cert }
}

test('files that change are read again, once; what cannot be used raises an alarm until it can', async () => {
  const { files, write, told, inForce } = await house()
  const [first, second] = [await freshCertificate(), await freshCertificate()]
  await write(first)
  files.start()
  onTestFinished(() => files.stop())
  files.look()
  expect(inForce).toEqual([])
  await write({ key: first.key, cert: second.cert })
  files.look()
  expect([inForce, told.at(-1)]).toEqual([[], expect.stringContaining('cannot be used together')])
  await write(second)
  files.look()
  files.look()
  expect([inForce, told.at(-1)]).toEqual([[second.cert], 'clear'])
})

test('a file that is not there is named with its setting', async () => {
  const { files, cert } = await house()
  await writeFile(cert, '')
  expect(() => files.read()).toThrow(/^ldap\.tls\.key: .*key\.pem cannot be read \(ENOENT\)$/)
})
