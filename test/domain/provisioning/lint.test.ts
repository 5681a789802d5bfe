// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { shippedTemplates } from '#config/templates'
import { LONGEST_TEXT } from '#daemon/domain/provisioning/language'
import { type LintOptions, lint } from '#daemon/domain/provisioning/lint'
import { LINT_CODES, type LintCode } from '#daemon/domain/provisioning/lint-codes'
import { CATALOGUE } from '#test/support/catalogue'

type Reader = Omit<LintOptions, 'catalogue'>

function found(text: string, reader: Reader = { model: '440HD' }) {
  return lint(text, { catalogue: CATALOGUE, ...reader })
}

/** `code@line`, hints about reboots left out. */
function codes(text: string, reader?: Reader): string[] {
  return found(text, reader)
    .filter(({ code }) => code !== 'reboots')
    .map(({ code, line }) => `${code}@${line}`)
}

interface Case {
  readonly text: string
  readonly reader?: Reader
  /** Of the finding: where, and what its message says. */
  readonly line: number
  readonly column?: number
  readonly says: string
}

/** One for each code, so that a new code needs one, too. */
const CASES: Readonly<Record<LintCode, Case>> = {
  'too-large': { text: 'x'.repeat(LONGEST_TEXT + 1), line: 1, says: '256 KB' },
  template: { text: 'system/ntp/enabled=1\n;#if SRTP\n', line: 2, says: 'no ;#endif' },
  'control-character': { text: '; a\n; b\u0000', line: 2, column: 4, says: '00 (hex)' },
  'wrong-model': { text: 'system/type=450HD', line: 1, column: 13, says: 'a 440HD refuses it' },
  'no-setting': { text: '\nhello', line: 2, says: 'key=value' },
  'unknown-key': { text: 'voip/line/0/auth_nme=1', line: 1, says: 'Did you mean voip/line/0/auth_name?' },
  'not-on-model': { text: 'conferencephone/status=1', line: 1, says: '450HD' },
  'no-such-index': { text: 'voip/line/6/id=1', line: 1, says: 'from 0 to 5' },
  'wrong-type': { text: 'system/ntp/enabled = yes', line: 1, column: 21, says: '1 for on or 0 for off' },
  'out-of-range': { text: 'ems_server/keep_alive_period=301', line: 1, says: 'from 0 to 300' },
  'unknown-value': { text: 'provisioning/method=Sometimes', line: 1, says: 'Disable, Dynamic, Static' },
  'too-long': { text: `ems_server/provisioning/url=http://x/${'a'.repeat(128)}`, line: 1, says: 'at most 128' },
  'duplicate-key': { text: 'system/ntp/enabled=1\n\nSystem/NTP/enabled=0', line: 1, says: 'Line 3 sets this again' },
  'unknown-placeholder': {
    ...{ text: 'personal_settings/language=%ITCS_Langage%', line: 1, column: 28 },
    ...{ says: 'Langage', reader: { isKnown: (name: string) => name === 'Language' } },
  },
  'broken-placeholder': { text: 'system/user_name=%ITCS_User', line: 1, says: 'no “%” at its end' },
  'not-ascii': { text: 'provisioning/firmware/url=http://büro/', line: 1, says: 'ASCII' },
  ftp: { text: 'provisioning/firmware/url=FTP://10.0.0.1/', line: 1, says: 'another server' },
  'secret-in-clear': { text: 'voip/line/0/auth_password=hunter2', line: 1, column: 27, says: 'password' },
  'damaged-secret': { text: 'system/ldap/password={"VvlZOp5', line: 1, says: 'encrypted' },
  'uc-only': {
    ...{ text: 'lync/BToE/enable=1', line: 1, says: 'SIP firmware' },
    reader: { model: '440HD', firmware: '2.2.16.704' },
  },
  reboots: { text: 'provisioning/method=static', line: 1, says: 'restarts' },
  'model-not-listed': { text: '', line: 1, says: 'C448HD', reader: { model: 'C448HD' } },
  'key-not-listed': { text: 'teams/mode=1', line: 1, says: 'not known for a C448HD', reader: { model: 'C448HD' } },
  'not-all-shown': { text: 'hello\n'.repeat(1_005), line: 1_006, says: '5 more' },
}

describe('each code', () => {
  test.each(Object.entries(CASES))('%s', (code, { text, reader, line, column, says }) => {
    const one = found(text, reader).find((finding) => finding.code === code)
    expect(one).toMatchObject({ code, line, severity: LINT_CODES[code as LintCode].severity })
    expect(one?.message).toContain(says)
    if (column !== undefined) expect(one?.column).toBe(column)
  })
})

describe('what is right is passed over', () => {
  test.each([
    ['; a comment with = and %ITCS_'],
    ['  system/ntp/enabled  =  1  '],
    ['include %ITCS_GlobalFile%\ninclude http://10.0.0.1/x.cfg'],
    ['SYSTEM/NTP/ENABLED=0'],
    ['voip/media/media_tos=0xb8'],
    ['system/syslog/mode=4\nsystem/trace/level=error'],
    ['system/ntp/primary_server_address='],
    ['system/type=440HD\nsystem/password=$1$abc$def'],
    ['voip/line/0/auth_password=%ITCS_Line1AuthPassword%'],
    ['voip/line/0/auth_password={"VvlZOp5/5pM="}\nems_server/keep_alive_period={"abc="}'],
    ['voip/line/%ITCS_Line%/id=1\nvoip/line/%ITCS_Line%/id=2'],
    ['voip/line/0/description=Zoë Müller'],
    ['system/ntp/enabled=1\r\nsystem/ldap/port=389\r\n'],
    ['personal_settings/functional_key/12/type=Event'],
  ])('%j', (text) => {
    expect(codes(text)).toEqual([])
  })

  test('every shipped template, for every model that it is for', () => {
    for (const { models, firmware, ...template } of shippedTemplates()) {
      for (const model of models) {
        const reader = { model, firmware: firmware === 'uc' ? 'UC_3.0.4' : '2.2.16' }
        const bad = [template.global, template.private].flatMap((text) => found(text, reader))
        expect(bad.filter(({ severity }) => severity !== 'hint')).toEqual([])
      }
    }
  })
})

