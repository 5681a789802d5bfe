// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { shippedTemplates } from '#config/templates'
import { resolve } from '#daemon/domain/placeholder'
import { render, templateFor } from '#daemon/domain/template'

const far = { name: 'system', values: { A: 'far', B: 'far' } }
const near = { name: 'device', values: { A: 'near', C: '' } }

test('the nearer layer wins, and the value tells where it came from', () => {
  expect(resolve([far, near], 'A')).toEqual({ value: 'near', source: 'device' })
  expect(resolve([far, near], 'B')).toEqual({ value: 'far', source: 'system' })
})

test('an empty text is a value, an absent key is none', () => {
  expect(resolve([far, near], 'C')).toEqual({ value: '', source: 'device' })
  expect(resolve([far, near], 'D')).toBeUndefined()
})

test('names of built-in object members are not placeholders', () => {
  expect(resolve([far], 'constructor')).toBeUndefined()
  expect(resolve([far], '__proto__')).toBeUndefined()
})

test('a line whose placeholder nobody knows is left out and reported', () => {
  expect(render('a=%ITCS_A%\nd=%ITCS_D%\nlast=1', [far, near])).toEqual({ text: 'a=near\nlast=1', unresolved: ['D'] })
})

test('no value can add a line or be expanded again', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (value) => {
      const { text } = render('x=%ITCS_V%\ny=1', [{ name: 'user', values: { V: value, W: 'secret' } }])
      expect(text.split(/[\r\n]/)).toHaveLength(2)
    }),
  )
  const nested = render('x=%ITCS_V%', [{ name: 'user', values: { V: '%ITCS_W%', W: 'secret' } }])
  expect(nested.text).toBe('x=%ITCS_W%')
})

test('a phone with UC firmware gets the Skype template, another one the SIP template', () => {
  const templates = shippedTemplates()
  expect(templateFor(templates, '440HD', 'UC_3.0.4.1264')?.id).toBe('audiocodes-uc')
  expect(templateFor(templates, '440HD', '2.2.16.704')?.id).toBe('audiocodes-sip')
  expect(templateFor(templates, '999HD', '')).toBeUndefined()
})
