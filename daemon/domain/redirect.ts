// SPDX-License-Identifier: Apache-2.0
import type { Mac } from '#protocols/lib/mac'

/** Where a phone that asks the redirect service is sent. */
export interface Redirect {
  readonly mac: Mac
  /** A folder, to which the phone appends `<MAC>.cfg`; empty for ourselves. */
  readonly url: string
  readonly note: string
  readonly at: number
  readonly by: string
}

/** Characters that phones take. */
const LONGEST_URL = 112

/** The complaint about a folder's URL, or undefined. */
export function redirectProblem(url: string): string | undefined {
  if (url === '') return undefined
  if (url.length > LONGEST_URL) return `It is longer than ${LONGEST_URL} characters.`
  if (!/^https?:\/\/[!-~]+\/$/.test(url))
    return 'An address such as https://host/folder/ is needed; it ends with a slash.'
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (!parsed) return 'This is no URL.'
  if (parsed.username !== '' || parsed.password !== '')
    return 'It holds a user name or password, which everybody could read.'
  if (parsed.search !== '' || parsed.hash !== '') return 'A folder has no “?” and no “#”.'
  return undefined
}
