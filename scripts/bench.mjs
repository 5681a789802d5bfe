// SPDX-License-Identifier: Apache-2.0
// `npm run bench -- NAME [--json]`: how fast we are beside the servers that admins know, in the same run. Each bench is
// test/bench/NAME.ts; test/bench/NAME.packages.txt names the Debian packages of its peers. The last line is JSON; with
// --json it is the only one on standard output. docs/benchmarks.md explains the figures.
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { ensureDebianPackages, packagesIn } from './debian.mjs'
import { checkNode, ensureBuilt, ensureInstalled, giveUp, ROOT, run } from './setup.mjs'

const FOLDER = 'test/bench'
const known = readdirSync(join(ROOT, FOLDER))
  .filter((file) => existsSync(join(ROOT, FOLDER, file.replace(/ts$/, 'packages.txt'))) && file.endsWith('.ts'))
  .map((file) => file.slice(0, -3))
const [name = '', ...more] = process.argv.slice(2)
if (!known.includes(name)) {
  console.log(known.join('\n'))
  process.exit(name === '' ? 0 : 2)
}
checkNode()
if (process.getuid?.() !== 0) giveUp('a bench lays network namespaces: run it as root')
// What setting up says is no result.
console.log = console.error
await ensureInstalled()
await ensureBuilt()
await ensureDebianPackages('the benches', packagesIn(`${FOLDER}/${name}.packages.txt`))
process.exit(
  await run(process.execPath, ['--conditions=source', '--import', 'tsx', join(ROOT, FOLDER, `${name}.ts`), ...more]),
)
