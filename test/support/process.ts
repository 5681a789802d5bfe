// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from 'node:child_process'

/** How a process ended, and everything it wrote. */
export interface Ended {
  readonly code: number | null
  readonly signal: string | null
  readonly stdout: string
  readonly stderr: string
}

export interface StartOptions {
  readonly cwd?: string
  /** Added to a bare environment: what the test runner sets for itself never leaks into a program under test. */
  readonly env?: Readonly<Record<string, string>>
  readonly input?: string
}

export interface RunOptions extends StartOptions {
  /** Milliseconds; a process that runs longer is killed and the call rejects. 20 s unless told. */
  readonly timeoutMs?: number
}

/** Where a program runs: on this machine, or in a namespace of test/support/netns.ts. */
export interface Place {
  start(command: string, args: readonly string[], options?: StartOptions): Running
  /** Runs a program to its end, whatever its exit code. */
  run(command: string, args: readonly string[], options?: RunOptions): Promise<Ended>
  /** Runs a program that must succeed; gives its standard output. */
  must(command: string, args: readonly string[], options?: RunOptions): Promise<string>
}

/** A process that a test started. The test ends it by its own id and by nothing else. */
export class Running {
  readonly #child: ChildProcess
  readonly #command: string
  readonly #checks = new Set<() => void>()
  readonly #lines: string[] = []
  #stdout = ''
  #stderr = ''
  #unended = ''
  #outcome: { code: number | null; signal: string | null } | undefined
  /** Rejects when the program cannot be run at all: a missing tool is a failure, never a skipped test. */
  readonly ended: Promise<Ended>

  constructor(command: string, args: readonly string[], options: StartOptions) {
    this.#command = [command, ...args].join(' ')
    const bare = { PATH: process.env.PATH, HOME: process.env.HOME, LANG: 'C.UTF-8' }
    const child = spawn(command, args, { cwd: options.cwd, env: { ...bare, ...options.env } })
    this.#child = child
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text
      const [first = '', ...rest] = text.split('\n')
      const lines = [this.#unended + first, ...rest]
      this.#unended = lines.pop() ?? ''
      this.#lines.push(...lines)
      this.#check()
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text
      this.#check()
    })
    this.ended = new Promise((resolve, reject) => {
      child.once('error', (cause) => reject(new Error(`cannot run ${command}: ${cause.message}`, { cause })))
      child.once('close', (code, signal) => {
        this.#outcome = { code, signal }
        resolve({ code, signal, stdout: this.#stdout, stderr: this.#stderr })
        this.#check()
      })
    })
    this.ended.catch(() => {})
    // A process that ends without reading its input is judged by how it ended.
    child.stdin.on('error', () => {}).end(options.input ?? '')
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error(`${this.#command} did not start`)
    return this.#child.pid
  }

  get stdout(): string {
    return this.#stdout
  }

  get stderr(): string {
    return this.#stderr
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** The complete lines of standard output so far. */
  get lines(): readonly string[] {
    return this.#lines
  }

  /** Waits until standard output or error holds the pattern; rejects when the process ends or the time runs out first. */
  output(pattern: RegExp, timeoutMs?: number): Promise<RegExpExecArray> {
    return this.#until(() => pattern.exec(this.#stdout) ?? pattern.exec(this.#stderr), String(pattern), timeoutMs)
  }

  /** Waits for a line of standard output that suits, from line `after` on; `what` is for the error message. */
  line(suits: (line: string) => boolean, what: string, after = 0): Promise<string> {
    let next = after
    return this.#until(() => {
      while (next < this.#lines.length) {
        const line = this.#lines[next++]
        if (line !== undefined && suits(line)) return line
      }
      return undefined
    }, what)
  }

  #until<T>(probe: () => T | null | undefined, what: string, timeoutMs = 15_000): Promise<T> {
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void) => {
        clearTimeout(timer)
        this.#checks.delete(check)
        settle()
      }
      const fail = (why: string) => finish(() => reject(new Error(`${this.#command}: ${why}\n${this.#transcript()}`)))
      const check = () => {
        const found = probe()
        if (found !== null && found !== undefined) finish(() => resolve(found))
        else if (this.#outcome) fail(`ended with ${this.#outcome.code ?? this.#outcome.signal} before ${what}`)
      }
      const timer = setTimeout(() => fail(`no ${what} within ${timeoutMs} ms`), timeoutMs)
      this.#checks.add(check)
      this.ended.catch((error: Error) => fail(error.message))
      check()
    })
  }

  /** Waits for the end; a process that outlives the time is killed and the call rejects. */
  async end(timeoutMs = 20_000): Promise<Ended> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        this.#child.kill('SIGKILL')
        reject(new Error(`${this.#command}: still running after ${timeoutMs} ms\n${this.#transcript()}`))
      }, timeoutMs)
    })
    return Promise.race([this.ended, late]).finally(() => clearTimeout(timer))
  }

  #transcript(): string {
    return `${this.#stdout.slice(-4_000)}\n${this.#stderr.slice(-4_000)}`
  }

  #check(): void {
    for (const check of [...this.#checks]) check()
  }
}

/** A place where each program is started behind another one, e.g. `ip netns exec <name>`. */
export function placeBehind(...prefix: readonly string[]): Place {
  const start: Place['start'] = (command, args, options = {}) => {
    const [first = command, ...rest] = [...prefix, command, ...args]
    return new Running(first, rest, options)
  }
  const run: Place['run'] = (command, args, options = {}) => start(command, args, options).end(options.timeoutMs)
  const must: Place['must'] = async (command, args, options) => {
    const { code, signal, stdout, stderr } = await run(command, args, options)
    if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code ?? signal}:\n${stdout}\n${stderr}`)
    return stdout
  }
  return { start, run, must }
}

/** This machine, as the test itself sees it. */
export const here = placeBehind()
