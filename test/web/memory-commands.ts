// SPDX-License-Identifier: Apache-2.0
import { type Command, withState } from '#daemon/domain/command'
import type { Mac } from '#protocols/lib/mac'
import type { CommandDraft, CommandsPort } from '#web/ports/commands'
import type { Saved } from '#web/ports/saved'

/** Commands that nobody tells to anyone: tests say what becomes of them. */
export class MemoryCommands implements CommandsPort {
  readonly rows: { readonly mac: Mac; command: Command }[] = []
  readonly #now: () => number
  /** The next one is refused with this sentence. */
  refusal = ''

  constructor(now: () => number) {
    this.#now = now
  }

  of(mac: Mac): readonly Command[] {
    return this.rows
      .filter((row) => row.mac === mac)
      .map(({ command }) => command)
      .reverse()
  }

  async submit(mac: Mac, { kind, text = '' }: CommandDraft, by: string): Promise<Saved<Command>> {
    if (this.refusal !== '') return { kind: 'refused', errors: [{ field: 'kind', message: this.refusal }] }
    const at = this.#now()
    const times = { at, since: at, expiresAt: at + 7_200_000 }
    const id = `c${this.rows.length}`
    const command: Command = { id, kind, text, by, ...times, state: 'waiting', reason: '', attempts: [] }
    this.rows.push({ mac, command })
    return { kind: 'saved', value: command }
  }

  async cancel(mac: Mac, id: string): Promise<Saved<Command>> {
    const row = this.rows.find((one) => one.mac === mac && one.command.id === id && one.command.state === 'waiting')
    if (!row) return { kind: 'conflict' }
    row.command = withState(row.command, 'cancelled', this.#now())
    return { kind: 'saved', value: row.command }
  }
}
