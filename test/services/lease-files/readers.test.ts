// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest'
import { readLeases } from '#daemon/services/lease-files/formats'
import { MOST_REJECTIONS, NEVER, NO_MAC } from '#daemon/services/lease-files/lease-file'

const HEADER =
  'address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context,pool_id'

function kea(...rows: readonly string[]) {
  return readLeases('kea', [HEADER, ...rows, ''].join('\n'))
}

function isc(text: string) {
  return readLeases('isc', text)
}

function json(...rows: readonly string[]) {
  return readLeases('json', ['{"format":"offhook-leases","version":1}', ...rows].join('\n'))
}

describe('kea-leases4.csv', () => {
  it('a lease began its lifetime before it expires, and its client is known by its identifier', () => {
    const { found } = kea('10.1.1.10,00:90:8f:12:34:56,01:00:90:8f:12:34:56,3600,1767265200,1,0,0,phone-7,0,,0')
    expect(found).toEqual([
      {
        line: 2,
        lease: {
          ...{ address: '10.1.1.10', state: 'leased', clientKey: '0100908f123456', mac: '00908f123456' },
          ...{ hostname: 'phone-7', expiresAt: 1_767_265_200_000, updatedAt: 1_767_261_600_000 },
        },
      },
    ])
  })

  it('the last line of an address counts, and a lifetime of 0 removes it', () => {
    const { found } = kea(
      '10.1.1.10,00:90:8f:12:34:56,,3600,1767265200,1,0,0,first,0,,0',
      '10.1.1.11,00:90:8f:12:34:57,,3600,1767265200,1,0,0,gone,0,,0',
      '10.1.1.10,00:90:8f:12:34:58,,3600,1767268800,1,0,0,second,0,,0',
      '10.1.1.11,00:90:8f:12:34:57,,0,1767265200,1,0,0,gone,0,,0',
    )
    expect(found).toMatchObject([{ line: 4, lease: { address: '10.1.1.10', hostname: 'second', mac: '00908f123458' } }])
  })

  it.each([
    ['0', 'leased'],
    ['2', 'released'],
    ['3', 'released'],
  ])('state %s is %s', (state, ours) => {
    const { found } = kea(`10.1.1.10,00:90:8f:12:34:56,,3600,1767265200,1,0,0,,${state},,0`)
    expect(found[0]?.lease.state).toBe(ours)
  })

  it('a declined address has no client', () => {
    const { found } = kea('10.1.1.10,,,86400,1767265200,1,0,0,,1,,0')
    expect(found[0]?.lease).toMatchObject({ state: 'declined', mac: NO_MAC, clientKey: NO_MAC })
  })

  it('a lease without an end never ends', () => {
    const { found } = kea('10.1.1.10,00:90:8f:12:34:56,,4294967295,6062232495,1,0,0,,0,,0')
    expect(found[0]?.lease).toMatchObject({ expiresAt: NEVER, updatedAt: 1_767_265_200_000 })
  })

  it.each(['a&#x2cb', 'a\\&#x2cb', 'a\\&#X2Cb'])('%s is a name with a comma', (name) => {
    const { found } = kea(`10.1.1.10,00:90:8f:12:34:56,,3600,1767265200,1,0,0,${name},0,,0`)
    expect(found[0]?.lease.hostname).toBe('a,b')
  })

  it('columns are found by name: files of old versions have fewer', () => {
    const text = 'address,hwaddr,client_id,valid_lifetime,expire\r\n10.1.1.10,00:90:8f:12:34:56,,60,1767265200\r\n'
    expect(readLeases('kea', text).found[0]?.lease).toMatchObject({ state: 'leased', hostname: '' })
  })

  it('files one after the other bring a header each', () => {
    const row = '10.1.1.10,00:90:8f:12:34:56,,3600,1767265200,1,0,0,,0,,0'
    expect(kea(row, HEADER, row.replace('10.1.1.10', '10.1.1.11')).found).toHaveLength(2)
  })

  it.each([
    ['10.1.1,00:90:8f:12:34:56,,3600,1767265200,1,0,0,,0,,0', '"10.1.1" is not an IPv4 address'],
    ['10.1.1.10,00:90:8f,,3600,1767265200,1,0,0,,0,,0', '"00:90:8f" is not an Ethernet hardware address'],
    ['10.1.1.10,,,3600,1767265200,1,0,0,,0,,0', '"" is not an Ethernet hardware address'],
    ['10.1.1.10,00:90:8f:12:34:56,zz,3600,1767265200,1,0,0,,0,,0', 'the client identifier is not 1 to 255 bytes'],
    ['10.1.1.10,00:90:8f:12:34:56,,-1,1767265200,1,0,0,,0,,0', 'valid_lifetime "-1" is not a whole number'],
    ['10.1.1.10,00:90:8f:12:34:56,,3600,soon,1,0,0,,0,,0', 'expire "soon" is not a whole number'],
    ['10.1.1.10,00:90:8f:12:34:56,,3600,1767265200,1,0,0,,9,,0', '"9" is not a state that Kea writes'],
    ['10.1.1.10,00:90:8f:12:34:56,,3600', '4 fields where the header has 12'],
    ['\u001b[2J\u0007', '1 fields where the header has 12'],
  ])('%j: %s', (row, reason) => {
    expect(kea(row)).toMatchObject({ found: [], rejections: [{ line: 2, reason }], rejected: 1 })
  })

  it('without its header nothing is guessed', () => {
    const { found, rejections } = readLeases('kea', '10.1.1.10,00:90:8f:12:34:56,,3600,1767265200\n'.repeat(9))
    expect(found).toEqual([])
    expect(rejections).toEqual([{ line: 1, reason: 'the file does not begin with the header of kea-leases4.csv' }])
  })

  it('counts all rejections and keeps the first of them', () => {
    const { rejections, rejected } = kea(...Array<string>(MOST_REJECTIONS + 5).fill('nonsense'))
    expect([rejections.length, rejected]).toEqual([MOST_REJECTIONS, MOST_REJECTIONS + 5])
  })
})

