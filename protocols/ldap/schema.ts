// SPDX-License-Identifier: Apache-2.0
import type { Rule } from './matching.ts'

/** An attribute type: what its values are and how they compare. */
export interface AttributeType {
  readonly oid: string
  /** The name we answer with, then other names [RFC4512 §2.5]. */
  readonly names: readonly [string, ...string[]]
  readonly rule: Rule
  /** Asking for the supertype means this one as well [RFC4512 §2.5.1]. */
  readonly sup?: string
  /** Only sent when asked for by name or by `+` [RFC4512 §3.4]. */
  readonly operational?: true
  readonly single?: true
}

export interface ObjectClass {
  readonly oid: string
  readonly name: string
  readonly kind: 'ABSTRACT' | 'STRUCTURAL' | 'AUXILIARY'
  readonly sup?: string
  readonly must: readonly string[]
  readonly may: readonly string[]
}

/** A node of the UUID arc that needs no registration [ITU-T X.667]. */
const OWN_ARC = '2.25.133466003890209604978983894581831539092'

const NAME = { rule: 'text', sup: 'name' } as const
const TEXT = { rule: 'text' } as const
const PHONE = { rule: 'number' } as const
const OPERATIONAL = { operational: true } as const

/** Supertypes come before their subtypes. Sources: RFC 4512, 4519, 4524, 2798, 2247; Active Directory's own names. */
export const ATTRIBUTE_TYPES: readonly AttributeType[] = [
  { oid: '2.5.4.0', names: ['objectClass'], rule: 'oid' },
  { oid: '2.5.4.41', names: ['name'], ...TEXT },
  { oid: '2.5.4.3', names: ['cn', 'commonName'], ...NAME },
  { oid: '2.5.4.4', names: ['sn', 'surname'], ...NAME },
  { oid: '2.5.4.42', names: ['givenName', 'gn'], ...NAME },
  { oid: '2.5.4.10', names: ['o', 'organizationName'], ...NAME },
  { oid: '2.5.4.11', names: ['ou', 'organizationalUnitName'], ...NAME },
  { oid: '2.5.4.12', names: ['title'], ...NAME },
  { oid: '2.5.4.7', names: ['l', 'localityName'], ...NAME },
  { oid: '2.5.4.13', names: ['description'], ...TEXT },
  { oid: '2.16.840.1.113730.3.1.241', names: ['displayName'], ...TEXT, single: true },
  { oid: '0.9.2342.19200300.100.1.1', names: ['uid', 'userid'], ...TEXT },
  { oid: '0.9.2342.19200300.100.1.3', names: ['mail', 'rfc822Mailbox'], ...TEXT },
  { oid: '0.9.2342.19200300.100.1.25', names: ['dc', 'domainComponent'], ...TEXT, single: true },
  { oid: '2.5.4.20', names: ['telephoneNumber'], ...PHONE },
  { oid: '2.5.4.23', names: ['facsimileTelephoneNumber', 'fax'], ...PHONE },
  { oid: '0.9.2342.19200300.100.1.20', names: ['homePhone', 'homeTelephoneNumber'], ...PHONE },
  { oid: '0.9.2342.19200300.100.1.41', names: ['mobile', 'mobileTelephoneNumber'], ...PHONE },
  { oid: '0.9.2342.19200300.100.1.42', names: ['pager', 'pagerTelephoneNumber'], ...PHONE },
  { oid: '1.2.840.113556.1.4.721', names: ['ipPhone'], ...PHONE },
  { oid: '1.2.840.113556.1.2.18', names: ['otherTelephone'], ...PHONE },
  { oid: '1.2.840.113556.1.2.146', names: ['company'], ...TEXT },
  { oid: '1.2.840.113556.1.2.141', names: ['department'], ...TEXT },
  { oid: '2.5.18.10', names: ['subschemaSubentry'], rule: 'dn', ...OPERATIONAL, single: true },
  { oid: '1.3.6.1.1.20', names: ['entryDN'], rule: 'dn', ...OPERATIONAL, single: true },
  { oid: '1.3.6.1.4.1.1466.101.120.5', names: ['namingContexts'], rule: 'dn', ...OPERATIONAL },
  { oid: '1.3.6.1.4.1.1466.101.120.13', names: ['supportedControl'], rule: 'oid', ...OPERATIONAL },
  { oid: '1.3.6.1.4.1.1466.101.120.7', names: ['supportedExtension'], rule: 'oid', ...OPERATIONAL },
  { oid: '1.3.6.1.4.1.4203.1.3.5', names: ['supportedFeatures'], rule: 'oid', ...OPERATIONAL },
  { oid: '1.3.6.1.4.1.1466.101.120.15', names: ['supportedLDAPVersion'], rule: 'oid', ...OPERATIONAL },
  { oid: '1.3.6.1.1.4', names: ['vendorName'], rule: 'text', ...OPERATIONAL, single: true },
  { oid: '2.5.21.5', names: ['attributeTypes'], rule: 'oid', ...OPERATIONAL },
  { oid: '2.5.21.6', names: ['objectClasses'], rule: 'oid', ...OPERATIONAL },
]

