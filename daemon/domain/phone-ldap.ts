// SPDX-License-Identifier: Apache-2.0

/** A phone's own LDAP settings; texts as they stand in its configuration, switches `1` or `0`. */
export const PHONE_LDAP = {
  active: 'system/ldap/enabled',
  server: 'system/ldap/server_address',
  port: 'system/ldap/port',
  userName: 'system/ldap/user_name',
  password: 'system/ldap/password',
  base: 'system/ldap/base',
  nameFilter: 'system/ldap/name_filter',
  nameAttributes: 'system/ldap/name_attrs',
  numberFilter: 'system/ldap/number_filter',
  numberAttributes: 'system/ldap/number_attrs',
  displayName: 'system/ldap/display_name',
  maxHits: 'system/ldap/max_hits',
  countryCode: 'system/ldap/country_code',
  areaCode: 'system/ldap/area_code',
  sortResults: 'system/ldap/sorting_result',
  searchTimeout: 'system/ldap/search_timeout',
  callLookup: 'system/ldap/call_lookup',
  searchWhileTyping: 'system/ldap/send_queries_while_typing',
} as const

export type PhoneLdapName = keyof typeof PHONE_LDAP

/** Placeholders of templates, without `%ITCS_` and `%`. */
export const PHONE_LDAP_PLACEHOLDERS: Readonly<Record<PhoneLdapName, string>> = {
  active: 'LDAPActive',
  server: 'LDAPServerAddress',
  port: 'LDAPPort',
  userName: 'LDAPUserName',
  password: 'LDAPPassword',
  base: 'LDAPBase',
  nameFilter: 'LDAPNameFilter',
  nameAttributes: 'LDAPNameAttributes',
  numberFilter: 'LDAPNumberFilter',
  numberAttributes: 'LDAPNumberAttributes',
  displayName: 'LDAPDisplayName',
  maxHits: 'LDAPMaxHits',
  countryCode: 'LDAPCountryCode',
  areaCode: 'LDAPAreaCode',
  sortResults: 'LDAPSortResult',
  searchTimeout: 'LDAPSearchTimeout',
  callLookup: 'LDAPCallLookup',
  searchWhileTyping: 'LDAPSearchWhileTyping',
}

export const PHONE_LDAP_NAMES = Object.keys(PHONE_LDAP) as readonly PhoneLdapName[]

export type PhoneLdapValues = Readonly<Partial<Record<PhoneLdapName, string>>>

/** The settings of the system, or what a region has instead. */
export interface StoredPhoneLdap {
  /** Empty for the system. */
  readonly region: string
  /** All but the password. */
  readonly values: PhoneLdapValues
  /** By the vault. */
  readonly sealedPassword?: string
}

/** What the firmware has when nothing is configured. */
export const FIRMWARE_LDAP = {
  ...{ userName: '', countryCode: '', areaCode: '' },
  nameFilter: '(|(sn=%)(givenname=%)(displayname=%))',
  nameAttributes: 'sn givenname displayname',
  numberFilter: '(|(telephoneNumber=%)(Mobile=%)(homePhone=%)(facsimileTelephoneNumber=%)(ipPhone=%)(pager=%))',
  numberAttributes: 'telephoneNumber Mobile homePhone facsimileTelephoneNumber ipPhone pager',
  displayName: '%displayname',
  ...{ maxHits: '50', sortResults: '1', searchTimeout: '5', callLookup: '1', searchWhileTyping: '1' },
} as const satisfies PhoneLdapValues

const LONGEST: Readonly<Partial<Record<PhoneLdapName, number>>> = {
  server: 128,
  userName: 128,
  password: 128,
  base: 128,
}

/** Why a phone cannot be given this value, in a sentence. Filters and the base are looked at by whoever can read them. */
export function phoneLdapProblem(name: PhoneLdapName, value: string): string | undefined {
  const longest = LONGEST[name] ?? 256
  if (value.length > longest) return `Phones keep at most ${longest} characters here.`
  if (/\p{Cc}/u.test(value)) return 'Control characters cannot be written into a configuration file.'
  switch (name) {
    case 'active':
    case 'sortResults':
    case 'callLookup':
    case 'searchWhileTyping':
      return value === '0' || value === '1' ? undefined : 'Write 1 for on or 0 for off.'
    case 'port':
    case 'searchTimeout':
      return wholeNumber(value, 65_535)
    case 'maxHits':
      return wholeNumber(value, 1_000)
    case 'countryCode':
    case 'areaCode':
      return /^\+?\d{0,8}$/.test(value) ? undefined : 'Write digits, such as 49, or leave it empty.'
    case 'server':
      return /^[A-Za-z0-9.-]*$/.test(value)
        ? undefined
        : 'Write a host name or an address, or leave it empty for this server.'
    case 'nameAttributes':
    case 'numberAttributes':
      return /^[A-Za-z][\w-]*( +[A-Za-z][\w-]*)*$/.test(value.trim())
        ? undefined
        : 'Write attribute names with blanks between.'
    case 'displayName':
      return /%[A-Za-z]/.test(value)
        ? undefined
        : 'Name at least one attribute with a % before it, such as %displayname.'
    case 'nameFilter':
    case 'numberFilter':
      return value.includes('%') ? undefined : 'Write % where the typed text goes, as in (sn=%).'
    default:
      return undefined
  }
}

function wholeNumber(value: string, most: number): string | undefined {
  const good = /^\d{1,5}$/.test(value) && Number(value) >= 1 && Number(value) <= most
  return good ? undefined : `Write a whole number from 1 to ${most}.`
}
