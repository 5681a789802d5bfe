// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { deviceFile, disagreements, textOf } from '#daemon/domain/provisioning/device-file'
import { compile, type Program } from '#daemon/domain/provisioning/language'
import { run } from '#daemon/domain/provisioning/run'
import { useProblems } from '#daemon/domain/provisioning/template'

function filled(text: string, values: Readonly<Record<string, string>>, parts: Readonly<Record<string, string>> = {}) {
  const lines: string[] = []
  const partOf = (part: string) => (Object.hasOwn(parts, part) ? compile(parts[part] ?? '') : undefined)
  const lookup = (name: string) => (Object.hasOwn(values, name) ? values[name] : undefined)
  run(compile(text), { lookup, partOf }, (line) => lines.push(line))
  return lines
}

const CHOICE = [
  ';#if Model = 4* and !SRTP',
  'a=1',
  ';#elif SRTP = "on"',
  'b=1',
  ';#else',
  'c=1',
  ';#endif',
  'd=1',
].join('\n')

test('the first branch whose condition holds gives its lines', () => {
  expect(filled(CHOICE, { Model: '440HD' })).toEqual(['a=1', 'd=1'])
  expect(filled(CHOICE, { Model: '440HD', SRTP: 'on' })).toEqual(['b=1', 'd=1'])
  expect(filled(CHOICE, { Model: 'C450HD' })).toEqual(['c=1', 'd=1'])
})

test('or binds less than and; a name may be written as in the text', () => {
  const text = ';#if ITCS_A = x and B = y or C != z\nyes=1\n;#endif'
  expect(filled(text, { A: 'x', B: 'y', C: 'z' })).toEqual(['yes=1'])
  expect(filled(text, { A: 'x', B: 'n', C: 'z' })).toEqual([])
  expect(filled(text, { C: 'q' })).toEqual(['yes=1'])
})

test('a part of another template is put in where it is used, and a circle ends', () => {
  const parts = { 'base/global': 'x=%ITCS_X%\n;#use more/global', 'more/global': 'y=2\n;#use base/global' }
  expect(filled('a=1\n;#use base/global\nz=3', { X: '7' }, { 'base/global': 'x=%ITCS_X%' })).toEqual([
    'a=1',
    'x=7',
    'z=3',
  ])
  expect(filled(';#use base/global', { X: '7' }, parts).length).toBeLessThan(20)
})

test('parts that use each other many times end, too', () => {
  const part = Array(40).fill(';#use a/global').join('\n')
  expect(filled(`x=1\n${part}`, {}, { 'a/global': `y=1\n${part}` }).length).toBeLessThan(50_000)
})

test('what cannot be read is told with its line', () => {
  const problems = (text: string) => compile(text).problems.map(({ line, message }) => `${line}: ${message}`)
  expect(problems('a=1\n;#if A\nb=1')).toEqual(['2: This ;#if has no ;#endif.'])
  expect(problems(';#endif')).toEqual(['1: There is no ;#if before this ;#endif.'])
  expect(problems(';#else')).toEqual(['1: There is no ;#if before this.'])
  expect(problems(';#if A\n;#else\n;#else\n;#endif')).toEqual(['3: The ;#else of this ;#if came before.'])
  expect(problems(';#if A is B\n;#endif')[0]).toContain('“A is B” is no condition')
  expect(problems(';#use ../etc/passwd')[0]).toContain('Write the template')
  expect(problems(';#iff A')[0]).toContain('There is no “;#iff”')
})

test('conditions that nest without end are told once, and neither reading nor running overflows', () => {
  const text = `${';#if A\n'.repeat(40_000)}x=1\n${';#endif\n'.repeat(40_000)}y=2`
  expect(compile(text).problems).toEqual([{ line: 17, message: 'Conditions nest at most 16 deep.' }])
  expect(filled(text, { A: '1' })).toEqual(['x=1', 'y=2'])
})

test('a template that uses itself, and a part that is not there, are told with their lines', () => {
  const texts: Record<string, string> = {
    'a/global': 'x=1\n;#use b/global',
    'b/global': ';#if X\n;#use a/global\n;#endif',
  }
  const partOf = (part: string): Program | undefined => (texts[part] === undefined ? undefined : compile(texts[part]))
  expect([...useProblems('a/global', compile(texts['a/global'] ?? ''), partOf)]).toEqual([
    { line: 2, message: 'b/global uses a/global: that has no end.' },
  ])
  expect([...useProblems('c/global', compile(';#use d/private'), partOf)]).toEqual([
    { line: 1, message: 'There is no d/private.' },
  ])
})

test('any text can be read and run', () => {
  const line = fc.oneof(
    fc.constantFrom(';#if A', ';#elif B = x', ';#else', ';#endif', ';#use a/global', 'k=%ITCS_A%', '%ITCS_%ITCS_A%%'),
    fc.string({ unit: 'binary' }),
  )
  fc.assert(
    fc.property(fc.array(line, { maxLength: 40 }), (lines) => {
      const text = lines.join('\n')
      expect(filled(text, { A: '1' }, { 'a/global': text }).length).toBeLessThan(1_000_000)
    }),
    { numRuns: 60 },
  )
})

test('what differs from the shared file comes after the line that includes it; what levels add comes last', () => {
  const parts = {
    template: 'T',
    global: compile('k=%ITCS_K%\nsame=1'),
    private: compile('include t_global.cfg\nown=1\n'),
    additions: [
      { from: 'region B', program: compile('own=2\n; a remark') },
      { from: 'device', program: compile('extra=%ITCS_K%\nlost=%ITCS_NONE%') },
    ],
    own: [{ name: 'device', values: { K: 'mine' } }],
    partOf: () => undefined,
  }
  const file = deviceFile(parts, new Set(['k=theirs', 'same=1']))
  expect(textOf(file)).toBe('include t_global.cfg\nk=mine\nown=1\nown=2\n; a remark\nextra=mine\n')
  expect(file.left).toEqual([{ from: 'device', line: 2, missing: 'NONE' }])
  expect(disagreements(file.lines)).toEqual([
    {
      key: 'own',
      said: [
        { value: '1', from: 'T, own part' },
        { value: '2', from: 'region B' },
      ],
    },
  ])
})
