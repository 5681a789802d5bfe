// SPDX-License-Identifier: Apache-2.0
// `npm run package:deb` and `npm run package:tar`: what is installed on a server, built from the lock file and the sources.
//
//   --system-node     do not bring Node along: depend on Debian's nodejs (>= 20.19), which Debian 13 and NodeSource have
//   --version V       instead of package.json's, e.g. 0.1.0+git20261121
//   --out FOLDER      where the file goes (default: package/)
//   --fast            compress little: for tests
//
// The same sources, lock file, Node and SOURCE_DATE_EPOCH (default: the last commit's time) give the same bytes.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { buildDeb } from './package-deb.mjs'
import { buildTar } from './package-tar.mjs'
import { layOut } from './package-tree.mjs'
import { checkNode, ensureBuilt, ensureInstalled, giveUp, ROOT } from './setup.mjs'

const FORMATS = { deb: buildDeb, tar: buildTar }
/** Debian's names for Node's architectures. */
const ARCHITECTURES = { x64: 'amd64', arm64: 'arm64' }

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    'system-node': { type: 'boolean', default: false },
    version: { type: 'string' },
    out: { type: 'string', default: join(ROOT, 'package') },
    fast: { type: 'boolean', default: false },
  },
})
const [format = ''] = positionals
if (!Object.hasOwn(FORMATS, format)) giveUp('say what to build: deb or tar')
checkNode()
await ensureInstalled()
await ensureBuilt()

const { version: ours } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
const version = values.version ?? ours
if (!/^\d[A-Za-z0-9.+~]*$/.test(version)) giveUp(`"${version}" is no version of a Debian package`)
const architecture = ARCHITECTURES[process.arch]
if (process.platform !== 'linux' || !architecture) giveUp(`no package is made for ${process.platform}-${process.arch}`)

const epoch = sourceDate()
const staging = mkdtempSync(join(tmpdir(), 'offhook-package-'))
try {
  const edition = { version, architecture, epoch, bundled: !values['system-node'], fast: values.fast }
  const root = join(staging, 'root')
  await layOut(root, edition)
  const out = resolve(values.out)
  mkdirSync(out, { recursive: true })
  console.log(FORMATS[format]({ root, staging, out, edition }))
} finally {
  rmSync(staging, { recursive: true, force: true })
}

/** Seconds since the epoch, for every time in the package. */
function sourceDate() {
  const given = process.env.SOURCE_DATE_EPOCH
  if (given !== undefined) {
    if (/^\d{1,11}$/.test(given)) return Number(given)
    giveUp('SOURCE_DATE_EPOCH is no number of seconds')
  }
  try {
    return Number(execFileSync('git', ['log', '-1', '--format=%ct'], { cwd: ROOT, encoding: 'utf8' }).trim())
  } catch {
    giveUp('this is no clone of the repository: set SOURCE_DATE_EPOCH')
  }
}
