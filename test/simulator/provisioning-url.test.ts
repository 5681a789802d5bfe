// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { StepFailure } from '#daemon/simulator/failure'
import { sourceOfLease, sourceOfUrl, staticUrl } from '#daemon/simulator/provisioning-url'
import type { Mac } from '#protocols/lib/mac'

const WHO = { mac: '020ff4010001' as Mac, model: '430HD' }
const MAC_CFG = '020ff4010001.cfg'

describe('option 160, <proto>://<host>[/<fw>][;<cfg>]', () => {
  it.each([
    [
      'http://s/firmwarefiles;ipp/dhcpoption160.cfg',
      'http://s/firmwarefiles/430HD.img',
      'http://s/ipp/dhcpoption160.cfg',
    ],
    ['http://s:8080/firmwarefiles;ipp/x.cfg', 'http://s:8080/firmwarefiles/430HD.img', 'http://s:8080/ipp/x.cfg'],
    [
      'http://s/firmwarefiles;ipp/tenant/Sales',
      'http://s/firmwarefiles/430HD.img',
      `http://s/ipp/tenant/Sales/${MAC_CFG}`,
    ],
    ['http://s', 'http://s/430HD.img', `http://s/${MAC_CFG}`],
    ['tftp://s/', 'tftp://s/430HD.img', `tftp://s/${MAC_CFG}`],
    ['HTTPS://s/a/b.img', 'https://s/a/b.img', `https://s/a/${MAC_CFG}`],
    ['http://s/;x.cfg', 'http://s/430HD.img', 'http://s/x.cfg'],
    ['http://s/phones/', 'http://s/phones/430HD.img', `http://s/phones/${MAC_CFG}`],
    ['http://s/<MODEL>.cfg', 'http://s/430HD.img', 'http://s/430HD.cfg'],
    ['http://s/;http://t/x.cfg', 'http://s/430HD.img', 'http://s/http://t/x.cfg'],
    ['http://s/x.img;<MAC>.cfg', 'http://s/x.img', `http://s/${MAC_CFG}`],
  ])('%s', (text, firmware, config) => {
    const source = sourceOfUrl(text, WHO)
    expect([source.firmware.href, source.config.href]).toEqual([firmware, config])
  })

  it.each([
    '',
    'http:',
    'http://',
    '://x',
    'no url',
    'http://[',
    `http://s/${'a'.repeat(600)}`,
    'ftp://s/x',
    'file:///etc',
  ])('refuses %j', (text) => {
    expect(() => sourceOfUrl(text, WHO)).toThrow(StepFailure)
  })

  it('whatever text a server sends, the phone stays on its feet', () => {
    const pieces = fc.constantFrom(
      'http://',
      'tftp://',
      'h',
      '/',
      ';',
      '<MAC>',
      '%',
      '..',
      ':',
      '@',
      '\0',
      '[',
      'é',
      ' ',
    )
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
        try {
          expect(['http:', 'https:', 'tftp:']).toContain(sourceOfUrl(parts.join(''), WHO).config.protocol)
        } catch (error) {
          expect(error).toBeInstanceOf(StepFailure)
        }
      }),
      { numRuns: 1000 },
    )
  })
})

describe('the order of sources', () => {
  const none = { option160: undefined, option66: undefined, option67: undefined, option43: undefined }
  const config = (options: object) => sourceOfLease({ ...none, ...options }, WHO).config.href

  it('160 before 66 before a URL in 43', () => {
    expect(config({ option160: 'http://a', option66: 'b', option43: 'http://c' })).toBe(`http://a/${MAC_CFG}`)
    expect(config({ option66: 'b', option43: 'http://c' })).toBe(`tftp://b/${MAC_CFG}`)
    expect(config({ option43: 'http://c' })).toBe(`http://c/${MAC_CFG}`)
  })

  it('66 is a host or a URL; 67 an image, or an image and a cfg', () => {
    const both = (option66: string, option67?: string) => {
      const source = sourceOfLease({ ...none, option66, option67 }, WHO)
      return [source.firmware.href, source.config.href]
    }
    expect(both('10.0.0.1')).toEqual(['tftp://10.0.0.1/430HD.img', `tftp://10.0.0.1/${MAC_CFG}`])
    expect(both('10.0.0.1', 'new.img')).toEqual(['tftp://10.0.0.1/new.img', `tftp://10.0.0.1/${MAC_CFG}`])
    expect(both('tftp://10.0.0.1:6969', 'a.img;b.cfg')).toEqual([
      'tftp://10.0.0.1:6969/a.img',
      'tftp://10.0.0.1:6969/b.cfg',
    ])
  })

  it('without any of them there is nothing to boot from', () => {
    expect(() => config({})).toThrow('no option 160, 66 or 43')
    expect(() => config({ option43: '\x01\x0cMS-UC-Client' })).toThrow('no option 160, 66 or 43')
  })
})

describe('a static URL in a cfg', () => {
  it('a folder gets the file’s name, a file stays', () => {
    expect(staticUrl('http://s/configfiles/', 'x.cfg', WHO).href).toBe('http://s/configfiles/x.cfg')
    expect(staticUrl('http://s/region/<mac>.cfg', 'x.cfg', WHO).href).toBe(`http://s/region/${MAC_CFG}`)
    expect(staticUrl('tftp://s', 'x.cfg', WHO).href).toBe('tftp://s/x.cfg')
  })
})
