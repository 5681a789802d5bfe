// SPDX-License-Identifier: Apache-2.0
import { setTimeout as wait } from 'node:timers/promises'

/** Where a task's result can be seen, and one sentence about it. */
export interface TaskEnd {
  readonly sentence: string
  /** A path of this site. */
  readonly href: string
}

export interface Task {
  readonly id: string
  readonly title: string
  /** Name of the account that started it. */
  readonly owner: string
  /** Milliseconds since the epoch. */
  readonly startedAt: number
  /** What it was started from. */
  readonly back: string
  readonly done: number
  /** 0 while it is not known. */
  readonly whole: number
  readonly end:
    | ({ readonly kind: 'done' } & TaskEnd)
    | { readonly kind: 'failed'; readonly sentence: string }
    | undefined
}

export interface TaskOrder {
  readonly title: string
  readonly owner: string
  readonly back: string
  /** Tells its progress and ends soon after the signal; rejects when it fails, with what admins may read if it is exposed. */
  readonly run: (progress: (done: number, whole: number) => void, signal: AbortSignal) => Promise<TaskEnd>
}

export interface TasksOptions {
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly random: (bytes: number) => Uint8Array
  readonly onFault: (error: Error) => void
  /** Told at each step. */
  readonly changed?: (id: string) => void
}

/** At work at a time; remembered after they ended. */
const AT_ONCE = 4
const REMEMBERED = 50
const FAILED = 'It failed by a fault of the server, which its log tells. What was done before stays done.'

interface Entry {
  task: Task
  readonly over: Promise<void>
}

/** Work that takes longer than a page may: it goes on when its admin leaves, and can be found again by its id. */
export class Tasks {
  readonly #options: TasksOptions
  readonly #entries = new Map<string, Entry>()
  readonly #stop = new AbortController()

  constructor(options: TasksOptions) {
    this.#options = options
  }

  /** The task's id; undefined while too many others run. */
  start({ run, ...about }: TaskOrder): string | undefined {
    if (this.#stop.signal.aborted || this.running().length >= AT_ONCE) return undefined
    const { now, random } = this.#options
    const id = Buffer.from(random(16)).toString('base64url')
    const task: Task = { ...about, id, startedAt: now(), done: 0, whole: 0, end: undefined }
    this.#forgetOldest()
    const progress = (done: number, whole: number) => this.#update(id, { done, whole })
    const over = this.#carryOut(id, () => run(progress, this.#stop.signal))
    this.#entries.set(id, { task, over })
    return id
  }

  get(id: string): Task | undefined {
    return this.#entries.get(id)?.task
  }

  /** Of one account, or of all. */
  running(owner?: string): Task[] {
    const tasks = [...this.#entries.values()].map(({ task }) => task)
    return tasks.filter((task) => !task.end && (owner === undefined || task.owner === owner))
  }

  /** The task once it has ended, or as it is after some milliseconds. */
  async settled(id: string, patience: number): Promise<Task | undefined> {
    const entry = this.#entries.get(id)
    if (entry && !entry.task.end) {
      const timer = new AbortController()
      const pause = wait(patience, undefined, { signal: timer.signal }).catch(() => undefined)
      await Promise.race([entry.over, pause])
      timer.abort()
    }
    return this.get(id)
  }

  close(): void {
    this.#stop.abort()
  }

  async #carryOut(id: string, run: () => Promise<TaskEnd>): Promise<void> {
    try {
      // Not before the task is entered.
      await Promise.resolve()
      this.#update(id, { end: { kind: 'done', ...(await run()) } })
    } catch (error) {
      const told = error instanceof Error && 'expose' in error && error.expose === true ? error.message : undefined
      if (told === undefined && !this.#stop.signal.aborted) {
        this.#options.onFault(error instanceof Error ? error : new Error(String(error)))
      }
      this.#update(id, { end: { kind: 'failed', sentence: told ?? FAILED } })
    }
  }

  #update(id: string, change: Partial<Task>): void {
    const entry = this.#entries.get(id)
    if (!entry || entry.task.end) return
    entry.task = { ...entry.task, ...change }
    this.#options.changed?.(id)
  }

  #forgetOldest(): void {
    if (this.#entries.size < REMEMBERED) return
    for (const [id, { task }] of this.#entries) {
      if (!task.end) continue
      this.#entries.delete(id)
      return
    }
  }
}
