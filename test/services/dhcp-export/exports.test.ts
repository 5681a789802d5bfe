// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { completePlan } from '#daemon/domain/dhcp/ready-made'
import { exportPlan } from '#daemon/services/dhcp-export/plan'
import { EXPORT_TARGETS, exportFor } from '#daemon/services/dhcp-export/targets'
import { encodeOption } from '#protocols/dhcp/options'
import type { Mac } from '#protocols/lib/mac'
import { ip, subnet } from '#test/domain/subnets'
import { ODD, planOf, VOICE } from './plans.ts'

describe('the plan for other servers', () => {
  it('puts subnets together in which phones get the same', () => {
    const twin = subnet('10.97.0.0/24', '10.97.0.10', '10.97.0.19', { name: 'twin', ntpServers: VOICE.ntpServers })
    const { groups } = planOf(VOICE, ODD, twin)
    expect(groups.map(({ suffix, subnets }) => [suffix, subnets.map(({ name }) => name)])).toEqual([
      ['-1', ['voice', 'twin']],
      ['-2', [ODD.name]],
    ])
    expect(planOf(VOICE, twin).groups).toMatchObject([{ suffix: '' }])
  })

  it('has what a phone gets from us, and leaves addresses to the other server', () => {
    const [group] = planOf(VOICE).groups
    expect(group?.phone.map(({ code }) => code).sort((a, b) => a - b)).toEqual([42, 66, 160])
    expect(group).toMatchObject({ bootFile: '<MODEL>.img', nextServer: '10.99.0.1' })
    expect(
      group?.vendorClasses.map(({ vendorClass, options }) => [vendorClass, options.map(({ code }) => code)]),
    ).toEqual([['MS-UC-Client', [43, 120]]])
  })

  it('a boot server that is a name leaves the header with our address', () => {
    expect(planOf(ODD).groups[0]?.nextServer).toBe('10.98.0.1')
  })
})

/** What only a text that broke out could put at the beginning of a line. */
const PROBE = 'OUTBREAK'

describe.each(EXPORT_TARGETS)('whatever names and URLs hold: %s', (target) => {
  it('no text begins a line of its own', () => {
    const nasty = fc
      .array(
        fc.constantFrom(
          '"',
          "'",
          '\\',
          '\n',
          '\r',
          '\u2028',
          '\u2019',
          ';',
          '}',
          '$',
          '?',
          '#',
          'x',
          ' ',
          `\n${PROBE}`,
        ),
      )
      .map((parts) => parts.join('').slice(0, 60))
    fc.assert(
      fc.property(nasty, nasty, nasty, (name, url, tftp) => {
        const when = { kind: 'vendorClass', text: url, prefix: true } as const
        const options = [{ code: 66, value: { type: 'text', value: tftp } } as const]
        const pools = VOICE.pools.map((pool) => ({ ...pool, classes: [name] }))
        const reservations = [
          { by: { kind: 'mac', mac: '00908f000001' as Mac }, address: ip('10.99.0.7'), options } as const,
        ]
        const odd = { ...VOICE, name, provisioningUrl: url, tftpServer: tftp, pools, reservations }
        const plan = completePlan({ subnets: [odd, ODD], classes: [{ name, when, options }] })
        const text = exportFor(target, exportPlan(plan, encodeOption))
        expect(text).not.toMatch(new RegExp(`^\\s*${PROBE}`, 'm'))
        expect(text).not.toMatch(/[\u2028\u2029\0]/)
      }),
      { numRuns: 30 },
    )
  })
})

describe('Kea', () => {
  it('reads the export as JSON, whatever the texts hold', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (url) => {
        const text = exportFor('kea', planOf({ ...VOICE, name: url, provisioningUrl: `http://${url}` }))
        const members = text.replaceAll(/^\/\/.*\n/gm, '')
        expect(Object.keys(JSON.parse(`{${members}}`))).toEqual(['option-def', 'client-classes'])
      }),
      { numRuns: 20 },
    )
  })
})
