// SPDX-License-Identifier: Apache-2.0
import { SEARCH_CONTROLS } from './controls.ts'
import { OID } from './messages.ts'
import type { OwnEntry } from './own-entry.ts'
import type { DirectoryView } from './port.ts'
import { SUBSCHEMA_DN } from './subschema.ts'

/** What this server is and can do: nothing is named here that it does not do [RFC4512 §5.1]. */
export function rootDse(view: DirectoryView | undefined, canStartTls: boolean): OwnEntry {
  return {
    dn: '',
    attributes: { objectClass: ['top'] },
    operational: {
      ...(view && { namingContexts: view.namingContexts }),
      subschemaSubentry: SUBSCHEMA_DN,
      supportedControl: SEARCH_CONTROLS,
      supportedExtension: canStartTls ? [OID.whoAmI, OID.startTls] : [OID.whoAmI],
      supportedFeatures: [OID.allOperationalAttributes, OID.trueFalseFilters],
      supportedLDAPVersion: ['2', '3'],
      vendorName: 'Offhook',
    },
  }
}
