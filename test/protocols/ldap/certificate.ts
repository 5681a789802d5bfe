// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { here } from '#test/support/process'

export interface Certificate {
  readonly key: string
  readonly cert: string
  /** Where the certificate is, for clients that are to trust it. */
  readonly file: string
}

/** A fresh self-signed certificate for `localhost` and 127.0.0.1, made by openssl; gone when the test ends. */
export async function freshCertificate(): Promise<Certificate> {
  const folder = await mkdtemp(join(tmpdir(), 'offhook-tls-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const [key, file] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  await here.must('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
    ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-keyout', key, '-out', file],
  ])
  return { key: await readFile(key, 'utf8'), cert: await readFile(file, 'utf8'), file }
}
