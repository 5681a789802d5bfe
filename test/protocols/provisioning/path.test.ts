// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { climbs, fileRequest } from '#protocols/provisioning/path'

const MAC = '00908f123456'
const device = { kind: 'device-config', mac: MAC }
const bootstrap = { kind: 'bootstrap' }

describe('names that phones ask for', () => {
  it.each([
    ['/ipp/dhcption160.cfg', bootstrap],
    ['/ipp/dhcpoption160.cfg', bootstrap],
    ['/dhcpoption160.cfg', bootstrap],
    ['/dhcption160.cfg', bootstrap],
    ['/IPP/DHCPOption160.CFG', bootstrap],
    ['/ipp/httpproxy/dhcpoption160.cfg', bootstrap],
    ['/ipp/httpproxy/00908f123456.cfg', device],
    ['/ipp/httpproxy/configfiles/00908f123456.cfg', device],
    ['/ipp/httpproxy/firmwarefiles/420HD.img', { kind: 'firmware', model: '420HD' }],
    ['/ipp/region/Berlin/00908f123456.cfg', { ...device, scope: { kind: 'region', name: 'Berlin' } }],
    ['/ipp/tenant/Acme Ltd/00908F123456.cfg', { ...device, scope: { kind: 'tenant', name: 'Acme Ltd' } }],
    ['/ipp/tenant/Müller & Söhne/00908F123456.cfg', { ...device, scope: { kind: 'tenant', name: 'Müller & Söhne' } }],
    ['/ipp/REGION/x/dhcption160.cfg', { ...bootstrap, scope: { kind: 'region', name: 'x' } }],
    [
      '/ipp/httpproxy/ipp/region/x/420HD.img',
      { kind: 'firmware', model: '420HD', scope: { kind: 'region', name: 'x' } },
    ],
    ['/ipp/00908f123456.cfg', device],
    ['/configfiles/00908f123456.cfg', device],
    ['/configfiles/00908F123456.cfg', device],
    ['/ConfigFiles/00908F123456.CFG', device],
    ['/configfiles/00:90:8F:12:34:56.cfg', device],
    ['/configfiles/00-90-8f-12-34-56.cfg', device],
    ['/configfiles/0090.8f12.3456.cfg', device],
    ['/00908F123456.cfg', device],
    ['/440HD/00908f123456.cfg', { ...device, model: '440HD' }],
    ['/C450HD/00908f123456.cfg', { ...device, model: 'C450HD' }],
    [
      '/configfiles/Audiocodes_420HD_global_GENERIC_empty.cfg',
      { kind: 'global-config', name: 'Audiocodes_420HD_global_GENERIC_empty.cfg' },
    ],
    ['/configfiles/440HD_global.cfg', { kind: 'global-config', name: '440HD_global.cfg' }],
    [
      '/ipp/tenant/x/440HD_GLOBAL.cfg',
      { kind: 'global-config', name: '440HD_GLOBAL.cfg', scope: { kind: 'tenant', name: 'x' } },
    ],
    ['/configfiles/00908F123456.CFX', { ...device, encrypted: true }],
    ['/440HD_global.cfg', { kind: 'global-config', name: '440HD_global.cfg' }],
    ['/configfiles/t/abcdefghijklmnop-_123456/00908F123456.cfg', { ...device, token: 'abcdefghijklmnop-_123456' }],
    ['/configfiles/T/abcdefghijklmnop//00908F123456.cfg', { ...device, token: 'abcdefghijklmnop' }],
    ['/configfiles/t/abcdefghijklmnop/440HD_global.cfg', { kind: 'global-config', name: '440HD_global.cfg' }],
    [
      '/ipp/tenant/Acme Ltd/t/abcdefghijklmnop/00908F123456.cfg',
      { ...device, scope: { kind: 'tenant', name: 'Acme Ltd' }, token: 'abcdefghijklmnop' },
    ],
    ['/configfiles/files/0123456789abcdef/ca.pem', { kind: 'auxiliary', id: '0123456789abcdef', name: 'ca.pem' }],
    [
      '/configfiles/t/abcdefghijklmnop/00908f123456/0123456789ABCDEF/sip.key',
      { kind: 'auxiliary', id: '0123456789abcdef', name: 'sip.key', mac: MAC, token: 'abcdefghijklmnop' },
    ],
    ['/firmwarefiles/420HD.img', { kind: 'firmware', model: '420HD' }],
    ['/firmwarefiles/420hd.IMG', { kind: 'firmware', model: '420hd' }],
    ['/420HD.img', { kind: 'firmware', model: '420HD' }],
    ['/420HD/420HD.img', { kind: 'firmware', model: '420HD' }],
    ['/firmwarefiles/440HD_2.2.16.704.img', { kind: 'firmware', model: '440HD_2.2.16.704' }],
    ['/firmwarefiles/00908F123456/440HD.img', { kind: 'firmware', model: '440HD', mac: MAC }],
    ['/ipp/httpproxy/firmwarefiles/00:90:8f:12:34:56/440HD.img', { kind: 'firmware', model: '440HD', mac: MAC }],
    [`/firmwarefiles/${'aB3f'.repeat(16)}.img`, { kind: 'firmware', model: '', image: 'ab3f'.repeat(16) }],
    [`/firmwarefiles/${MAC}/${'0'.repeat(64)}.img`, { kind: 'firmware', model: '', image: '0'.repeat(64), mac: MAC }],
    ['/440HDG-Rev0/440hdg-rev0.img', { kind: 'firmware', model: '440hdg-rev0' }],
  ])('%s', (name, request) => {
    expect(fileRequest(name)).toEqual(request)
  })

  it('needs no leading slash, as TFTP names have none, and minds no doubled one', () => {
    expect(fileRequest('420HD.img')).toEqual({ kind: 'firmware', model: '420HD' })
    expect(fileRequest('ipp/dhcpoption160.cfg')).toEqual(bootstrap)
    expect(fileRequest('//configfiles//00908f123456.cfg')).toEqual(device)
  })
})

