// SPDX-License-Identifier: Apache-2.0
import type { FieldError, Saved } from '#web/ports/directory'
import type {
  DeliveryTest,
  Destination,
  DestinationDraft,
  DestinationKind,
  ForwardingPort,
} from '#web/ports/forwarding'

const text = (name: string, label: string, more: Partial<DestinationKind['fields'][number]> = {}) => {
  return { name, label, hint: '', type: 'text', required: false, initial: '', group: 'Connection', ...more } as const
}

export const KINDS: readonly DestinationKind[] = [
  {
    kind: 'snmp',
    label: 'SNMP',
    meaning: 'Traps or informs to a network management system.',
    fields: [
      text('host', 'Host', { required: true, hint: 'A name or an IPv4 address.' }),
      text('port', 'Port', { type: 'number', initial: '162', required: true }),
      text('version', 'Version', {
        type: 'select',
        initial: '2c',
        options: [
          { value: '2c', label: 'SNMPv2c' },
          { value: '3', label: 'SNMPv3' },
        ],
      }),
      text('community', 'Community', { type: 'secret', when: { field: 'version', values: ['2c'] } }),
      text('user', 'User', { when: { field: 'version', values: ['3'] } }),
      text('authKey', 'Authentication pass phrase', { type: 'secret', when: { field: 'version', values: ['3'] } }),
      text('inform', 'Ask for an answer (inform)', { type: 'check', initial: 'true' }),
      text('severity', 'From severity', {
        ...{ type: 'select', group: 'Filter', initial: 'warning' },
        options: [
          { value: 'warning', label: 'Warning and graver' },
          { value: 'critical', label: 'Critical only' },
        ],
      }),
      text('names', 'Only these names', { type: 'list', group: 'Filter', hint: 'One on each line; empty for all.' }),
    ],
  },
  {
    kind: 'webhook',
    label: 'Webhook',
    meaning: 'JSON to an address of yours, signed.',
    fields: [text('url', 'Address', { required: true }), text('key', 'Signing key', { type: 'secret' })],
  },
]

export class MemoryForwarding implements ForwardingPort {
  rows: Destination[] = []
  readonly #listeners = new Set<() => void>()
  /** All that was ever given as a secret: no answer may hold any. */
  readonly secrets: string[] = []
  outcome: DeliveryTest = { ok: true, sentence: 'The inform was acknowledged after 3 ms.' }
  queued = 2

  kinds(): readonly DestinationKind[] {
    return KINDS
  }

  destinations(): readonly Destination[] {
    return this.rows
  }

  destination(id: string): Destination | undefined {
    return this.rows.find((row) => row.id === id)
  }

  put(row: Destination): void {
    this.rows = [...this.rows.filter(({ id }) => id !== row.id), row]
    for (const listener of this.#listeners) listener()
  }

  async save(draft: DestinationDraft): Promise<Saved<Destination>> {
    const known = draft.id === undefined ? undefined : this.destination(draft.id)
    if (draft.id !== undefined && (!known || (draft.revision ?? known.revision) !== known.revision))
      return { kind: 'conflict' }
    const fields = KINDS.find(({ kind }) => kind === draft.kind)?.fields ?? []
    const errors: FieldError[] = fields
      .filter(({ name, required }) => required && !draft.values[name])
      .map(({ name, label }) => ({ field: name, message: `${label} is needed.` }))
    if (fields.length === 0) errors.push({ field: 'kind', message: 'There is no such kind.' })
    if (draft.name === '') errors.push({ field: 'name', message: 'Give it a name.' })
    if (errors.length > 0) return { kind: 'refused', errors }
    this.secrets.push(...Object.values(draft.secrets).filter((secret) => secret !== ''))
    const set = new Set([...(known?.secretsSet ?? []), ...Object.keys(draft.secrets)])
    for (const [name, secret] of Object.entries(draft.secrets)) if (secret === '') set.delete(name)
    const id = draft.id ?? `d${this.rows.length + 1}`
    const { host = '', url = '' } = draft.values
    const value = { ...destination(id, draft.name), ...known, name: draft.name, kind: draft.kind }
    const saved: Destination = {
      ...{ ...value, target: host || url, values: draft.values, secretsSet: [...set] },
      revision: (known?.revision ?? 0) + 1,
    }
    this.put(saved)
    return { kind: 'saved', value: saved }
  }

  async remove(id: string): Promise<'removed' | 'gone' | 'fixed'> {
    const known = this.destination(id)
    if (!known) return 'gone'
    if (known.origin === 'config') return 'fixed'
    this.rows = this.rows.filter((row) => row.id !== id)
    return 'removed'
  }

  async test(id: string): Promise<DeliveryTest | undefined> {
    return this.destination(id) && this.outcome
  }

  async resend(id: string): Promise<number | undefined> {
    return this.destination(id) && this.queued
  }

  async pause(id: string): Promise<boolean> {
    return this.#become(id, 'paused')
  }

  async proceed(id: string): Promise<boolean> {
    return this.#become(id, 'working')
  }

  mib(): { fileName: string; text: string } {
    return { fileName: 'OFFHOOK-MIB.txt', text: 'OFFHOOK-MIB DEFINITIONS ::= BEGIN\nEND\n' }
  }

  follow(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #become(id: string, state: Destination['state']): boolean {
    const known = this.destination(id)
    if (known) this.put({ ...known, state })
    return known !== undefined
  }
}

export function destination(id: string, name: string, fields: Partial<Destination> = {}): Destination {
  return {
    ...{ id, name, kind: 'snmp', target: 'udp 10.1.0.9:162, SNMPv2c', origin: 'here', values: {}, secretsSet: [] },
    ...{ revision: 1, state: 'working', lastError: '', lastErrorAt: 0, lastDeliveredAt: 0, waiting: 0, lag: 0 },
    ...{ delivered: 0, failed: 0, dropped: 0 },
    ...fields,
  }
}
