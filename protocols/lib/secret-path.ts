// SPDX-License-Identifier: Apache-2.0

/** `t/` and what follows up to the next slash, however many slashes stand between. */
const TOKEN = /(^|\/)(t|%74)(\/+)[^/?#\s]+/gi

/**
 * A path as logs, timelines and pages may show it: the segment behind `t/`, where phones have their personal tokens, is
 * left out.
 */
export function withoutToken(path: string): string {
  return path.replaceAll(TOKEN, '$1$2$3***')
}
