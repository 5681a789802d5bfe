// SPDX-License-Identifier: Apache-2.0

/** What phones append to `ems_server/provisioning/url`; any prefix may stand before it, in any case. */
const SUFFIX = /(?:^|\/)rest\/+v1\/+ipphonemgralert\/+alert\/*$/i
const PREFIX_SEGMENTS = 16

/** The segments before `rest/v1/…`; undefined when it is no alert's path (or has an absurd number of segments). */
export function alertPrefix(path: string): readonly string[] | undefined {
  const suffix = SUFFIX.exec(path)
  if (!suffix) return undefined
  const prefix = path
    .slice(0, suffix.index)
    .split('/', 4 * PREFIX_SEGMENTS)
    .filter((segment) => segment !== '')
  return prefix.length > PREFIX_SEGMENTS ? undefined : prefix
}
