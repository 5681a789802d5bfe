// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest'
import type { BootStep, BootStepName } from '#daemon/domain/boot'
import type { Phone, Presence } from '#daemon/domain/phone'
import type { Ending } from '#protocols/lib/exchange'
import { splitBoots, stepsToCome } from '#web/pages/boots'
import { type Diagnosis, diagnose } from '#web/pages/diagnosis'
import { MONDAY, phone, step } from './memory-port.ts'

/** `lease`, or with its ending: `config refuse`. One second apart. */
function steps(...names: (BootStepName | `${BootStepName} ${Ending}`)[]): BootStep[] {
  return names.map((name, n) => {
    const [word = '', ending = 'reply'] = name.split(' ')
    return step(word as BootStepName, MONDAY + n * 1000, { ending: ending as Ending })
  })
}

function verdict(presence: Presence, boot: BootStep[], fields: Partial<Phone> = {}): Diagnosis {
  const value = phone('00908f123456', { reportedAt: presence === 'seen' ? 0 : MONDAY + 3_600_000, ...fields })
  return diagnose(
    { phone: value, presence, user: undefined, lease: undefined, steps: boot, presences: [] },
    boot,
    '3 h ago',
  )
}

describe('the failing step', () => {
  test.each([
    { boot: steps('discover ignore'), failing: 0, says: 'asks for an address and gets no answer' },
    { boot: steps('discover', 'lease refuse'), failing: 1, says: 'was refused the address' },
    { boot: steps('discover', 'lease', 'bootstrap refuse'), failing: 2, says: 'was refused the first file' },
    {
      boot: steps('discover', 'lease', 'bootstrap', 'config refuse'),
      failing: 3,
      says: 'was refused its configuration',
    },
    { boot: steps('discover', 'lease', 'config fault'), failing: 2, says: 'This server failed' },
    { boot: steps('discover', 'lease', 'config malformed'), failing: 2, says: 'could not understand' },
    { boot: steps('discover', 'lease', 'config', 'firmware refuse'), failing: 3, says: 'was refused its firmware' },
    { boot: steps('discover', 'lease', 'config', 'started refuse'), failing: 3, says: 'its report was refused' },
  ])('$says', ({ boot, failing, says }) => {
    expect(verdict('seen', boot)).toMatchObject({ tone: 'bad', failing })
    expect(verdict('seen', boot).headline).toContain(says)
    expect(verdict('seen', boot).advice).not.toBe('')
  })

  test('is the first one, not the last', () => {
    const boot = steps('discover', 'lease', 'config refuse', 'started', 'unregistered')
    expect(verdict('not registered', boot)).toMatchObject({ failing: 2 })
    expect(verdict('not registered', boot).headline).toContain('refused its configuration')
  })

  test('is none when the phone got over it', () => {
    const boots = [
      steps('discover ignore', 'discover', 'lease', 'config', 'started'),
      steps('discover', 'lease refuse', 'lease', 'config', 'started'),
      steps('discover', 'lease', 'bootstrap refuse', 'config', 'started'),
      steps('discover', 'lease', 'config refuse', 'config', 'started'),
      steps('discover', 'lease', 'config', 'firmware refuse', 'started'),
      steps('discover', 'lease', 'config', 'started refuse', 'started'),
    ]
    for (const boot of boots) expect(verdict('starting', boot)).toMatchObject({ failing: -1, tone: 'info' })
  })

  test('does not spoil a phone that works, but is mentioned', () => {
    const boot = steps('discover', 'lease', 'config refuse', 'started', 'registered')
    const { tone, headline, advice } = verdict('registered', boot)
    expect({ tone, headline }).toEqual({
      tone: 'ok',
      headline: 'The phone works: it is registered with its SIP server.',
    })
    expect(advice).toContain('fetched its configuration')
  })
})

describe('without a failing step', () => {
  test.each([
    { presence: 'seen', boot: steps(), says: 'has asked this server for nothing yet' },
    { presence: 'seen', boot: steps('discover'), says: 'was offered an address but has not taken it' },
    { presence: 'seen', boot: steps('discover', 'lease'), says: 'has an address but has not fetched' },
    { presence: 'seen', boot: steps('lease', 'bootstrap'), says: 'has read the first file' },
    { presence: 'seen', boot: steps('lease', 'config'), says: 'has not reported since' },
    { presence: 'starting', boot: steps('lease', 'config', 'started'), says: 'has started and is about to register' },
    { presence: 'not registered', boot: steps('started', 'unregistered'), says: 'no SIP server has accepted it' },
    { presence: 'disconnected', boot: steps('started', 'registered'), says: 'its last report came 3 h ago' },
    { presence: 'registered', boot: steps('started', 'registered'), says: 'The phone works' },
    { presence: 'not registered', boot: steps(), says: 'no SIP server has accepted it' },
  ] as const)('$presence: $says', ({ presence, boot, says }) => {
    expect(verdict(presence, boot).headline).toContain(says)
  })

  test('a silent phone is silent, whatever failed before its last report', () => {
    expect(verdict('disconnected', steps('config refuse', 'started', 'unregistered')).headline).toContain('silent')
  })

  test('a phone that rebooted since its last report is judged by the new boot', () => {
    const boot = steps('discover', 'lease', 'config refuse')
    const old = { reportedAt: MONDAY - 60_000 }
    expect(verdict('registered', boot, old).headline).toContain('refused its configuration')
    expect(verdict('disconnected', boot, old).headline).toContain('refused its configuration')
    expect(verdict('registered', steps('discover', 'lease'), old).headline).toContain('has an address but')
  })

  test('approval comes first', () => {
    expect(verdict('seen', steps('discover'), { approval: 'rejected' }).headline).toContain('rejected')
    expect(verdict('seen', steps('discover', 'lease'), { approval: 'pending' }).headline).toContain(
      'waits for your approval',
    )
  })
})

describe('boots', () => {
  const names = (boots: BootStep[][]) => boots.map((boot) => boot.map(({ step: name }) => name).join(' '))

  test('begin with DISCOVER, repeats of it included', () => {
    expect(names(splitBoots(steps('discover', 'discover ignore', 'lease', 'registered', 'discover', 'lease')))).toEqual(
      ['discover discover lease registered', 'discover lease'],
    )
  })

  test('begin with `started` where nothing before it was seen', () => {
    expect(names(splitBoots(steps('started', 'registered', 'started', 'registered')))).toEqual([
      'started registered',
      'started registered',
    ])
    expect(names(splitBoots(steps('discover', 'lease', 'config', 'started', 'registered', 'lease')))).toHaveLength(1)
    expect(splitBoots([])).toEqual([])
  })

  test('tell what is still to come', () => {
    expect(stepsToCome(steps('discover'))).toEqual(['lease', 'config', 'started', 'registered'])
    expect(stepsToCome(steps('discover', 'lease', 'config', 'firmware'))).toEqual(['started', 'registered'])
    expect(stepsToCome(steps('started', 'unregistered'))).toEqual(['registered'])
    expect(stepsToCome(steps('started', 'registered', 'unregistered'))).toEqual(['registered'])
    expect(stepsToCome(steps('started', 'registered'))).toEqual([])
    expect(stepsToCome(steps('started', 'registered', 'lease'))).toEqual([])
  })
})
