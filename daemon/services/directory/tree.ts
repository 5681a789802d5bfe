// SPDX-License-Identifier: Apache-2.0
import { type Attributes, type Dn, escapeDnValue, type LdapEntry, parseDn } from '#protocols/ldap/port'

/** A level below the base under which entries stand. */
export const BRANCHES = ['people', 'contacts'] as const
export type Branch = (typeof BRANCHES)[number]

const PERSON = ['top', 'person', 'organizationalPerson', 'inetOrgPerson', 'phonebookPerson']

/** The base, its branches, and the names of everything below. */
export class Tree {
  readonly base: Dn
  readonly baseDn: string
  /** The base and its branches: entries that are always there. */
  readonly containers: readonly (LdapEntry & { readonly name: Dn })[]
  readonly #branchDns: Readonly<Record<Branch, string>>

  /** Throws when `baseDn` is no distinguished name or does not begin with dc, o, ou or c. */
  constructor(baseDn: string) {
    const base = parseDn(baseDn)
    if (!base || base.length === 0) throw new Error(`the base "${baseDn}" is no distinguished name`)
    this.base = base
    this.baseDn = baseDn
    this.#branchDns = { people: `ou=people,${baseDn}`, contacts: `ou=contacts,${baseDn}` }
    const branches = BRANCHES.map((branch) => ({
      dn: this.#branchDns[branch],
      name: [`ou=${branch}`, ...base],
      attributes: { objectClass: ['top', 'organizationalUnit'], ou: branch },
    }))
    this.containers = [{ dn: baseDn, name: base, attributes: baseAttributes(base) }, ...branches]
  }

  /** The branch of a name, if it is one; `entry` when the name is one level below it. */
  locate(name: Dn): { readonly branch: Branch; readonly entry: string | undefined } | undefined {
    const below = name.length - this.base.length
    if (below < 1 || below > 2) return undefined
    if (!this.base.every((rdn, i) => name[below + i] === rdn)) return undefined
    const branch = BRANCHES.find((each) => name[below - 1] === `ou=${each}`)
    return branch && { branch, entry: below === 2 ? name[0] : undefined }
  }

  entry(branch: Branch, id: string, attributes: Attributes): LdapEntry {
    return new PersonEntry(this.#branchDns[branch], id, attributes)
  }
}

/** Makes its name when asked: most entries are never sent. */
class PersonEntry implements LdapEntry {
  readonly attributes: Attributes
  readonly #parent: string

  constructor(parent: string, id: string, attributes: Attributes) {
    this.#parent = parent
    this.attributes = { objectClass: PERSON, uid: id, ...attributes }
  }

  get dn(): string {
    return `uid=${escapeDnValue(String(this.attributes.uid))},${this.#parent}`
  }
}

/** The RDN in normal form by which an entry is found within its branch; an id that no name can hold stands for itself. */
export function rdnOf(id: string): string {
  return parseDn(`uid=${escapeDnValue(id)}`)?.[0] ?? id
}

function baseAttributes([rdn = '']: Dn): Attributes {
  const [type = '', escaped = ''] = rdn.split(/=(.*)/s)
  const value = escaped.replaceAll(/\\(.)/gs, '$1')
  if (value === '') throw new Error('the base has an empty name')
  switch (type) {
    case 'dc':
      return { objectClass: ['top', 'organization', 'dcObject'], dc: value, o: value }
    case 'o':
      return { objectClass: ['top', 'organization'], o: value }
    case 'ou':
      return { objectClass: ['top', 'organizationalUnit'], ou: value }
    default:
      throw new Error(`a base begins with dc=, o= or ou=, not with ${type}=`)
  }
}
