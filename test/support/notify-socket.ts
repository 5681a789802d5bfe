// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { here, type Running } from './process.ts'

const PROGRAM = join(import.meta.dirname, 'notify-socket.py')

/** Stands in for systemd's end of NOTIFY_SOCKET: hears what a service says of itself. */
export class NotifySocket {
  readonly path: string
  readonly #running: Running
  readonly #folder: string | undefined

  private constructor(path: string, running: Running, folder: string | undefined) {
    this.path = path
    this.#running = running
    this.#folder = folder
  }

  /** At `path`, or in a folder of its own. */
  static async open(path?: string): Promise<NotifySocket> {
    const folder = path === undefined ? await mkdtemp(join(tmpdir(), 'offhook-notify-')) : undefined
    const socket = path ?? join(folder ?? '', 'socket')
    const running = here.start('python3', ['-u', PROGRAM, socket])
    await running.output(/^listening$/m)
    return new NotifySocket(socket, running, folder)
  }

  /** Each message, its assignments joined by `|`. */
  get heard(): readonly string[] {
    return this.#running.lines.slice(1)
  }

  /** Waits for a message that begins so, after the first `after` ones. */
  hears(beginning: string, after = 0): Promise<string> {
    return this.#running.line((line) => line.startsWith(beginning), `"${beginning}" from the service`, after + 1)
  }

  async close(): Promise<void> {
    this.#running.kill('SIGKILL')
    await this.#running.ended
    if (this.#folder !== undefined) await rm(this.#folder, { recursive: true, force: true })
  }
}
