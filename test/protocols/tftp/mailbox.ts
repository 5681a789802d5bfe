// SPDX-License-Identifier: Apache-2.0

/** Things that arrive in their own time, taken one by one in order. */
export class Mailbox<T> {
  readonly #arrived: T[] = []
  readonly #waiting: ((item: T) => void)[] = []

  put(item: T): void {
    const taker = this.#waiting.shift()
    if (taker) taker(item)
    else this.#arrived.push(item)
  }

  /** The next one; rejects when none comes within the time. */
  take(millis = 5_000): Promise<T> {
    const item = this.#arrived.shift()
    if (item !== undefined) return Promise.resolve(item)
    return new Promise((resolve, reject) => {
      const taker = (arrived: T) => {
        clearTimeout(timer)
        resolve(arrived)
      }
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(taker), 1)
        reject(new Error(`nothing came within ${millis} ms`))
      }, millis)
      this.#waiting.push(taker)
    })
  }

  /** Everything that arrived and was not taken. */
  drain(): T[] {
    return this.#arrived.splice(0)
  }
}