describe('names that nobody gets anything for', () => {
  it.each([
    '',
    '/',
    '/ipp',
    '/ipp/',
    '/ipp/httpproxy/',
    '/configfiles/',
    '/configfiles',
    '/x',
    '/index.html',
    '/configfiles/files/0123456789abcdef/.hidden',
    '/configfiles/files/0123456789abcde/ca.pem',
    '/configfiles/files/0123456789abcdef/x/ca.pem',
    '/configfiles/t/abcdefghijklmnop/nomac/0123456789abcdef/sip.key',
    '/configfiles/t/00908f123456.cfg',
    '/configfiles/t/short/00908f123456.cfg',
    '/configfiles/t/abcdefghijklmnop/x/00908f123456.cfg',
    `/configfiles/t/${'x'.repeat(65)}/00908f123456.cfg`,
    '/configfiles/t/abcdefghij.lmnop/00908f123456.cfg',
    '/ipp/region/x/u/abcdefghijklmnop/00908f123456.cfg',
    '/configfiles/00908f12345.cfg',
    '/configfiles/00908f1234567.cfg',
    '/configfiles/00908g123456.cfg',
    '/configfiles/00908f123456',
    '/configfiles/00908f123456.cfg.bak',
    '/configfiles/00908f123456.xml',
    '/configfiles/users.cfg',
    '/configfiles/sub/00908f123456.cfg',
    '/ipp/region/00908f123456.cfg',
    '/ipp/region/a/b/00908f123456.cfg',
    '/a/b/00908f123456.cfg',
    '/firmwarefiles/ipp/dhcpoption160.cfg',
    '/firmwarefiles/x/420HD.img',
    '/firmwarefiles/00908f123456/00908f123456.cfg',
    '/firmwarefiles/00908f123456/x/420HD.img',
    `/firmwarefiles/${'0'.repeat(63)}.img`,
    `/firmwarefiles/${'g'.repeat(64)}.img`,
    '/420HD/440HD.img',
    '/firmwarefiles/.img',
    '/firmwarefiles/a..b.img',
    '/firmwarefiles/-a.img',
    '/firmwarefiles/420 HD.img',
    '/firmwarefiles/..img',
    '/.cfg',
    '/configfiles/_global.cfg',
    '/configfiles/.._global.cfg',
    '/configfiles/x_global..cfg',
    '/configfiles/<script>_global.cfg',
    '/../00908f123456.cfg',
    '/./00908f123456.cfg',
    '/ipp/region/../00908f123456.cfg',
    '/ipp/region/./00908f123456.cfg',
    '/ipp/region/a\\b/00908f123456.cfg',
    '/ipp/region/a\0b/00908f123456.cfg',
    '..\\00908f123456.cfg',
    '/etc/passwd',
    `/${'a'.repeat(41)}.img`,
    `/ipp/region/${'r'.repeat(65)}/00908f123456.cfg`,
    `/ipp/tenant/${'t'.repeat(600)}/00908f123456.cfg`,
  ])('%j', (name) => {
    expect(fileRequest(name)).toBeUndefined()
  })
})

