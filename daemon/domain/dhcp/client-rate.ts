// SPDX-License-Identifier: Apache-2.0

/** Counts what each client sends in the current second; bounded, as clients can make themselves up. */
export class ClientRate {
  readonly #most: number
  readonly #clients: number
  #counts = new Map<string, number>()
  #second = 0

  /** `most` messages a second from one client, `clients` told apart; further ones are not counted at all. */
  constructor(most: number, clients: number) {
    this.#most = most
    this.#clients = clients
  }

  /** Whether the client may have this message heard; `now` in milliseconds. */
  allows(client: string, now: number): boolean {
    const second = Math.floor(now / 1_000)
    if (second !== this.#second) {
      this.#second = second
      this.#counts = new Map()
    }
    const count = (this.#counts.get(client) ?? 0) + 1
    if (count > 1 || this.#counts.size < this.#clients) this.#counts.set(client, count)
    return count <= this.#most
  }
}
