// SPDX-License-Identifier: Apache-2.0
import type { Evidence } from '#protocols/lib/exchange'
import { withoutToken } from '#protocols/lib/secret-path'
import { climbs, fileRequest } from './path.ts'
import type { Asker, FileAnswer, FileRequest, ProvisioningPort } from './port.ts'

/** A file or why not, and what the question tells about the phone. */
export interface Opened {
  readonly answer: FileAnswer
  readonly evidence: Evidence
}

/** The phone's files by name: the one way in for HTTP and TFTP alike. */
export interface Files {
  open(name: string, asker: Asker): Promise<Opened>
}

const NAME_KEPT = 200

/** Reads names and asks `port` for what they mean. */
export function files(port: ProvisioningPort): Files {
  return {
    async open(name, asker) {
      const request = fileRequest(name)
      const evidence = evidenceOf(name, request, asker.userAgent)
      return { answer: request ? await port.fileFor(request, asker) : unknown(name), evidence }
    },
  }
}

function unknown(name: string): FileAnswer {
  return climbs(name)
    ? { kind: 'refuse', status: 403, reason: 'the name leads out of what is served' }
    : { kind: 'refuse', status: 404, reason: 'no file has a name of this form' }
}

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] }

function evidenceOf(name: string, request: FileRequest | undefined, userAgent: string | undefined): Evidence {
  const evidence: Mutable<Evidence> = { file: withoutToken(name).slice(0, NAME_KEPT) }
  if (userAgent !== undefined) evidence.userAgent = userAgent
  if (!request) return evidence
  evidence.fileKind = request.kind
  if ('mac' in request) evidence.mac = request.mac
  if ('model' in request && request.model !== '') evidence.model = request.model
  return evidence
}