describe('dhcpd.leases', () => {
  const LEASE = `lease 10.1.1.10 {
  starts 4 2026/01/01 10:00:00;
  ends 4 2026/01/01 11:00:00;
  cltt 4 2026/01/01 10:30:00;
  binding state active;
  next binding state free;
  hardware ethernet 00:90:8f:12:34:56;
  uid "\\001\\000\\220\\2174V";
  set vendor-class-identifier = "440HD";
  client-hostname "phone-7";
  on expiry { set x = "}"; if known { log("{"); } }
}
`

  it('reads a block, and passes over what it does not know', () => {
    const preamble = '# made by dhcpd\nauthoring-byte-order little-endian;\nserver-duid "\\000\\001";\n\n'
    const failover = 'failover peer "x" state {\n  my state normal at 4 2026/01/01 10:00:00;\n}\n'
    const { found, rejections } = isc(preamble + failover + LEASE)
    expect(rejections).toEqual([])
    expect(found).toEqual([
      {
        line: 8,
        lease: {
          ...{ address: '10.1.1.10', state: 'leased', clientKey: '0100908f3456', mac: '00908f123456' },
          ...{ hostname: 'phone-7', expiresAt: Date.UTC(2026, 0, 1, 11), updatedAt: Date.UTC(2026, 0, 1, 10, 30) },
        },
      },
    ])
  })

  it('the last block of an address counts; one without a client frees it', () => {
    const free = 'lease 10.1.1.10 { ends never; binding state free; }\n'
    expect(isc(LEASE + LEASE.replace('phone-7', 'phone-8')).found).toMatchObject([{ lease: { hostname: 'phone-8' } }])
    expect(isc(LEASE + free)).toMatchObject({ found: [], rejections: [] })
    expect(isc(free + LEASE).found).toHaveLength(1)
  })

  it.each([
    ['active', 'leased'],
    ['expired', 'leased'],
    ['free', 'released'],
    ['released', 'released'],
    ['backup', 'released'],
    ['abandoned', 'declined'],
  ])('binding state %s is %s', (state, ours) => {
    expect(isc(LEASE.replace('state active', `state ${state}`)).found[0]?.lease.state).toBe(ours)
  })

  it.each([
    ['never', NEVER],
    ['epoch 1767265200', 1_767_265_200_000],
    ['epoch 1767265200; # Thu Jan 1 11:00:00 2026', 1_767_265_200_000],
    ['4 2026/1/1 11:0:0', Date.UTC(2026, 0, 1, 11)],
  ])('ends %s', (text, time) => {
    expect(isc(LEASE.replace('4 2026/01/01 11:00:00', text)).found[0]?.lease.expiresAt).toBe(time)
  })

  it('a uid may be written in hex', () => {
    const { found } = isc(LEASE.replace(/uid .*;/, 'uid 1:0:90:8F:12:34:56;'))
    expect(found[0]?.lease.clientKey).toBe('0100908f123456')
  })

  it.each([
    ['2026/01/01 11:00:00', '2026/02/30 11:00:00', '2026/02/30 11:00:00 is not a date'],
    ['2026/01/01 11:00:00', '2026/01/01 11:00:00 +2', '"4 2026/01/01 11:00:00 +2" is not a time in UTC'],
    ['hardware ethernet', 'hardware token-ring', '"00:90:8f:12:34:56" is not an Ethernet hardware address'],
    ['binding state active', 'binding state upside-down', '"upside-down" is not a binding state'],
    ['lease 10.1.1.10', 'lease 10.1.1.256', '"10.1.1.256" is not an IPv4 address'],
    ['client-hostname "phone-7"', 'client-hostname "phone-7', 'a text without its closing quote'],
    ['ends 4 2026/01/01 11:00:00;', '', 'the lease does not say when it ends'],
    ['hardware ethernet 00:90:8f:12:34:56;', '', 'the lease names no hardware address'],
  ])('%s → %s: %s', (before, after, reason) => {
    const other = LEASE.replace('10.1.1.10', '10.1.1.11')
    const { found, rejections } = isc(LEASE.replace(before, after) + other)
    expect(rejections).toEqual([{ line: 1, reason }])
    expect(found).toMatchObject([{ lease: { address: '10.1.1.11' } }])
  })

  it('a lease that was cut off does not take the next one with it', () => {
    const cut = LEASE.slice(0, LEASE.indexOf('set x'))
    const { found, rejections } = isc(cut + LEASE.replace('10.1.1.10', '10.1.1.11'))
    expect(rejections).toEqual([{ line: 1, reason: 'another lease begins before this one has ended' }])
    expect(found).toMatchObject([{ line: 11, lease: { address: '10.1.1.11' } }])
    expect(isc(cut).rejections).toEqual([{ line: 1, reason: 'the file ends within this lease' }])
  })

  it('a megabyte of braces is only a file without leases', () => {
    expect(isc('{'.repeat(1_000_000) + LEASE).found).toHaveLength(1)
    expect(isc('}'.repeat(1_000_000)).rejected).toBe(1_000_000)
  })
})