const NUMBERS = ['telephoneNumber', 'facsimileTelephoneNumber']
const MORE_NUMBERS = ['homePhone', 'mobile', 'pager']

export const OBJECT_CLASSES: readonly ObjectClass[] = [
  { oid: '2.5.6.0', name: 'top', kind: 'ABSTRACT', must: ['objectClass'], may: [] },
  { oid: '2.5.6.4', name: 'organization', kind: 'STRUCTURAL', sup: 'top', must: ['o'], may: ['l', 'description'] },
  { oid: '2.5.6.5', name: 'organizationalUnit', kind: 'STRUCTURAL', sup: 'top', must: ['ou'], may: ['description'] },
  { oid: '1.3.6.1.4.1.1466.344', name: 'dcObject', kind: 'AUXILIARY', sup: 'top', must: ['dc'], may: [] },
  {
    ...{ oid: '2.5.6.6', name: 'person', kind: 'STRUCTURAL', sup: 'top' },
    must: ['sn', 'cn'],
    may: ['telephoneNumber', 'description'],
  },
  {
    ...{ oid: '2.5.6.7', name: 'organizationalPerson', kind: 'STRUCTURAL', sup: 'person' },
    must: [],
    may: ['title', 'ou', 'l', ...NUMBERS],
  },
  {
    ...{ oid: '2.16.840.1.113730.3.2.2', name: 'inetOrgPerson', kind: 'STRUCTURAL', sup: 'organizationalPerson' },
    must: [],
    may: ['displayName', 'givenName', 'mail', 'o', 'uid', ...MORE_NUMBERS],
  },
  {
    ...{ oid: `${OWN_ARC}.1`, name: 'phonebookPerson', kind: 'AUXILIARY', sup: 'top' },
    must: [],
    may: ['ipPhone', 'otherTelephone', 'company', 'department'],
  },
  {
    oid: '2.5.20.1',
    name: 'subschema',
    kind: 'AUXILIARY',
    sup: 'top',
    must: [],
    may: ['attributeTypes', 'objectClasses'],
  },
]

const TYPES: ReadonlyMap<string, AttributeType> = new Map(
  ATTRIBUTE_TYPES.flatMap((type) => [type.oid, ...type.names].map((name) => [name.toLowerCase(), type] as const)),
)

const SUBTYPES: ReadonlyMap<string, readonly AttributeType[]> = new Map(
  ATTRIBUTE_TYPES.map((type) => [type.names[0], [type, ...ATTRIBUTE_TYPES.filter(({ sup }) => sup === type.names[0])]]),
)

const CLASSES: ReadonlyMap<string, string> = new Map(
  OBJECT_CLASSES.flatMap(({ oid, name }) => [oid, name].map((key) => [key.toLowerCase(), name] as const)),
)

/** By name or object identifier, in any case; undefined when this server does not know it. */
export function attributeType(name: string): AttributeType | undefined {
  return TYPES.get(name.toLowerCase())
}

/** The name that we use for a type; one that we do not know keeps its own. */
export function canonicalName(name: string): string {
  return attributeType(name)?.names[0] ?? name
}

/**
 * The types that a description in a request means: the type and its subtypes. A known type with options (`sn;lang-de`)
 * means none, as no value here has options. Undefined when the type is not known [RFC4512 §2.5].
 */
export function describedTypes(description: string): readonly AttributeType[] | undefined {
  const options = description.indexOf(';')
  const type = attributeType(options < 0 ? description : description.slice(0, options))
  if (!type) return undefined
  return options < 0 ? SUBTYPES.get(type.names[0]) : []
}

/** The name of an object class given by name or object identifier; undefined when it is not known. */
export function objectClassName(name: string): string | undefined {
  return CLASSES.get(name.toLowerCase())
}
