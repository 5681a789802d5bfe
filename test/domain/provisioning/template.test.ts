// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { shippedTemplates } from '#config/templates'
import { sharedText } from '#daemon/domain/provisioning/device-file'
import { compile } from '#daemon/domain/provisioning/language'
import type { Layer } from '#daemon/domain/provisioning/placeholder'
import { resolve } from '#daemon/domain/provisioning/placeholder'
import { chooseTemplate, type MappingRule } from '#daemon/domain/provisioning/template'

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

const render = (text: string, layers: readonly Layer[]) => sharedText(compile(text), layers, () => undefined)

test('a line whose placeholder nobody knows is left out', () => {
  expect(render('a=%ITCS_A%\nd=%ITCS_D%\nlast=1', [far, near])).toBe('a=near\nlast=1')
})

test('no value can add a line or be expanded again', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (value) => {
      const text = render('x=%ITCS_V%\ny=1', [{ name: 'user', values: { V: value, W: 'secret' } }])
      expect(text.split(/[\r\n]/)).toHaveLength(2)
    }),
  )
  expect(render('x=%ITCS_V%', [{ name: 'user', values: { V: '%ITCS_W%', W: 'secret' } }])).toBe('x=%ITCS_W%')
})

const shipped = new Map(shippedTemplates().map((template) => [template.id, template]))
const path = [
  { id: 'system', name: 'System' },
  { id: 'b', name: 'Berlin' },
]
const asked = { model: '440HD', firmware: '', own: '', path }

test('a phone with UC firmware gets the Skype template, another one the SIP template', () => {
  const chosen = (change: Partial<typeof asked>) =>
    chooseTemplate(shipped, { rules: [] }, { ...asked, ...change })?.template.id
  expect(chosen({ firmware: 'UC_3.0.4.1264' })).toBe('440hd-uc')
  expect(chosen({ firmware: '2.2.16.704' })).toBe('440hd-sip')
  expect(chosen({ model: '999HD' })).toBeUndefined()
})

test('the nearest place that maps the model decides, a model before a pattern, and what was chosen for the phone first', () => {
  const uc = { template: 'audiocodes-uc' }
  const sip = { template: 'audiocodes-sip' }
  const chosen = (rules: readonly MappingRule[], change: Partial<typeof asked> = {}) => {
    const found = chooseTemplate(shipped, { rules }, { ...asked, ...change })
    return [found?.template.id, found?.why]
  }
  const far = { model: '440HD', scope: 'system', ...uc }
  expect(chosen([far])).toEqual(['audiocodes-uc', 'mapped for 440HD in System'])
  expect(chosen([far, { model: '4*', scope: 'b', ...sip }])).toEqual(['audiocodes-sip', 'mapped for 4* in Berlin'])
  const both = [
    { model: '4*', scope: 'b', ...sip },
    { model: '440hd', scope: 'b', ...uc },
  ]
  expect(chosen(both)).toEqual(['audiocodes-uc', 'mapped for 440hd in Berlin'])
  expect(chosen(both, { model: '430HD' })[0]).toBe('audiocodes-sip')
  expect(chosen(both, { own: 'audiocodes-sip' })).toEqual(['audiocodes-sip', 'chosen for this phone'])
  expect(chosen([{ model: '*', scope: 'b', template: 'gone' }])[0]).toBe('440hd-sip')
})
