// SPDX-License-Identifier: Apache-2.0
import { parseCfg } from './cfg.ts'
import { StepFailure } from './failure.ts'

/** Files that one configuration may consist of, and how deep they may include one another. */
const MOST_FILES = 16
const DEEPEST = 8
const MOST_VALUES = 20_000

export interface Configuration {
  readonly values: ReadonlyMap<string, string>
  /** Lines that no phone can read, and files that include themselves. */
  readonly oddities: number
}

/** Fetches a configuration file and everything it includes, in order: later lines win. */
export async function readConfiguration(url: URL, fetchText: (url: URL) => Promise<string>): Promise<Configuration> {
  const values = new Map<string, string>()
  const read = new Set<string>()
  let oddities = 0

  async function take(file: URL, depth: number): Promise<void> {
    if (read.has(file.href)) {
      oddities++
      return
    }
    if (read.size >= MOST_FILES) throw new StepFailure(`more than ${MOST_FILES} cfg files`)
    if (depth > DEEPEST) throw new StepFailure(`includes deeper than ${DEEPEST}`)
    read.add(file.href)
    const text = await fetchText(file)
    for (const line of isEncrypted(file) ? [] : parseCfg(text)) {
      if (line.kind === 'value') values.set(line.name, line.value)
      else if (line.kind === 'include') await include(line.target, file, depth)
      else oddities++
      if (values.size > MOST_VALUES) throw new StepFailure(`more than ${MOST_VALUES} cfg values`)
    }
  }

  async function include(target: string, from: URL, depth: number): Promise<void> {
    try {
      await take(resolve(target, from), depth + 1)
    } catch (error) {
      if (!(error instanceof StepFailure)) throw error
      const { message, kind } = error
      throw new StepFailure(message.startsWith('include: ') ? message : `include: ${message}`, kind)
    }
  }

  await take(url, 0)
  return { values, oddities }
}

/** An included file is a URL, or a name beside the file that includes it. */
function resolve(target: string, from: URL): URL {
  try {
    const url = new URL(target, from)
    if (['http:', 'https:', 'tftp:'].includes(url.protocol)) return url
  } catch {
    // Not a URL: said below.
  }
  throw new StepFailure('address not understood')
}

/** Only a phone has the key to a `.cfx`: it is fetched and not read. */
function isEncrypted(file: URL): boolean {
  return /\.cfx$/i.test(file.pathname)
}
