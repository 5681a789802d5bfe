// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path'
import { here } from './process.ts'

/** An RSA certificate of its own, as `<name>.key` and `<name>.crt`; signed by `authority`, or by itself. */
export async function rsaCertificate(folder: string, name: string, subject: string, authority?: string): Promise<void> {
  const [key, crt] = [join(folder, `${name}.key`), join(folder, `${name}.crt`)]
  const signed = authority ? ['-CA', join(folder, `${authority}.crt`), '-CAkey', join(folder, `${authority}.key`)] : []
  await here.must('openssl', [
    ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', subject],
    ...['-addext', 'subjectAltName=IP:127.0.0.1', ...signed, '-keyout', key, '-out', crt],
  ])
}
