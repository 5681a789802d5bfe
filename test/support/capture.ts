// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { here, type Place, type Running } from './process.ts'

/** An impartial witness: tshark records what crosses an interface and judges it with its own dissectors. */
export class Capture {
  readonly #running: Running
  readonly #folder: string

  private constructor(running: Running, folder: string) {
    this.#running = running
    this.#folder = folder
  }

  /** Records until `stop`; `filter` is pcap-filter(7). */
  static async start(place: Place, device: string, filter: string): Promise<Capture> {
    const folder = await mkdtemp(join(tmpdir(), 'offhook-capture-'))
    const running = place.start('tshark', ['-n', '-q', '-i', device, '-w', join(folder, 'frames'), '-f', filter])
    await running.output(/Capturing on/)
    return new Capture(running, folder)
  }

  async stop(): Promise<void> {
    this.#running.kill('SIGINT')
    await this.#running.end()
  }

  /** The summary lines of the frames that a display filter picks. */
  async frames(displayFilter: string): Promise<string[]> {
    const text = await here.must('tshark', ['-n', '-r', join(this.#folder, 'frames'), '-Y', displayFilter])
    return text.split('\n').filter(Boolean)
  }

  async close(): Promise<void> {
    this.#running.kill('SIGKILL')
    await this.#running.ended
    await rm(this.#folder, { recursive: true, force: true })
  }
}
