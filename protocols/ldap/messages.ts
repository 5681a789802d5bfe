// SPDX-License-Identifier: Apache-2.0
import type { Filter } from './filter.ts'

/** Result codes that this server gives [RFC4511 §A.1]; 60 and 76 are of virtual list views. */
export const RESULT = {
  success: 0,
  operationsError: 1,
  protocolError: 2,
  timeLimitExceeded: 3,
  sizeLimitExceeded: 4,
  compareFalse: 5,
  compareTrue: 6,
  authMethodNotSupported: 7,
  adminLimitExceeded: 11,
  unavailableCriticalExtension: 12,
  confidentialityRequired: 13,
  noSuchAttribute: 16,
  undefinedAttributeType: 17,
  inappropriateMatching: 18,
  invalidAttributeSyntax: 21,
  noSuchObject: 32,
  invalidDNSyntax: 34,
  inappropriateAuthentication: 48,
  invalidCredentials: 49,
  insufficientAccessRights: 50,
  busy: 51,
  unavailable: 52,
  unwillingToPerform: 53,
  sortControlMissing: 60,
  virtualListViewError: 76,
  other: 80,
} as const

/** Object identifiers of operations, controls and features. */
export const OID = {
  startTls: '1.3.6.1.4.1.1466.20037', // [RFC4511 §4.14]
  noticeOfDisconnection: '1.3.6.1.4.1.1466.20036', // [RFC4511 §4.4.1]
  whoAmI: '1.3.6.1.4.1.4203.1.11.3', // [RFC4532]
  pagedResults: '1.2.840.113556.1.4.319', // [RFC2696]
  sortRequest: '1.2.840.113556.1.4.473', // [RFC2891]
  sortResponse: '1.2.840.113556.1.4.474',
  vlvRequest: '2.16.840.1.113730.3.4.9', // draft-ietf-ldapext-ldapv3-vlv-09
  vlvResponse: '2.16.840.1.113730.3.4.10',
  allOperationalAttributes: '1.3.6.1.4.1.4203.1.5.1', // [RFC3673]
  trueFalseFilters: '1.3.6.1.4.1.4203.1.5.3', // [RFC4526]
} as const

/** `children` is all below the base but not the base itself. */
export type Scope = 'base' | 'one' | 'sub' | 'children'

export interface Control {
  readonly oid: string
  readonly critical: boolean
  readonly value: Uint8Array | undefined
}

export interface LdapResult {
  readonly code: number
  readonly matchedDn: string
  /** For people; never holds a secret. */
  readonly message: string
}

/** One attribute as it travels; `values` is empty when only types were asked for. */
export interface Attribute {
  readonly type: string
  readonly values: string | readonly string[]
}

export type Authentication =
  | { readonly kind: 'simple'; readonly password: Uint8Array }
  | { readonly kind: 'sasl'; readonly mechanism: string }
  /** Kerberos of LDAPv2, and whatever else there may be. */
  | { readonly kind: 'unknown' }

export interface SearchRequest {
  readonly kind: 'search'
  readonly base: string
  readonly scope: Scope
  readonly derefAliases: number
  /** Entries and seconds; 0 for no limit of the client's. */
  readonly sizeLimit: number
  readonly timeLimit: number
  readonly typesOnly: boolean
  readonly filter: Filter
  readonly attributes: readonly string[]
}

export interface CompareRequest {
  readonly kind: 'compare'
  readonly entry: string
  readonly attribute: string
  readonly value: string
}

export interface BindRequest {
  readonly kind: 'bind'
  readonly version: number
  readonly name: string
  readonly authentication: Authentication
}

export interface ExtendedRequest {
  readonly kind: 'extended'
  readonly oid: string
  readonly value: Uint8Array | undefined
}

export type WriteOperation = 'modify' | 'add' | 'delete' | 'modifyDn'

export type LdapRequest =
  | BindRequest
  | { readonly kind: 'unbind' }
  | SearchRequest
  | CompareRequest
  | { readonly kind: 'abandon'; readonly id: number }
  | ExtendedRequest
  /** What it would change stays unread: this directory is not written to by LDAP. */
  | { readonly kind: WriteOperation; readonly body: Uint8Array }

export type LdapResponse =
  | { readonly kind: 'bindResponse'; readonly result: LdapResult }
  | { readonly kind: 'searchEntry'; readonly dn: string; readonly attributes: readonly Attribute[] }
  | { readonly kind: 'searchReference'; readonly uris: readonly string[] }
  | { readonly kind: 'searchDone'; readonly result: LdapResult }
  | { readonly kind: 'compareResponse'; readonly result: LdapResult }
  | { readonly kind: 'writeResponse'; readonly operation: WriteOperation; readonly result: LdapResult }
  | {
      readonly kind: 'extendedResponse'
      readonly result: LdapResult
      readonly oid?: string
      readonly value?: Uint8Array
    }
  | { readonly kind: 'intermediate'; readonly oid: string; readonly value: Uint8Array | undefined }

export type LdapOperation = LdapRequest | LdapResponse

export interface LdapMessage<Op extends LdapOperation = LdapOperation> {
  readonly id: number
  readonly op: Op
  readonly controls: readonly Control[]
}
