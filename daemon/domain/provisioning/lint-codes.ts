// SPDX-License-Identifier: Apache-2.0

/** `error`: a phone refuses the file, or nobody can say what it makes of it. `hint`: good to know. */
export type Severity = 'error' | 'warning' | 'hint'

interface Code {
  readonly severity: Severity
  /** What it means. */
  readonly means: string
  /** What to do about it. */
  readonly remedy: string
}

/** All that the linter finds; `docs/lint.md` is made of it. */
export const LINT_CODES = {
  'too-large': {
    severity: 'error',
    means: 'The text is larger than 256 KB, far more than a phone reads. It was not looked at.',
    remedy: 'Split it, or check that it is the right file.',
  },
  template: {
    severity: 'error',
    means:
      'A `;#if`, `;#elif`, `;#else`, `;#endif` or `;#use` is wrong: one that is never closed, a condition that is none.',
    remedy: 'Do as the message says. Until then the lines between are chosen as if they were right.',
  },
  'control-character': {
    severity: 'error',
    means: 'The line holds a character that cannot be seen, such as NUL or ESC. A phone may end the line there.',
    remedy: 'Delete it; the message names its code and the finding its column.',
  },
  'wrong-model': {
    severity: 'error',
    means: '`system/type` names another model than the phone is. The phone refuses the whole file.',
    remedy: 'Write `%ITCS_Model%`, or leave the line out.',
  },
  'no-setting': {
    severity: 'warning',
    means: 'The line is no `key=value`, no comment (`;`) and no `include <file>`.',
    remedy: 'Put a `;` before it, or add what is missing.',
  },
  'unknown-key': {
    severity: 'warning',
    means: 'No phone is known to have this parameter. Phones pass over what they do not know.',
    remedy: 'Take the name that is suggested, or keep the line if you know it from the vendor.',
  },
  'not-on-model': {
    severity: 'warning',
    means: 'Other models have this parameter, this one does not.',
    remedy: 'Put the line between `;#if Model = …` and `;#endif`, or into the template of the models that have it.',
  },
  'no-such-index': {
    severity: 'warning',
    means: 'The number in the key is beyond what the model has: of lines, keys, groups or codecs.',
    remedy: 'Numbers begin with 0. Take one from the range that the message tells.',
  },
  'wrong-type': {
    severity: 'warning',
    means: 'The parameter takes a number, or 0 or 1, and the value is something else.',
    remedy: 'Write what the message asks for.',
  },
  'out-of-range': {
    severity: 'warning',
    means: 'The number is smaller or greater than the phone takes.',
    remedy: 'Take one from the range that the message tells.',
  },
  'unknown-value': {
    severity: 'warning',
    means: 'The parameter takes one of a few words, and the value is none of those known.',
    remedy: 'Take one of them, or keep it if you know that your firmware has more.',
  },
  'too-long': {
    severity: 'warning',
    means: 'The value is longer than the phone keeps.',
    remedy: 'Shorten it. An address can often do with a shorter host name.',
  },
  'duplicate-key': {
    severity: 'warning',
    means: 'A later line sets the same key whenever this one does, and later lines win: this one has no effect.',
    remedy: 'Delete one of the two.',
  },
  'unknown-placeholder': {
    severity: 'warning',
    means: 'No level has a value for the placeholder. The line is left out, so that the phone keeps its own default.',
    remedy: 'Set a value for it, or correct its name.',
  },
  'broken-placeholder': {
    severity: 'warning',
    means: 'It begins like a placeholder and is none, so the phone gets these letters as they are.',
    remedy: 'Write `%ITCS_Name%`, with letters, digits and `_` in the name and a `%` at its end.',
  },
  'not-ascii': {
    severity: 'warning',
    means: 'Letters beyond ASCII stand where phones take none: in a key, an address, or at the start of the file.',
    remedy: 'Write an international host name in its `xn--` form. Save the file as UTF-8 without a byte order mark.',
  },
  ftp: {
    severity: 'warning',
    means:
      'The address begins with `ftp://`. Offhook serves HTTP, HTTPS and TFTP, so the phone would ask another server.',
    remedy: 'Keep it if that server is meant; else write `http://` or `https://`.',
  },
  'secret-in-clear': {
    severity: 'warning',
    means: 'A password stands readable in the text, so whoever may read templates may read it.',
    remedy: 'Set it as the value of a secret placeholder, or paste the encrypted form `{"…"}` out of a phone.',
  },
  'damaged-secret': {
    severity: 'warning',
    means: 'It begins like an encrypted value, `{"…"}`, and does not end like one. It may have been cut.',
    remedy: 'Copy it again, with both braces and both quotes.',
  },
  'uc-only': {
    severity: 'warning',
    means: 'Keys below `lync/` are for Skype for Business firmware (`UC_…`), and this phone runs the SIP firmware.',
    remedy: 'Move the line to the template of that firmware.',
  },
  reboots: {
    severity: 'hint',
    means: 'When its value changes, the phone restarts as soon as it has read the file.',
    remedy: 'Save such changes when nobody is on the phone.',
  },
  'model-not-listed': {
    severity: 'hint',
    means:
      'The list of parameters does not tell about this model. Keys and values were compared with all models together.',
    remedy: 'Nothing; try the file with one phone first.',
  },
  'key-not-listed': {
    severity: 'hint',
    means: 'This parameter is not known for this model or firmware, of which little is known at all.',
    remedy: 'Compare with a file that a phone of this model gave out.',
  },
  'not-all-shown': {
    severity: 'hint',
    means: 'There are more than 1,000 findings; only errors are told beyond that.',
    remedy: 'Begin with these.',
  },
} as const satisfies Record<string, Code>

export type LintCode = keyof typeof LINT_CODES

/** Something about one line of a text. */
export interface Finding {
  /** From 1. */
  readonly line: number
  /** From 1; absent when it is about the whole line. */
  readonly column?: number
  readonly severity: Severity
  readonly code: LintCode
  /** One or two sentences; never the value of a secret. */
  readonly message: string
  readonly key?: string
}
