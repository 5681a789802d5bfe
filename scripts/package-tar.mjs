// SPDX-License-Identifier: Apache-2.0
// offhook_<version>_<architecture>.tar.gz: the same files, to be unpacked over / where there is no dpkg.
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { settle } from './package-deb.mjs'

export function buildTar({ root, staging, out, edition }) {
  const { version, architecture, epoch } = edition
  settle(root, epoch)
  const tar = join(staging, 'offhook.tar')
  const same = ['--format=gnu', '--sort=name', `--mtime=@${epoch}`, '--owner=0', '--group=0', '--numeric-owner']
  execFileSync('tar', [...same, '-C', root, '-cf', tar, 'etc', 'usr'])
  const file = join(out, `offhook_${version}_${architecture}.tar.gz`)
  const zipped = execFileSync('gzip', [edition.fast ? '-n1c' : '-n9c', tar], { maxBuffer: 1024 ** 3 })
  writeFileSync(file, zipped)
  return file
}
