// SPDX-License-Identifier: Apache-2.0

/** What a phone can be told to do. */
export const COMMAND_KINDS = ['restart', 'check', 'update firmware', 'factory reset', 'message'] as const
export type CommandKind = (typeof COMMAND_KINDS)[number]

export function isCommandKind(text: string): text is CommandKind {
  return COMMAND_KINDS.some((kind) => kind === text)
}

/** How it is told: by SIP at once, or in the answer to its next keep-alive. */
export const WAYS = ['sip', 'keep-alive'] as const
export type Way = (typeof WAYS)[number]

/** One try to tell the phone, and what came of it. Times are milliseconds since the epoch. */
export interface Attempt {
  readonly way: Way
  readonly at: number
  readonly outcome: 'accepted' | 'not accepted'
  /** A sentence for people. */
  readonly detail: string
}

export type CommandState =
  /** For a way that is open. */
  | 'waiting'
  /** By a way that answers; no other way may tell it meanwhile. */
  | 'trying'
  /** The phone took it, and was not seen to do it yet. */
  | 'accepted'
  /** The phone was seen to do it; of a message, that it was taken. */
  | 'confirmed'
  | 'failed'
  | 'expired'
  | 'cancelled'

export interface Command {
  readonly id: string
  readonly kind: CommandKind
  /** Of a message. */
  readonly text: string
  /** Of a firmware update: the version that the phone shall report, if it is known, and whether it restarts for it. */
  readonly expects?: string
  readonly restart?: boolean
  /** Who wants it. */
  readonly by: string
  readonly at: number
  readonly expiresAt: number
  readonly state: CommandState
  /** Since when it is in this state. */
  readonly since: number
  /** Why it failed; empty otherwise. */
  readonly reason: string
  readonly attempts: readonly Attempt[]
}

/** The commands of one phone, the oldest first: all in one record, so that no two can be told at once. */
export interface CommandQueue {
  readonly commands: readonly Command[]
}

/** Open ones that a phone may have, and closed ones that are kept to be looked at. */
export const MOST_OPEN = 3
const MOST_CLOSED = 10
const MOST_ATTEMPTS = 8
/** A phone that took a command has so long to be seen doing it, in milliseconds. */
export const CONFIRM_WITHIN = 10 * 60_000
/** An image is fetched and written first. */
export const UPDATE_WITHIN = 40 * 60_000

const OPEN: readonly CommandState[] = ['waiting', 'trying', 'accepted']

export function isOpen({ state }: Command): boolean {
  return OPEN.includes(state)
}

/** What a command that the phone took waits for; a message is done when it is taken. */
export const PROOF: Readonly<Record<CommandKind, string>> = {
  restart: 'the phone starts',
  check: 'the phone fetches its configuration',
  'update firmware': 'the phone reports the version that it shall have',
  'factory reset': 'the phone starts',
  message: '',
}

export function withState(command: Command, state: CommandState, now: number, reason = ''): Command {
  return { ...command, state, since: now, reason }
}

/** After a try: the phone took it, or the next way has its turn. */
export function withAttempt(command: Command, attempt: Attempt): Command {
  const attempts = [...command.attempts, attempt].slice(-MOST_ATTEMPTS)
  if (attempt.outcome === 'not accepted') return withState({ ...command, attempts }, 'waiting', attempt.at)
  return withState({ ...command, attempts }, PROOF[command.kind] === '' ? 'confirmed' : 'accepted', attempt.at)
}

/** The queue with a command changed or added; the oldest closed ones give way. */
export function withCommand({ commands }: CommandQueue, command: Command): CommandQueue {
  const isKnown = commands.some(({ id }) => id === command.id)
  const all = isKnown ? commands.map((one) => (one.id === command.id ? command : one)) : [...commands, command]
  const closed = all.filter((one) => !isOpen(one))
  const forgotten = new Set(closed.slice(0, Math.max(0, closed.length - MOST_CLOSED)))
  return { commands: all.filter((one) => !forgotten.has(one)) }
}

/** A firmware update to another version takes the place of those that are open; the same queue when there is none. */
export function superseded(queue: CommandQueue, { kind, expects = '' }: Command, now: number): CommandQueue {
  if (kind !== 'update firmware') return queue
  let changed = queue
  for (const open of queue.commands) {
    if (open.kind !== kind || !isOpen(open) || (open.expects ?? '') === expects) continue
    const state = open.state === 'waiting' ? 'cancelled' : 'failed'
    changed = withCommand(changed, withState(open, state, now, 'another version is wanted by now'))
  }
  return changed
}

/** What time alone changes. Undefined when that is nothing. */
export function aged(queue: CommandQueue, now: number): CommandQueue | undefined {
  let changed: CommandQueue | undefined
  for (const command of queue.commands) {
    const next = agedCommand(command, now)
    if (next) changed = withCommand(changed ?? queue, next)
  }
  return changed
}

function agedCommand(command: Command, now: number): Command | undefined {
  const { state, since, expiresAt } = command
  const within = confirmWithin(command)
  if (state === 'waiting' && now >= expiresAt) return withState(command, 'expired', now, 'no way to the phone was open')
  // A try that nobody ended: we stopped in between. Whether the phone heard it, only the phone can show.
  if (state === 'trying' && now >= since + within) return withState(command, 'accepted', now)
  if (state === 'accepted' && now >= since + within) {
    const minutes = within === CONFIRM_WITHIN ? 'ten' : String(within / 60_000)
    return withState(command, 'failed', now, `in ${minutes} minutes it was not seen that ${proofOf(command)}`)
  }
  return undefined
}

function confirmWithin({ kind }: Command): number {
  return kind === 'update firmware' ? UPDATE_WITHIN : CONFIRM_WITHIN
}

/** What this command waits for. */
export function proofOf({ kind, expects = '' }: Pick<Command, 'kind' | 'expects'>): string {
  if (kind !== 'update firmware') return PROOF[kind]
  return expects === '' ? 'the phone starts' : `the phone reports version ${expects}`
}

/** What a phone was seen to do: fields that are missing were not seen. */
export interface SeenDoing {
  readonly started?: boolean
  readonly fetched?: boolean
  /** The version that it reported. */
  readonly firmware?: string
}

/** What a phone was seen to do confirms the commands that asked for it and were taken. */
export function confirmed(queue: CommandQueue, seen: SeenDoing, now: number): CommandQueue | undefined {
  let changed: CommandQueue | undefined
  for (const command of queue.commands) {
    const wasTold = command.state === 'accepted' || command.state === 'trying'
    if (wasTold && isProof(command, seen)) {
      changed = withCommand(changed ?? queue, withState(command, 'confirmed', now))
    }
  }
  return changed
}

function isProof(
  { kind, expects = '' }: Command,
  { started = false, fetched = false, firmware = '' }: SeenDoing,
): boolean {
  switch (kind) {
    case 'restart':
    case 'factory reset':
      return started
    case 'check':
      return fetched
    case 'update firmware':
      return expects === '' ? started : firmware.toUpperCase() === expects.toUpperCase()
    case 'message':
      return false
  }
}
