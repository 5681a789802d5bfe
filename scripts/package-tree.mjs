// SPDX-License-Identifier: Apache-2.0
// The files of an installation as they will lie below /, for the Debian package and the tarball alike.
import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { copyrightText, nodeLicence } from './package-copyright.mjs'
import { filesOf, productionPackages } from './package-dependencies.mjs'
import { reference } from './package-reference.mjs'
import { giveUp, ROOT } from './setup.mjs'

const LIB = 'usr/lib/offhook'
const DOC = 'usr/share/doc/offhook'
const UNITS = 'usr/lib/systemd/system'

export async function layOut(root, edition) {
  const put = (path, content, mode = 0o644) => {
    const file = join(root, path)
    mkdirSync(dirname(file), { recursive: true, mode: 0o755 })
    writeFileSync(file, content)
    chmodSync(file, mode)
  }
  const copy = (from, path, mode = 0o644) => {
    const file = join(root, path)
    mkdirSync(dirname(file), { recursive: true, mode: 0o755 })
    copyFileSync(join(ROOT, from), file)
    chmodSync(file, mode)
  }
  const packages = productionPackages()

  for (const path of filesBelow('dist')) copy(`dist/${path}`, `${LIB}/dist/${path}`)
  // `offhook` starts it: a first line that says how to, in a file that nobody may run, would only mislead.
  const main = `${LIB}/dist/daemon/main.js`
  put(main, readFileSync(join(root, main), 'utf8').replace(/^#!.*/, '//'))
  put(`${LIB}/package.json`, manifest(edition))
  for (const one of packages) {
    for (const path of filesOf(one)) copy(`${one.place}/${path}`, `${LIB}/${one.place}/${path}`)
  }
  if (!packages.some(({ name }) => name === 'classic-level')) giveUp('the lock file has no LevelDB')

  put('usr/bin/offhook', program(edition), 0o755)
  if (edition.bundled) bundleNode(join(root, LIB, 'node'))

  copy('packaging/offhook.yaml', 'etc/offhook/offhook.yaml')
  copy('systemd/offhook.service', `${UNITS}/offhook.service`)
  copy('systemd/offhook.sysusers', 'usr/lib/sysusers.d/offhook.conf')
  copy('systemd/offhook.tmpfiles', 'usr/lib/tmpfiles.d/offhook.conf')

  copy('config/offhook.example.yaml', `${DOC}/examples/offhook.example.yaml`)
  copy('systemd/offhook-dhcp@.socket', `${DOC}/examples/offhook-dhcp@.socket`)
  put(`${DOC}/copyright`, copyrightText(packages, edition.bundled))
  put(`${DOC}/CHANGELOG.md.gz`, zipped(readFileSync(join(ROOT, 'CHANGELOG.md'))))
  put(`${DOC}/README.md.gz`, zipped(readFileSync(join(ROOT, 'packaging/README.md'))))
  if (edition.bundled) put(`${DOC}/LICENSE.node.gz`, zipped(nodeLicence()))

  const { manualPages, completions, mib } = await reference(edition)
  for (const { file, text } of manualPages) put(`usr/share/man/man1/${file}.gz`, zipped(text))
  put('usr/share/bash-completion/completions/offhook', completions.bash)
  put('usr/share/zsh/vendor-completions/_offhook', completions.zsh)
  put('usr/share/fish/vendor_completions.d/offhook.fish', completions.fish)
  put('usr/share/snmp/mibs/OFFHOOK-MIB.txt', mib)
}

export function zipped(content) {
  return gzipSync(content, { level: 9 })
}

/** What Node reads at run time: that these are modules, and where `#…` leads. */
function manifest({ version }) {
  const { name, description, license, type, imports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  const compiled = Object.fromEntries(
    Object.entries(imports)
      .map(([key, target]) => [key, target.default])
      .filter(([, target]) => target.startsWith('./dist/')),
  )
  return `${JSON.stringify({ name, version, description, license, private: true, type, imports: compiled }, undefined, 2)}\n`
}

function program({ bundled }) {
  const node = bundled ? `/${LIB}/node` : '/usr/bin/node'
  return `#!/bin/sh\nexec ${node} --enable-source-maps /${LIB}/dist/daemon/main.js "$@"\n`
}

/** The very Node that this was tested with, without its symbols for debuggers. */
function bundleNode(file) {
  copyFileSync(process.execPath, file)
  chmodSync(file, 0o755)
  execFileSync('strip', ['--remove-section=.comment', '--remove-section=.note', file])
}

/** Without what only a build reads. */
function filesBelow(folder) {
  const paths = readdirSync(join(ROOT, folder), { recursive: true }).sort()
  return paths.filter((path) => path !== '.built' && statSync(join(ROOT, folder, path)).isFile())
}
