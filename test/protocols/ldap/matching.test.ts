// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { digitsOf, fold, foldPart, isProhibited, looksLikeNumber, prepare } from '#protocols/ldap/matching'

describe('fold: case, accents and needless blanks do not count [RFC4518 §2, RFC4517 §4.2.11]', () => {
  test.each([
    ['Lee', 'lee'],
    ['  Ann   Lee ', 'ann lee'],
    ['Jürgen', 'jurgen'],
    ['JÜRGEN', 'jurgen'],
    ['Ju\u0308rgen', 'jurgen'],
    ['Weiß', 'weiss'],
    ['WEISS', 'weiss'],
    ['Łukasz Żółć', 'lukasz zolc'],
    ['Søren Ærø', 'soren aero'],
    ['Đorđe', 'dorde'],
    ['İstanbul Iğdır', 'istanbul igdir'],
    ['Дмитрий', 'дмитрии'],
    ['ΟΔΥΣΣΕΥΣ', 'οδυσσευσ'],
    ['Οδυσσεύς', 'οδυσσευσ'],
    ['Ｆｕｌｌ　Ｗｉｄｔｈ', 'full width'],
    ['ﬁn', 'fin'],
    ['co\u00adop', 'coop'],
    ['tab\there', 'tab here'],
    ['a\u0000b', 'ab'],
    ['no\u00a0break', 'no break'],
    ['山田太郎', '山田太郎'],
    ['', ''],
    ['   ', ''],
  ])('%j → %j', (text, folded) => {
    expect(fold(text)).toBe(folded)
  })

  test('folding twice is folding once', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), (text) => {
        expect(fold(fold(text))).toBe(fold(text))
      }),
      { numRuns: 1_000 },
    )
  })

  test('the case of no letter of Europe matters', () => {
    for (let code = 0x41; code < 0x530; code++) {
      const letter = String.fromCharCode(code)
      // A few have no single capital: ŉ is ʼN.
      if (/\p{L}/u.test(letter) && letter.toUpperCase().length === 1)
        expect(fold(letter.toUpperCase())).toBe(fold(letter))
    }
  })
})

test('prepare keeps accents: two people may differ in nothing else [RFC4518 §2.3]', () => {
  expect(prepare('  JÜRGEN  Lee')).toBe('jürgen lee')
  expect(prepare('Ju\u0308rgen')).toBe(prepare('J\u00fcrgen'))
})

test('blanks at the inner ends of parts count [RFC4518 §2.6.1]', () => {
  expect(foldPart(' Ann  ', 'initial')).toBe('ann ')
  expect(foldPart('  A  ', 'any')).toBe(' a ')
  expect(foldPart('  Lee ', 'final')).toBe(' lee')
})

test.each([
  ['+49 (30) 123-45', '493012345'],
  ['+49 (0)30 123-45', '493012345'],
  ['030/12345', '03012345'],
  ['tel: 1 2 3', '123'],
  ['12345', '12345'],
  ['', ''],
  ['none', ''],
])('of %j the digits are %j [RFC4517 §4.2.29, taken further]', (text, digits) => {
  expect(digitsOf(text)).toBe(digits)
})

test.each([
  ['0049 30', true],
  ['+49 (30) 123-45', true],
  ['*86', true],
  ['sip:100@example.com', false],
  ['12a', false],
  ['+', false],
  ['', false],
])('%j looks like a number: %s', (text, expected) => {
  expect(looksLikeNumber(text)).toBe(expected)
})

test.each(['\ufffd', 'a\ufffdb', '\ue000', '\uffff', '\ud800', '\ufdd0'])('%j is prohibited [RFC4518 §2.4]', (text) => {
  expect(isProhibited(text)).toBe(true)
})

test('what people are called is not prohibited', () => {
  for (const name of ['Ann', 'Jürgen', '山田', 'Дмитрий', 'عمر', '😀']) expect(isProhibited(name)).toBe(false)
})
