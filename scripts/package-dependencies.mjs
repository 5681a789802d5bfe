// SPDX-License-Identifier: Apache-2.0
// What of node_modules goes onto a server: the packages that the lock file has for production, and of them what runs.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { giveUp, ROOT } from './setup.mjs'

/** Folders of packages that hold their sources for a compiler, tests or examples. */
const NOT_RUN = new Set([
  'test',
  'tests',
  '__tests__',
  'example',
  'examples',
  'docs',
  'benchmark',
  'benchmarks',
  '.github',
])
/** What Node reads, and what a licence asks for. */
const RUN = /\.(?:js|cjs|mjs|json|node|wasm)$/i
const LEGAL = /^(?:licen[cs]e|copying|notice|authors)/i

/** The packages, sorted by their place: `place` is below the project, e.g. node_modules/koa. */
export function productionPackages() {
  const wanted = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')).packages
  const installed = JSON.parse(readFileSync(join(ROOT, 'node_modules/.package-lock.json'), 'utf8')).packages
  return Object.entries(wanted)
    .filter(([place, { dev, devOptional }]) => place !== '' && !dev && !devOptional)
    .filter(([place, { optional }]) => !(optional && !existsSync(join(ROOT, place))))
    .map(([place, { version, integrity }]) => {
      const there = installed[place]
      if (there?.version !== version || there?.integrity !== integrity) {
        giveUp(`${place} is not what the lock file says: run npm ci`)
      }
      const { name, license, licenses, bin = {} } = JSON.parse(readFileSync(join(ROOT, place, 'package.json'), 'utf8'))
      return { place, name, version, licence: spdx(license ?? licenses), programs: programsOf(bin) }
    })
    .sort((a, b) => (a.place < b.place ? -1 : 1))
}

/** Commands of a package are for developers; ours are not among them. */
function programsOf(bin) {
  const paths = typeof bin === 'string' ? [bin] : Object.values(bin)
  return paths.map((path) => path.replace(/^\.\//, ''))
}

function spdx(licence) {
  if (typeof licence === 'string') return licence
  if (Array.isArray(licence)) return licence.map(spdx).join(' OR ')
  return licence?.type ?? 'see its files'
}

/** The files of a package that a server needs, as paths below the package. */
export function filesOf({ place, name, programs }) {
  const files = []
  const walk = (below) => {
    for (const entry of readdirSync(join(ROOT, place, below), { withFileTypes: true })) {
      if (entry.name.startsWith('.')) continue
      const path = below === '' ? entry.name : `${below}/${entry.name}`
      if (entry.isDirectory()) {
        if (entry.name !== 'node_modules' && !NOT_RUN.has(entry.name) && isOurs(name, path)) walk(path)
      } else if (entry.isFile() && (RUN.test(entry.name) || LEGAL.test(entry.name))) {
        if (isOurs(name, path) && !programs.includes(path)) files.push(path)
      }
    }
  }
  walk('')
  return files.sort()
}

/** Of LevelDB: the binary for this kind of machine and glibc, and not the sources it was built from. */
function isOurs(name, path) {
  if (name === 'htmx.org') return !path.includes('/') // built into dist/web
  if (name !== 'classic-level') return true
  const [folder, platform, file] = path.split('/')
  if (folder === 'deps') return false
  if (folder !== 'prebuilds' || platform === undefined) return true
  return platform === `linux-${process.arch}` && !file?.includes('musl')
}
