// SPDX-License-Identifier: Apache-2.0
// offhook_<version>_<architecture>.deb from the laid out tree.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, lutimesSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { zipped } from './package-tree.mjs'
import { giveUp, ROOT } from './setup.mjs'

const SCRIPTS = ['preinst', 'postinst', 'prerm', 'postrm']
/** Who answers for the package; as Debian's own tools, from the environment. */
const NAME = process.env.DEBFULLNAME ?? 'Offhook maintainers'
const ADDRESS = process.env.DEBEMAIL ?? 'maintainers@users.noreply.b-seed-0cff06a0.example'

export function buildDeb({ root, staging, out, edition }) {
  const { version, architecture, epoch } = edition
  const put = (path, content, mode = 0o644) => {
    writeFileSync(join(root, path), content)
    chmodSync(join(root, path), mode)
  }
  put('usr/share/doc/offhook/changelog.gz', zipped(changelog(edition)))
  const overrides = ['lintian-overrides', ...(edition.bundled ? ['lintian-overrides-node'] : [])]
  mkdirSync(join(root, 'usr/share/lintian/overrides'), { recursive: true })
  put('usr/share/lintian/overrides/offhook', overrides.map((name) => template(name)).join(''))

  const files = filesBelow(root)
  const depends = sharedLibraries({ root, staging, edition })
  mkdirSync(join(root, 'DEBIAN'), { mode: 0o755 })
  put('DEBIAN/control', control(edition, depends, files, root))
  put('DEBIAN/conffiles', '/etc/offhook/offhook.yaml\n')
  put(
    'DEBIAN/md5sums',
    files
      .filter((path) => !path.startsWith('etc/'))
      .map((path) => md5(root, path))
      .join(''),
  )
  for (const name of SCRIPTS) put(`DEBIAN/${name}`, template(name), 0o755)

  settle(root, epoch)
  const file = join(out, `offhook_${version}_${architecture}.deb`)
  const compression = edition.fast ? ['-Zgzip', '-z1'] : ['-Zxz', '-z6']
  execFileSync('dpkg-deb', ['--root-owner-group', ...compression, '--build', root, file], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, SOURCE_DATE_EPOCH: String(epoch) },
  })
  return file
}

function template(name) {
  return readFileSync(join(ROOT, 'packaging/debian', name), 'utf8')
}

function control({ version, architecture, bundled }, depends, files, root) {
  const bytes = files.reduce((sum, path) => sum + Math.ceil(statSync(join(root, path)).size / 1024), 0)
  const needs = [
    ...depends,
    ...(bundled ? [] : ['nodejs (>= 20.19)']),
    ...['systemd | systemd-standalone-sysusers', 'systemd | systemd-standalone-tmpfiles'],
  ]
  return `Package: offhook
Version: ${version}
Architecture: ${architecture}
Maintainer: ${NAME} <${ADDRESS}>
Installed-Size: ${bytes}
Depends: ${needs.join(', ')}
Recommends: systemd
Section: net
Priority: optional
Description: phone room: boots, configures and watches a company's desk phones
 One daemon that does for AudioCodes 400HD desk phones what they need a network
 for: DHCP, provisioning by HTTP and TFTP, keep-alives and alarms over REST, an
 LDAP phonebook, SIP, syslog and SNMP, with a web interface for those who look
 after them.${bundled ? `\n .\n The Node.js that it runs on (${process.version}) is part of this package.` : ''}
`
}

/** What the binaries are linked with, as Debian names it. */
function sharedLibraries({ root, staging, edition }) {
  mkdirSync(join(staging, 'debian'), { recursive: true })
  writeFileSync(join(staging, 'debian/control'), 'Source: offhook\n\nPackage: offhook\nArchitecture: any\n')
  const binaries = filesBelow(root).filter((path) => path.endsWith('.node') || path === 'usr/lib/offhook/node')
  if (binaries.length !== (edition.bundled ? 2 : 1)) giveUp(`unexpected binaries: ${binaries.join(', ')}`)
  const args = ['-O', '--ignore-missing-info', ...binaries.map((path) => `-e${join(root, path)}`)]
  // It warns of symbols that an addon takes from Node itself.
  const said = execFileSync('dpkg-shlibdeps', args, {
    cwd: staging,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const [, list = ''] = /^shlibs:Depends=(.*)$/m.exec(said) ?? giveUp('dpkg-shlibdeps found no library')
  return list.split(', ')
}

function changelog({ version, epoch }) {
  const date = new Date(epoch * 1000).toUTCString().replace('GMT', '+0000')
  return `offhook (${version}) unstable; urgency=medium

  * For administrators: see CHANGELOG.md.gz beside this file.

 -- ${NAME} <${ADDRESS}>  ${date}
`
}

function filesBelow(root) {
  return readdirSync(root, { recursive: true })
    .filter((path) => statSync(join(root, path)).isFile())
    .sort()
}

function md5(root, path) {
  return `${createHash('md5')
    .update(readFileSync(join(root, path)))
    .digest('hex')}  ${path}\n`
}

/** The same times everywhere, the innermost first: setting a file's changes its folder's. */
export function settle(root, epoch) {
  const paths = readdirSync(root, { recursive: true }).sort().reverse()
  for (const path of paths) {
    if (statSync(join(root, path)).isDirectory()) chmodSync(join(root, path), 0o755)
    lutimesSync(join(root, path), epoch, epoch)
  }
  chmodSync(root, 0o755)
  lutimesSync(root, epoch, epoch)
}
