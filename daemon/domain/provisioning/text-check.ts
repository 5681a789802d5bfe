// SPDX-License-Identifier: Apache-2.0
import { LONGEST_TEXT, type Program, type TextProblem } from './language.ts'
import { useProblems } from './template.ts'

const PLACEHOLDER = /%ITCS_[A-Za-z0-9_]{1,64}%/g
/** Problems told of one text: a file that is no cfg at all would have thousands. */
const MOST_PROBLEMS = 100

/**
 * Why a text in the language of templates cannot be saved, in the order of its lines. `self` is the part that it would
 * become; `partOf` knows the parts as they would be then.
 */
export function textProblems(
  self: string,
  text: string,
  program: Program,
  partOf: (part: string) => Program | undefined,
): TextProblem[] {
  if (Buffer.byteLength(text) > LONGEST_TEXT) {
    return [{ line: 1, message: `The text has more than ${LONGEST_TEXT / 1024} KB: no phone reads so much.` }]
  }
  const problems = [...program.problems, ...useProblems(self, program, partOf), ...characterProblems(text)]
  return problems.toSorted((a, b) => a.line - b.line).slice(0, MOST_PROBLEMS)
}

function characterProblems(text: string): TextProblem[] {
  return text.split(/\r\n|\r|\n/).flatMap((line, index) => {
    const message = lineProblem(line)
    return message === undefined ? [] : [{ line: index + 1, message }]
  })
}

function lineProblem(line: string): string | undefined {
  const control = /(?!\t)\p{Cc}/u.exec(line)?.[0]
  if (control !== undefined) {
    const code = control.charCodeAt(0).toString(16).padStart(4, '0').toUpperCase()
    return `It holds the control character U+${code}, which nobody sees and phones misread.`
  }
  // A comment may say what it likes.
  if (/^\s*;/.test(line)) return undefined
  const broken = /%ITCS_[^%\s]{0,70}%?/.exec(line.replaceAll(PLACEHOLDER, ''))?.[0]
  if (broken === undefined) return undefined
  return `“${broken}” is no placeholder: write %ITCS_Name%, with letters, digits and underscores.`
}