describe('our own JSON lines', () => {
  const GOOD =
    '{"address":"10.1.1.10","state":"leased","mac":"00:90:8f:12:34:56","expiresAt":"2026-01-01T11:00:00.500Z","updatedAt":"2026-01-01T10:00:00Z"}'

  it('a client without an identifier is known by its hardware address', () => {
    expect(json(GOOD).found).toEqual([
      {
        line: 2,
        lease: {
          ...{ address: '10.1.1.10', state: 'leased', clientKey: '00908f123456', mac: '00908f123456', hostname: '' },
          ...{ expiresAt: Date.UTC(2026, 0, 1, 11, 0, 0, 500), updatedAt: Date.UTC(2026, 0, 1, 10) },
        },
      },
    ])
  })

  it.each([
    [GOOD.replace('leased', 'lost'), '"state" is not leased, released or declined'],
    [GOOD.replace('00:90', 'zz:90'), '"mac" is not a hardware address'],
    [GOOD.replace('"10.1.1.10"', '10'), '"address" is not a text'],
    [GOOD.replace('2026-01-01T11:00:00.500Z', 'tomorrow'), '"expiresAt" is not a time such as 2026-01-02T03:04:05Z'],
    ['[]', '"[]" is not a JSON object'],
    ['{', '"{" is not a JSON object'],
  ])('%s: %s', (row, reason) => {
    expect(json(row, GOOD)).toMatchObject({ found: [{ line: 3 }], rejections: [{ line: 2, reason }] })
  })

  it('a file of another format or a newer version is not guessed at', () => {
    const headless = { line: 1, reason: 'the first line does not say "format":"offhook-leases"' }
    expect(readLeases('json', GOOD)).toMatchObject({ found: [], rejections: [headless] })
    const newer = readLeases('json', `{"format":"offhook-leases","version":2}\n${GOOD}`)
    expect(newer).toMatchObject({
      found: [],
      rejections: [{ line: 1, reason: 'the file has version "2"; this program reads version 1' }],
    })
  })
})
