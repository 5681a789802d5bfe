// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

/*
 * Why docs/decisions/0001-node-and-typescript.md pins some packages below their newest version: what we install must
 * run on the oldest Node that we promise, whatever Node this machine has.
 */
interface Lock {
  readonly packages: Readonly<Record<string, { readonly engines?: { readonly node?: string } }>>
}

interface Manifest {
  readonly engines: { readonly node: string }
}

type Version = readonly [number, number, number]

const root = new URL('../../', import.meta.url)
const lock = JSON.parse(readFileSync(new URL('package-lock.json', root), 'utf8')) as Lock
const manifest = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as Manifest

function parse(text: string): Version {
  const [major = 0, minor = 0, patch = 0] = text.split('.').map((part) => Number(part.replace(/x$/, '0')))
  if ([major, minor, patch].some(Number.isNaN)) throw new Error(`not a version: ${text}`)
  return [major, minor, patch]
}

function atLeast(version: Version, bound: Version): boolean {
  for (const i of [0, 1, 2] as const) if (version[i] !== bound[i]) return version[i] > bound[i]
  return true
}

/** The forms that `engines.node` takes in our lock file: `>=a`, `^a`, a bare major, and several joined by `||`. */
function accepts(range: string, version: Version): boolean {
  return range.split('||').some((part) => {
    const [, operator, text = ''] = /^\s*(>=|\^)?\s*(\S+)\s*$/.exec(part) ?? []
    const bound = parse(text)
    if (operator === '>=') return atLeast(version, bound)
    return version[0] === bound[0] && atLeast(version, bound)
  })
}

describe('the oldest Node we promise', () => {
  it('is the one in package.json', () => {
    expect(manifest.engines.node).toBe('>=20.19')
  })

  it('runs every package that the lock file installs', () => {
    const oldest = parse('20.19.0')
    const tooNew = Object.entries(lock.packages)
      .filter(([, { engines }]) => engines?.node !== undefined && !accepts(engines.node, oldest))
      .map(([name, { engines }]) => `${name} wants ${engines?.node}`)
    expect(Object.keys(lock.packages).length).toBeGreaterThan(50)
    expect(tooNew).toEqual([])
  })

  it.each([
    ['vitest 5.1.1', '^22.12.0 || ^24.0.0 || >=26.0.0'],
    ['commander 15.1.0', '>=22.12.0'],
  ])('would not run %s, whose engines say %s', (_, range) => {
    expect(accepts(range, parse('20.19.0'))).toBe(false)
    expect(accepts(range, parse('22.12.0'))).toBe(true)
  })
})
