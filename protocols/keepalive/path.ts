// SPDX-License-Identifier: Apache-2.0

/** Where a keep-alive was posted to. */
export interface KeepalivePath {
  readonly operation: 'keep-alive' | 'init'
  /** The segments before `rest/v1/…`: customer, profile, token. */
  readonly prefix: readonly string[]
}

/** The parts phones append to `ems_server/provisioning/url`; written in any case by one or the other firmware. */
const SUFFIX = /(?:^|\/)rest\/+v1\/+ipphonemgrstatus\/+(keep-alive|init)\/*$/i
const PREFIX_SEGMENTS = 16

/** Reads a path with any prefix; undefined when it is not a keep-alive's (or has an absurd number of segments). */
export function keepalivePath(path: string): KeepalivePath | undefined {
  const suffix = SUFFIX.exec(path)
  if (!suffix) return undefined
  const operation = suffix[1]?.toLowerCase() === 'init' ? 'init' : 'keep-alive'
  if (suffix.index === 0) return { operation, prefix: [] }
  const prefix = path
    .slice(0, suffix.index)
    .split('/', 4 * PREFIX_SEGMENTS)
    .filter((segment) => segment !== '')
  return prefix.length > PREFIX_SEGMENTS ? undefined : { operation, prefix }
}
