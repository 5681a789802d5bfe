// SPDX-License-Identifier: Apache-2.0
import type { Rule } from './matching.ts'
import type { OwnEntry } from './own-entry.ts'
import { ATTRIBUTE_TYPES, type AttributeType, OBJECT_CLASSES, type ObjectClass } from './schema.ts'

export const SUBSCHEMA_DN = 'cn=Subschema'

/** How each rule is announced: matching rules and syntax [RFC4517 §3.3, §4.2]. */
const ANNOUNCED: Readonly<Record<Rule, string>> = {
  text:
    'EQUALITY caseIgnoreMatch ORDERING caseIgnoreOrderingMatch SUBSTR caseIgnoreSubstringsMatch ' +
    'SYNTAX 1.3.6.1.4.1.1466.115.121.1.15',
  number: 'EQUALITY telephoneNumberMatch SUBSTR telephoneNumberSubstringsMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.50',
  oid: 'EQUALITY objectIdentifierMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.38',
  dn: 'EQUALITY distinguishedNameMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.12',
}

/** The entry that tells what attributes and object classes there are [RFC4512 §4.2]. */
export function subschema(): OwnEntry {
  return {
    dn: SUBSCHEMA_DN,
    attributes: { objectClass: ['top', 'subschema'], cn: 'Subschema' },
    operational: {
      attributeTypes: ATTRIBUTE_TYPES.map(describeType),
      objectClasses: OBJECT_CLASSES.map(describeClass),
      subschemaSubentry: SUBSCHEMA_DN,
      entryDN: SUBSCHEMA_DN,
    },
  }
}

/** [RFC4512 §4.1.2] */
function describeType({ oid, names, rule, sup, operational, single }: AttributeType): string {
  return [
    `( ${oid} NAME ${quoted(names)}`,
    ...(sup ? [`SUP ${sup}`] : []),
    ANNOUNCED[rule],
    ...(single ? ['SINGLE-VALUE'] : []),
    ...(operational ? ['NO-USER-MODIFICATION USAGE directoryOperation'] : []),
    ')',
  ].join(' ')
}

/** [RFC4512 §4.1.1] */
function describeClass({ oid, name, kind, sup, must, may }: ObjectClass): string {
  return [
    `( ${oid} NAME '${name}'`,
    ...(sup ? [`SUP ${sup}`] : []),
    kind,
    ...(must.length > 0 ? [`MUST ( ${must.join(' $ ')} )`] : []),
    ...(may.length > 0 ? [`MAY ( ${may.join(' $ ')} )`] : []),
    ')',
  ].join(' ')
}

function quoted(names: readonly string[]): string {
  const each = names.map((name) => `'${name}'`)
  return each.length === 1 ? each.join('') : `( ${each.join(' ')} )`
}
