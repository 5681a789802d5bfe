// SPDX-License-Identifier: Apache-2.0
import type { Readable, Writable } from 'node:stream'

interface Terminal extends Readable {
  readonly isTTY?: boolean
  setRawMode?(on: boolean): unknown
}

const LONGEST = 4_096
const [ENTER, LINE, END, BREAK, BACKSPACE, DELETE] = ['\r', '\n', '\u0004', '\u0003', '\b', '\u007f']

/** On a terminal it is asked for and not shown; else it is the first line of the input, without its line break. */
export async function readPassword(prompt: string, input: Terminal, output: Writable): Promise<string> {
  const asked = input.isTTY === true
  if (asked) output.write(`${prompt}: `)
  if (asked) input.setRawMode?.(true)
  input.setEncoding('utf8')
  let text = ''
  try {
    for await (const piece of input as AsyncIterable<string>) {
      for (const letter of piece) {
        if (letter === LINE || letter === ENTER || (asked && letter === END)) return text
        if (asked && letter === BREAK) throw new Error('stopped')
        if (asked && (letter === BACKSPACE || letter === DELETE)) text = text.slice(0, -1)
        else text += letter
        if (text.length > LONGEST) throw new Error(`a password has at most ${LONGEST} characters`)
      }
    }
    return text
  } finally {
    if (asked) {
      input.setRawMode?.(false)
      output.write('\n')
    }
    input.destroy()
  }
}
