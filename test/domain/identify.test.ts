// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { identify } from '#daemon/vendors/audiocodes/identify'
import { modelIn } from '#daemon/vendors/audiocodes/models'
import { parseUserAgent } from '#daemon/vendors/audiocodes/user-agent'
import type { Evidence } from '#protocols/lib/exchange'
import type { Mac } from '#protocols/lib/mac'

const AUDIOCODES = '00908f123456' as Mac
const OTHER = '0015651a2b3c' as Mac

describe('the user agent of a phone', () => {
  test.each([
    ['AUDC-IPPhone/2.2.8.61 (440HDG-Rev0; 00908F602AAC)', '440HD', '2.2.8.61', '00908f602aac'],
    ['AUDC-IPPhone/2.0.4.30 (430HD; 00908F4867AF)', '430HD', '2.0.4.30', '00908f4867af'],
    ['AUDC-IPPhone-430HD_UC_2.0.7.70/1.0.0000.0', '430HD', 'UC_2.0.7.70', undefined],
    ['AUDC/3.4.6.604 AUDC-IPPhone-C450HD_UC_3.4.6.604/1', 'C450HD', 'UC_3.4.6.604', undefined],
    ['Genesys /2.2.16.142.46 (420HDG-Rev2-AC494; 00908F123456)', '420HD', '2.2.16.142.46', '00908f123456'],
    ['AUDC/3.4.6.604', '', '3.4.6.604', undefined],
  ])('%s', (agent, model, firmware, mac) => {
    expect(parseUserAgent(agent)).toEqual({ model, firmware, mac })
  })

  test.each([
    'Yealink SIP-T46S 66.86.0.15 00:15:65:1a:2b:3c',
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36',
    'curl/7.88.1',
    'FileTransport/1.0 (T46S; 0015651A2B3C)',
    'x AUDC-IPPhone-T46S_1.0/1',
    '',
  ])('%s is none of ours', (agent) => {
    expect(parseUserAgent(agent)).toBeUndefined()
  })

  test('a hostile one costs no time', () => {
    const start = performance.now()
    fc.assert(
      fc.property(fc.string({ maxLength: 2_000 }), (tail) => {
        parseUserAgent(`AUDC-IPPhone-${tail}`)
        parseUserAgent(`${'A/1 ('.repeat(200)}${tail}`)
      }),
      { numRuns: 500 },
    )
    parseUserAgent(`${' AUDC-IPPhone-'.repeat(100_000)}`)
    expect(performance.now() - start).toBeLessThan(2_000)
  })
})

describe('the base model', () => {
  test.each([
    ['440HDG-Rev0', '440HD'],
    ['420HDG-Rev2-AC494', '420HD'],
    ['405HD', '405HD'],
    ['c448hd', 'C448HD'],
    [' C470HD ', 'C470HD'],
    ['HRS', 'HRS'],
    ['HRS 457', 'HRS457'],
    ['320HD', '320HD'],
  ])('%s → %s', (text, model) => {
    expect(modelIn(text)).toBe(model)
  })

  test.each(['', 'HD', '40HD', '4400HD', 'T46S', 'VVX450', 'x440HD', 'HRSX', 'HRS4571', '8851', 'HT812', 'MP-114'])(
    '%s is none',
    (text) => {
      expect(modelIn(text)).toBeUndefined()
    },
  )
})

describe('a phone is told', () => {
  test.each<[string, Evidence, string]>([
    ['by option 60', { mac: OTHER, vendorClass: '440HD' }, '440HD'],
    ['by option 77', { mac: OTHER, userClass: 'C450HD' }, 'C450HD'],
    ['by one of several user classes', { userClass: 'voice,420HD' }, '420HD'],
    ['by its hardware address', { mac: AUDIOCODES }, ''],
    ['by its hardware address behind another class', { mac: AUDIOCODES, vendorClass: 'MS-UC-Client' }, ''],
    ['by the model of a keep-alive', { mac: OTHER, model: '430HD' }, '430HD'],
    ['by its user agent', { userAgent: 'AUDC-IPPhone-430HD_UC_2.0.7.70/1.0.0000.0' }, '430HD'],
  ])('%s', (_, evidence, model) => {
    expect(identify(evidence)).toMatchObject({ vendor: 'AudioCodes', model })
  })

  test('its own word on the firmware goes before the user agent’s, and the sender’s address before the claimed one', () => {
    const userAgent = 'AUDC-IPPhone/2.2.8.61 (440HDG-Rev0; 00908F602AAC)'
    expect(identify({ userAgent })).toEqual({
      vendor: 'AudioCodes',
      model: '440HD',
      firmware: '2.2.8.61',
      mac: '00908f602aac',
    })
    expect(identify({ userAgent, firmware: '3', mac: AUDIOCODES })).toMatchObject({ firmware: '3', mac: AUDIOCODES })
  })

  test.each<[string, Evidence]>([
    ['nothing', {}],
    ['another maker’s phone', { mac: OTHER, vendorClass: 'yealink', userClass: 'T46S' }],
    ['a Lync client on a PC', { mac: OTHER, vendorClass: 'MS-UC-Client' }],
    ['a gateway of the same maker', { mac: AUDIOCODES, vendorClass: 'MP-114' }],
    ['a gateway by its user class', { mac: AUDIOCODES, userClass: 'Mediant 500' }],
  ])('%s is no phone of ours', (_, evidence) => {
    expect(identify(evidence)).toBeUndefined()
  })
})
