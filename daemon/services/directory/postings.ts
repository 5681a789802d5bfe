// SPDX-License-Identifier: Apache-2.0

/** Past the end of every list. */
export const END = 2 ** 31 - 1

/** Numbers of entries in ascending order, each at most once; four bytes each. */
export class Postings {
  #items = new Int32Array(4)
  #length = 0

  get length(): number {
    return this.#length
  }

  at(index: number): number {
    return index < this.#length ? (this.#items[index] ?? END) : END
  }

  /** The index of the first number that is not below `target`. */
  lowerBound(target: number): number {
    let low = 0
    let high = this.#length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#items[middle] ?? END) < target) low = middle + 1
      else high = middle
    }
    return low
  }

  add(ordinal: number): void {
    const place = this.at(this.#length - 1) < ordinal || this.#length === 0 ? this.#length : this.lowerBound(ordinal)
    if (this.at(place) === ordinal) return
    if (this.#length === this.#items.length) {
      const larger = new Int32Array(Math.ceil(this.#length * 1.5))
      larger.set(this.#items)
      this.#items = larger
    }
    this.#items.copyWithin(place + 1, place, this.#length)
    this.#items[place] = ordinal
    this.#length++
  }

  remove(ordinal: number): void {
    const place = this.lowerBound(ordinal)
    if (this.at(place) !== ordinal) return
    this.#items.copyWithin(place, place + 1, this.#length)
    this.#length--
  }
}
