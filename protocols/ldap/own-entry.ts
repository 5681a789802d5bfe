// SPDX-License-Identifier: Apache-2.0
import type { Attributes } from './filter.ts'
import type { LdapEntry } from './port.ts'

/** An entry of the server's own, whose operational attributes are not those that every entry has. */
export interface OwnEntry extends LdapEntry {
  readonly operational: Attributes
}
