// SPDX-License-Identifier: Apache-2.0
import type { ProtocolServer } from '#protocols/server'
import type { Part } from './lifecycle.ts'
import type { Announce } from './messages.ts'
import type { Alarms } from './services/alarms/alarms.ts'
import { SERVER_LOST, type Supervised, supervise } from './supervisor.ts'

export interface SwitchedOptions {
  readonly isOn: boolean
  /** Switched off, it keeps its sockets and is silent by itself: sockets that were passed to us open only once. */
  readonly keepsSockets: boolean
  readonly alarms: Alarms
  readonly announce: Announce
}

/** A server that a reload of the configuration can start and stop. */
export class Switched implements Part {
  readonly server: ProtocolServer
  readonly #options: SwitchedOptions
  #isOn: boolean
  #running: Supervised | undefined

  constructor(server: ProtocolServer, options: SwitchedOptions) {
    this.server = server
    this.#options = options
    this.#isOn = options.isOn
  }

  get name(): string {
    return this.server.name
  }

  get isOn(): boolean {
    return this.#isOn
  }

  async start(signal: AbortSignal): Promise<void> {
    if (!this.#isOn) return
    const { alarms, announce } = this.#options
    this.#running = supervise(this.server, alarms, announce)
    await this.#running.start(signal)
  }

  async stop(): Promise<void> {
    const running = this.#running
    this.#running = undefined
    await running?.stop()
  }

  /** A port that is taken is tried again and again, with an alarm meanwhile, as if the server had lost it. */
  async turn(isOn: boolean): Promise<void> {
    if (isOn === this.#isOn) return
    this.#isOn = isOn
    if (!isOn) {
      if (this.#options.keepsSockets) return
      await this.stop()
      await this.#options.alarms.clear(SERVER_LOST, `server/${this.name}`)
      return
    }
    if (this.#running) return
    const { alarms, announce } = this.#options
    const running = supervise(this.server, alarms, announce)
    this.#running = running
    await running.start(new AbortController().signal).catch((error: Error) => running.lost(error))
  }
}
