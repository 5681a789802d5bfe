// SPDX-License-Identifier: Apache-2.0

/** What a command knows of the process it runs in; only `main.ts` has the real one. */
export interface CliIo {
  stdout(text: string): void
  stderr(text: string): void
  /** True when a person reads standard output. */
  readonly terminal: boolean
  /** A password, asked for on the terminal without showing it, or the first line of standard input; absent where nobody can type. */
  readPassword?(prompt: string): Promise<string>
  readonly environment: Readonly<Record<string, string | undefined>>
  /** The program and the arguments that start this Offhook again, without a command. */
  readonly self?: readonly string[]
  /** Our process id, which systemd names in LISTEN_PID. */
  readonly pid: number
  /** CLOCK_MONOTONIC in microseconds, by which systemd orders reloads. */
  monotonicMicros?(): bigint
  /** Aborted by SIGINT or SIGTERM. */
  readonly signal: AbortSignal
  setExitCode(code: number): void
  /** Called at each SIGHUP, which then no longer ends the process. */
  onHangup(listener: () => void): void
  /** Called for faults that nothing caught. */
  onFault(listener: (error: unknown) => void): void
}

/** Says what went wrong in one sentence, and that the command failed. */
export function fail(io: CliIo, error: unknown, code = 1): void {
  io.stderr(`offhook: ${error instanceof Error ? error.message : String(error)}\n`)
  io.setExitCode(code)
}
