// SPDX-License-Identifier: Apache-2.0

/** Only its origin matters: whatever a path resolves to must stay on it. */
const HERE = 'http://here.invalid'
const LONGEST = 2000

/**
 * Where to go after sign-in: a path of this site, or `/` for anything else (`//evil`, `/\evil`, `javascript:`, …).
 * It is taken apart by the same rules as a browser does, since that is who will follow it.
 */
export function safeReturnPath(next: string): string {
  if (!next.startsWith('/') || next.length > LONGEST || !URL.canParse(next, HERE)) return '/'
  const url = new URL(next, HERE)
  if (url.origin !== HERE || url.pathname.startsWith('//')) return '/'
  if (url.pathname === '/sign-in' || url.pathname === '/sign-out' || url.pathname === '/events') return '/'
  return url.pathname + url.search
}

/** The path of a Referer or HX-Current-URL header if it is a page of this host; else `/`. */
export function pathOnHost(address: string, host: string): string {
  if (!URL.canParse(address)) return '/'
  const url = new URL(address)
  return url.host === host ? safeReturnPath(url.pathname + url.search) : '/'
}

/** Why the sign-in page is shown to somebody who did not ask for it. */
export type Why = 'ended' | 'stale' | undefined

export function signInUrl(next: string, why?: Why): string {
  const query = new URLSearchParams()
  if (next !== '/') query.set('next', next)
  if (why) query.set('why', why)
  return query.size === 0 ? '/sign-in' : `/sign-in?${query}`
}
