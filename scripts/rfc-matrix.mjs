// SPDX-License-Identifier: Apache-2.0
// npm run rfc [-- --write]: which clause of which RFC is kept by which code and proven by which tests, out of the tags
// `[RFC2131 §4.3.2]` in both. Printed, or written to docs/rfc-matrix.md. Numbers after -- pick RFCs.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'

const ROOT = join(import.meta.dirname, '..')
const CODE = ['protocols', 'daemon', 'config', 'web']
const TAG = /\[(RFC ?\d[^\]\n]{0,80})\]/g
/** One clause of a tag: `RFC 2131 §4.3.2`, `RFC2131 table 3`, or what follows a comma without the RFC's name. */
const CLAUSE = /(?:RFC ?(\d+))?,? ?((?:§|table |figure |appendix )[\w.()-]+(?: ?\(\d+\))?)?/

/** Every tag of the sources: { rfc, clause, file, test } where `test` is the test's name. */
export function tags(root = ROOT) {
  const found = []
  for (const folder of [...CODE, 'test']) {
    for (const file of filesIn(join(root, folder))) {
      const isTest = folder === 'test'
      for (const line of readFileSync(file, 'utf8').split('\n')) {
        for (const [, text] of line.matchAll(TAG)) {
          const name = isTest ? testName(line) : undefined
          for (const one of clausesOf(text)) found.push({ ...one, file: relative(root, file), isTest, name })
        }
      }
    }
  }
  return found
}

/** The matrix as markdown; `only` are numbers of RFCs, all of them if there are none. */
export function matrix(found, only = []) {
  const clauses = new Map()
  for (const { rfc, clause, file, isTest, name } of found) {
    if (only.length > 0 && !only.includes(rfc)) continue
    const key = `${String(rfc).padStart(6, '0')} ${clause}`
    const entry = clauses.get(key) ?? { rfc, clause, code: new Set(), tests: new Set() }
    if (!isTest) entry.code.add(file)
    else if (name) entry.tests.add(name)
    clauses.set(key, entry)
  }
  const rows = [...clauses].sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true })).map(([, entry]) => entry)
  const cell = (values, mark) =>
    [...values]
      .sort()
      .map((value) => `${mark}${escaped(value)}${mark}`)
      .join('<br>')
  return [
    '# Clauses, code and tests',
    '',
    'Written by `npm run rfc -- --write` from the tags in the sources; do not edit.',
    '',
    '| RFC | clause | code | tests |',
    '| --- | --- | --- | --- |',
    ...rows.map(({ rfc, clause, code, tests }) => `| ${rfc} | ${clause} | ${cell(code, '`')} | ${cell(tests, '')} |`),
    '',
  ].join('\n')
}

function clausesOf(text) {
  const list = []
  let rfc
  for (const part of text.split(/,| and /)) {
    const [, number, clause = ''] = CLAUSE.exec(part.trim()) ?? []
    rfc = number === undefined ? rfc : Number(number)
    if (rfc !== undefined && (number !== undefined || clause !== '')) list.push({ rfc, clause: clause.trim() })
  }
  return list
}

/** The text in quotes that holds the tag: a test's name, whole or a row of a table of tests. Comments have none. */
function testName(line) {
  if (/^\s*(?:\/\/|\*|\/\*)/.test(line)) return undefined
  const [, , name] = /(['"`])([^'"`]*\[RFC ?\d.*?)\1/.exec(line) ?? []
  return name?.replace(/\[RFC[^\]]*\]\s*/g, '').trim()
}

function escaped(text) {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;')
}

function* filesIn(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) yield* filesIn(path)
    else if (entry.name.endsWith('.ts')) yield path
  }
}

if (process.argv[1] === import.meta.filename) {
  const asked = process.argv.slice(2)
  const text = matrix(tags(), asked.filter((one) => /^\d+$/.test(one)).map(Number))
  if (asked.includes('--write')) writeFileSync(join(ROOT, 'docs/rfc-matrix.md'), text)
  else process.stdout.write(text)
}
