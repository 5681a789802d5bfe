// SPDX-License-Identifier: Apache-2.0

/** The host of option 66, which holds a host or a URL. */
export function bootHost(server: string): string {
  return server.replace(/^[a-z]+:\/\//i, '').replace(/[/:].*$/, '')
}
