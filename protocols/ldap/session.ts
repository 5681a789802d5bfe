// SPDX-License-Identifier: Apache-2.0
import type { Endpoint } from '#protocols/lib/exchange'
import { MalformedPacket } from '#protocols/lib/malformed'
import { unknownCritical } from './controls.ts'
import { type Dn, parseDn } from './dn.ts'
import type { EncodedEntries } from './encoded-entries.ts'
import { compile, evaluate } from './filter.ts'
import type { LdapLimits } from './limits.ts'
import {
  type BindRequest,
  type CompareRequest,
  type ExtendedRequest,
  type LdapMessage,
  type LdapRequest,
  type LdapResult,
  OID,
  RESULT,
  type SearchRequest,
} from './messages.ts'
import type { Credentials, LdapEntry, LdapPort } from './port.ts'
import { respond, result } from './reply.ts'
import { rootDse } from './root-dse.ts'
import { describedTypes } from './schema.ts'
import { type SearchRoom, type Step, search } from './search.ts'
import type { SortedLists } from './sorted-lists.ts'
import { SUBSCHEMA_DN, subschema } from './subschema.ts'

/** Whether the connection is encrypted, or could be. */
export type Security = 'plain' | 'tls-possible' | 'tls'

export interface SessionOptions {
  readonly port: LdapPort
  readonly peer: Endpoint
  readonly limits: LdapLimits
  /** Milliseconds that only grow. */
  readonly now: () => number
  readonly lists: SortedLists
  readonly encoded: EncodedEntries
  /** At the moment; StartTLS changes it. */
  security(): Security
}

const SUBSCHEMA = parseDn(SUBSCHEMA_DN)?.join()

/**
 * One client's conversation: operations in, operations out, and no socket. What the client may see is the view that
 * its last bind gave it; a bind that fails leaves it anonymous [RFC4511 §4.2.1].
 */
export class Session {
  readonly #options: SessionOptions
  readonly #room: { -readonly [K in keyof SearchRoom]: SearchRoom[K] }
  #bound = false

  constructor(options: SessionOptions) {
    this.#options = options
    const { limits, now, lists, encoded } = options
    this.#room = { view: undefined, own: (name) => this.#own(name), limits, now, lists, encoded, page: undefined }
  }

  /** One operation, whole, before the next one begins. Rejects only when the port does. */
  async perform({ op, controls }: LdapMessage<LdapRequest>): Promise<Iterable<Step>> {
    const unknown = unknownCritical(op, controls)
    if (unknown) return end(op, result(RESULT.unavailableCriticalExtension, `control ${unknown.oid} is not known`))
    if (op.kind === 'bind') return end(op, await this.#bind(op))
    if (!this.#bound) await this.#see({ kind: 'anonymous', peer: this.#options.peer })
    switch (op.kind) {
      case 'search':
        return guarded(op, search(op, controls, this.#room))
      case 'compare':
        return end(op, this.#compare(op))
      case 'extended':
        return this.#extended(op)
      default: // the directory is changed elsewhere
        return end(op, result(RESULT.unwillingToPerform, 'this directory is read only'))
    }
  }

  async #bind({ version, name, authentication }: BindRequest): Promise<LdapResult> {
    this.#bound = false
    this.#room.view = undefined
    this.#room.page = undefined
    if (version !== 2 && version !== 3) return result(RESULT.protocolError, `LDAP version ${version} is not spoken`)
    if (authentication.kind !== 'simple') {
      return result(RESULT.authMethodNotSupported, 'only anonymous and simple binds are taken')
    }
    const dn = parseDn(name)
    if (!dn) return result(RESULT.invalidDNSyntax, 'the name is no distinguished name')
    const { peer } = this.#options
    const { password } = authentication
    if (password.byteLength === 0) {
      // A name without a password would pass for a successful sign-in [RFC4513 §5.1.2].
      if (dn.length > 0) return result(RESULT.unwillingToPerform, 'a name needs a password')
      return this.#see({ kind: 'anonymous', peer })
    }
    if (dn.length === 0) return result(RESULT.invalidCredentials)
    return this.#see({ kind: 'simple', name: dn, password, peer })
  }

  async #see(credentials: Credentials): Promise<LdapResult> {
    const answer = await this.#options.port.bind(credentials)
    this.#bound = answer.kind === 'view' || credentials.kind === 'anonymous'
    this.#room.view = answer.kind === 'view' ? answer.view : undefined
    return answer.kind === 'view' ? result(RESULT.success) : result(answer.code, answer.reason)
  }

  /** [RFC4511 §4.10] */
  #compare({ entry: name, attribute, value }: CompareRequest): LdapResult {
    const dn = parseDn(name)
    if (!dn) return result(RESULT.invalidDNSyntax, 'the entry is no distinguished name')
    const own = this.#own(dn)
    if (!own && !this.#room.view) return result(RESULT.insufficientAccessRights, 'bind first')
    const entry = own ?? this.#room.view?.entry(dn)
    if (!entry) return result(RESULT.noSuchObject)
    const types = describedTypes(attribute)
    if (!types) return result(RESULT.undefinedAttributeType, 'the attribute is not known')
    if (!types.some((type) => entry.attributes[type.names[0]] !== undefined)) return result(RESULT.noSuchAttribute)
    const outcome = evaluate(compile({ kind: 'equal', attribute, value }), entry.attributes)
    if (outcome === undefined) return result(RESULT.invalidAttributeSyntax)
    return result(outcome ? RESULT.compareTrue : RESULT.compareFalse)
  }

  #extended(op: ExtendedRequest): Iterable<Step> {
    if (op.oid === OID.whoAmI) {
      const identity = this.#room.view?.identity
      const value = Buffer.from(identity ? `dn:${identity}` : '') // [RFC4532 §2.2]
      return [{ op: { kind: 'extendedResponse', result: result(RESULT.success), value } }]
    }
    if (op.oid === OID.startTls) return this.#startTls(op)
    return end(op, result(RESULT.protocolError, 'the extended operation is not known')) // [RFC4511 §4.12]
  }

  /** Says whether TLS may begin; the owner of the socket does the rest after this answer [RFC4511 §4.14]. */
  #startTls(op: ExtendedRequest): Iterable<Step> {
    const security = this.#options.security()
    if (security === 'tls') return end(op, result(RESULT.operationsError, 'TLS is on already'))
    if (security === 'plain') return end(op, result(RESULT.protocolError, 'TLS is not configured'))
    return [{ op: { kind: 'extendedResponse', result: result(RESULT.success), oid: OID.startTls } }]
  }

  /** The entries that belong to the server and not to the directory. */
  #own(name: Dn): LdapEntry | undefined {
    if (name.length === 0) return rootDse(this.#room.view, this.#options.security() === 'tls-possible')
    return name.length === 1 && name[0] === SUBSCHEMA ? subschema() : undefined
  }
}

function end(request: LdapRequest, outcome: LdapResult): Iterable<Step> {
  const op = respond(request, outcome)
  return op ? [{ op }] : []
}

/** A control that cannot be read spoils its search, not the connection [RFC4511 §4.1.11]. */
function* guarded(request: SearchRequest, steps: Iterable<Step>): Generator<Step> {
  try {
    yield* steps
  } catch (error) {
    if (!(error instanceof MalformedPacket)) throw error
    yield* end(request, result(RESULT.protocolError, error.message))
  }
}
