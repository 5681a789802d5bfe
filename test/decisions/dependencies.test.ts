// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const root = new URL('../../', import.meta.url)
const note = readFileSync(new URL('docs/decisions/0008-dependencies.md', root), 'utf8')
const manifest = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as {
  readonly dependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
}

/** The package names in the first column of the table below a heading. */
function listed(heading: string): string[] {
  const table = note.split(`## ${heading}\n`)[1]?.split(/^## |^\*\*/m)[0] ?? ''
  const cells = [...table.matchAll(/^\| (`.+?`) \|/gm)].map((match) => match[1] ?? '')
  return cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '')).sort()
}

describe('docs/decisions/0008-dependencies.md', () => {
  it('names what the product depends on, no more and no less', () => {
    expect(listed('In the product')).toEqual(Object.keys(manifest.dependencies).sort())
  })

  it('names what development depends on, no more and no less', () => {
    expect(listed('For development and tests')).toEqual(Object.keys(manifest.devDependencies).sort())
  })

  it('holds each version exactly', () => {
    const all = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })
    expect(all.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([])
  })

  it('keeps packages out of the protocols: they import Node, themselves and #protocols only, but for one guard', () => {
    const folder = new URL('protocols/', root)
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))
    expect(files.length).toBeGreaterThan(10)
    const foreign = files.flatMap((name) =>
      [...readFileSync(new URL(name, folder), 'utf8').matchAll(/^(?:import|export) .*from '([^']+)'/gm)]
        .map((match) => match[1] ?? '')
        .filter((from) => !/^(node:|\.\/|#protocols\/)/.test(from))
        .filter((from) => !(name === 'snmp/crypto.ts' && from === 'net-snmp'))
        .map((from) => `${name} imports ${from}`),
    )
    expect(foreign).toEqual([])
  })
})

describe('docs/decisions/README.md', () => {
  it('lists every note, and every note it lists is there', () => {
    const folder = new URL('docs/decisions/', root)
    const index = readFileSync(new URL('README.md', folder), 'utf8')
    const notes = readdirSync(folder).filter((name) => /^\d{4}-.+\.md$/.test(name))
    expect([...index.matchAll(/\]\((\d{4}-[^)]+)\)/g)].map((match) => match[1])).toEqual(notes.sort())
  })
})
