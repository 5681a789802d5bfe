// SPDX-License-Identifier: Apache-2.0
import type { CliIo } from '#daemon/cli/io'

/** What a command said, and how it ended. */
export interface Told {
  out: string
  err: string
  code: number
}

/** A process that keeps what commands say, for those that run inside the test. */
export function cliIo(told: Told, more: Partial<CliIo> = {}): CliIo {
  return {
    stdout: (text) => {
      told.out += text
    },
    stderr: (text) => {
      told.err += text
    },
    setExitCode: (code) => {
      told.code = code
    },
    ...{ terminal: false, environment: {}, pid: 1, signal: new AbortController().signal },
    ...{ onFault: () => {}, onHangup: () => {} },
    ...more,
  }
}