describe('climbing', () => {
  it.each(['../x', '/../x', 'x/..', '..', './x', 'a/./b', '..\\x', 'a\\..\\b', 'C:\\x', 'x\0.cfg', '\n'])(
    '%j climbs',
    (name) => {
      expect(climbs(name)).toBe(true)
    },
  )

  it.each(['', 'x', '/a/b.cfg', 'a..b', '..a', 'a..', '...'])('%j does not', (name) => {
    expect(climbs(name)).toBe(false)
  })
})

describe('any name', () => {
  const word = fc.constantFrom(
    '..',
    '.',
    'ipp',
    'region',
    'tenant',
    'httpproxy',
    'configfiles',
    'firmwarefiles',
    '420HD',
    MAC,
    '00:90:8F:12:34:56',
    '_global',
    'x_global',
    'dhcpoption160',
    '\\',
    '\0',
    '%2e',
    ' ',
    '<b>',
    'é',
  )
  const end = fc.constantFrom('', '.cfg', '.img', '.CFG', '.cfg/', '..cfg')
  const name = fc.oneof(
    fc
      .tuple(fc.array(fc.tuple(word, fc.constantFrom('/', '', '//', '\\')), { maxLength: 8 }), end)
      .map(([words, last]) => words.flat().join('') + last),
    fc.string({ maxLength: 60 }),
  )

  it('yields a MAC and names that cannot climb, or nothing', () => {
    fc.assert(
      fc.property(name, (text) => {
        const request = fileRequest(text)
        if (!request) return
        if (climbs(text)) throw new Error(`${JSON.stringify(text)} climbs and yields ${JSON.stringify(request)}`)
        if (request.kind === 'device-config') expect(request.mac).toMatch(/^[0-9a-f]{12}$/)
        const words = [...('model' in request ? [request.model] : []), ...('name' in request ? [request.name] : [])]
        for (const word of words) {
          expect(word).toMatch(/^[A-Za-z0-9][A-Za-z0-9._-]*$/)
          expect(word).not.toContain('..')
        }
      }),
      { numRuns: 3_000 },
    )
  })

  it('takes time in proportion to its length', () => {
    const hostile = [
      'a-'.repeat(250),
      `${'a.'.repeat(250)}img`,
      `${'_global'.repeat(70)}.cfx`,
      '/'.repeat(500),
      'ipp/httpproxy/'.repeat(36),
    ]
    const began = performance.now()
    for (let i = 0; i < 2_000; i++) for (const text of hostile) fileRequest(text)
    expect(performance.now() - began).toBeLessThan(2_000)
  })
})
