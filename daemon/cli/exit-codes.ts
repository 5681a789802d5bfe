// SPDX-License-Identifier: Apache-2.0

/** The command line was wrong: nothing was tried. */
export const USAGE = 2

/** What every command's exit code means; the manual pages have this table, too. */
export const EXIT_CODES: readonly (readonly [code: number, meaning: string])[] = [
  [0, 'Done, and nothing is wrong.'],
  [1, 'It could not be done, only in part, or what was examined has a fault; standard error says what.'],
  [USAGE, 'The command line is wrong: nothing was tried.'],
  [130, 'Interrupted a second time, without waiting for the end.'],
]