describe('later lines win', () => {
  test('not when the later one stands in a branch', () => {
    expect(codes('system/ldap/port=1\n;#if SRTP\nsystem/ldap/port=2\n;#endif')).toEqual([])
  })
  test('not in different branches of one condition', () => {
    expect(codes(';#if SRTP\nsystem/ldap/port=1\n;#else\nsystem/ldap/port=2\n;#endif')).toEqual([])
  })
  test('in the same branch, and over all branches before', () => {
    const text =
      ';#if SRTP\nsystem/ldap/port=1\nsystem/ldap/port=2\n;#else\nsystem/ldap/port=3\n;#endif\nsystem/ldap/port=4'
    expect(codes(text)).toEqual(['duplicate-key@2', 'duplicate-key@3', 'duplicate-key@5'])
  })
})

test('a model that the list lacks is compared with all, and gets hints only for what is unknown', () => {
  const text = 'foo/bar=1\nsystem/ntp/enabled=maybe\nconferencephone/status=1'
  expect(codes(text, { model: '420HD' })).toEqual(['model-not-listed@1', 'key-not-listed@1', 'wrong-type@2'])
  expect(codes(text, {})).toEqual(['unknown-key@1', 'wrong-type@2'])
})

test('a hardware revision that is written as another model is told, a placeholder is not', () => {
  expect(codes('system/type=440HDG')).toEqual(['wrong-model@1'])
  expect(codes('system/type=%ITCS_Model%')).toEqual([])
  expect(codes('system/type=450HD', {})).toEqual([])
})

test('no message holds the value of a secret', () => {
  const all = found('system/password=hunter2\nvoip/line/0/auth_password=hunter2x\nlync/sign_in/pin_code=hunter2')
  expect(all.filter(({ code }) => code === 'secret-in-clear')).toHaveLength(3)
  expect(JSON.stringify(all)).not.toContain('hunter2')
})

test('what a hostile text holds comes back short and printable', () => {
  const [finding] = found(`${'k'.repeat(5_000)}/\u202e=1`)
  expect(finding?.key?.length).toBeLessThan(120)
  const [other] = found('system/type=\u202eDH044')
  expect(JSON.stringify(other)).not.toContain('\u202e')
  for (const text of ['\u001b[2Ja/password=x', `${'a'.repeat(900)}/url=ftp://x`, '\u001b/x={"a', ';#if \u001b[2J']) {
    const told = found(text).map(({ key = '', message }) => key + message)
    expect(told.length).toBeGreaterThan(0)
    for (const one of told) expect(one).toMatch(/^[^\p{Cc}]{1,300}$/u)
  }
})

const line = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.constantFrom(
    ';#if A',
    ';#else',
    ';#endif',
    ';#elif B = *',
    ';#use a/global',
    'include',
    '=',
    '%ITCS_',
    '{"',
    '\ufeff',
  ),
  fc
    .tuple(
      fc.constantFrom('system/type', 'voip/line/9/id', 'a/b', 'lync/x', 'ems_server/keep_alive_period'),
      fc.string(),
    )
    .map(([key, value]) => `${key}=${value}`),
)

test('any text has an end: no throw, lines in order and within the text, no more than the limit', () => {
  fc.assert(
    fc.property(
      fc.array(line, { maxLength: 40 }).map((lines) => lines.join('\n')),
      fc.constantFrom(undefined, '440HD', 'HRS', '<script>'),
      fc.constantFrom(undefined, '', 'UC_3', '2.2'),
      (text, model, firmware) => {
        const all = found(text, { model, firmware, isKnown: () => false })
        const lines = text.split(/\r\n|\r|\n/)
        expect(all.map((one) => one.line)).toEqual(all.map((one) => one.line).sort((a, b) => a - b))
        for (const one of all) {
          expect(one.line).toBeLessThanOrEqual(lines.length)
          expect(one.column ?? 1).toBeGreaterThanOrEqual(1)
          expect(one.severity).toBe(LINT_CODES[one.code].severity)
          expect(one.message.length).toBeLessThan(400)
        }
      },
    ),
    { numRuns: 300 },
  )
})

test.each([
  ['one long line', 'a'.repeat(LONGEST_TEXT)],
  ['blanks before nothing', `${' '.repeat(LONGEST_TEXT - 1)}x`],
  ['unknown keys that are all alike', Array.from({ length: 5_000 }, (_, i) => `system/ldap/prt${i}=1`).join('\n')],
  ['one key again and again', 'a/b=1\n'.repeat(40_000)],
  ['one key in branches', Array.from({ length: 4_000 }, () => ';#if A\na/b=1\n;#else\na/b=2\n;#endif').join('\n')],
  ['deep conditions', ';#if A\n'.repeat(30_000)],
  ['half placeholders', '%ITCS_'.repeat(40_000)],
  ['quotes', `a/b={"${'"'.repeat(200_000)}`],
])('%s: done before anybody waits', (_, text) => {
  const start = performance.now()
  expect(found(text).length).toBeLessThanOrEqual(2_001)
  expect(performance.now() - start).toBeLessThan(2_000)
})
