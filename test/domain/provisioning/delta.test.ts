// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { deltaLines, deviations } from '#daemon/domain/provisioning/delta'
import { settingOf } from '#daemon/domain/provisioning/device-file'

const BEFORE = 'a/x=1\nb/y = 2\n; a remark\nc/z=3\nnetwork/lan/fixed_ip/ip_address=10.0.0.1\npin={"abc="}\n'
const AFTER = 'b/y=2\nc/z=4\nc/z=5\nd/new=on off\nnetwork/lan/fixed_ip/ip_address=10.0.0.2\npin={"xyz="}\n'

test('what was changed on the phone becomes lines, what is its own or lost becomes remarks', () => {
  expect(deltaLines(deviations(BEFORE, AFTER)).split('\n')).toEqual([
    'c/z=5',
    'd/new=on off',
    "; network/lan/fixed_ip/ip_address=10.0.0.2 is this phone's own",
    '; pin is encrypted for the phone: use a placeholder with the password',
    '; a/x is no longer set (it was 1): a line cannot take it back',
    '',
  ])
})

test('the same file twice has no difference, whatever its line ends and blanks', () => {
  expect(deviations(BEFORE, `\uFEFF${BEFORE.replaceAll('\n', '\r\n').replaceAll(/^([^=;]+)=/gm, '$1 = ')}`)).toEqual([])
})

test('the earlier file with the lines after it says what the later one says', () => {
  const word = fc.stringMatching(/^[a-z0-9]{1,4}$/)
  const file = fc.array(fc.tuple(word, word), { maxLength: 20 })
  const text = (pairs: readonly (readonly [string, string])[]) => pairs.map(([k, v]) => `k/${k}=${v}\n`).join('')
  const read = (all: string) => new Map(all.split('\n').flatMap((l) => (settingOf(l) ? [[settingOf(l)?.key, l]] : [])))
  fc.assert(
    fc.property(file, file, (before, after) => {
      const [old, fresh] = [text(before), text(after)]
      const whole = read(old + deltaLines(deviations(old, fresh)))
      for (const [key, line] of read(fresh)) expect(whole.get(key)).toBe(line)
    }),
  )
})
