// SPDX-License-Identifier: Apache-2.0

/** Anything that is started and stopped: the store, a server, a timer. */
export interface Part {
  readonly name: string
  start(signal: AbortSignal): Promise<void>
  stop(): Promise<void>
}

/** A service as a part: it works from what the opened store holds. */
export function partOf(name: string, service: { start(): unknown; stop(): unknown }): Part {
  return {
    name,
    async start() {
      await service.start()
    },
    async stop() {
      await service.stop()
    },
  }
}

/** A part that failed to stop, or took longer than the deadline. */
export interface StopFault {
  readonly part: string
  readonly error: Error
}

/**
 * Starts parts in order. When one fails, or `signal` aborts, those already started are stopped in reverse order and
 * the failure is thrown.
 */
export async function startAll(parts: readonly Part[], signal: AbortSignal, deadline: number): Promise<void> {
  for (const [index, part] of parts.entries()) {
    try {
      signal.throwIfAborted()
      await part.start(signal)
    } catch (error) {
      await stopAll(parts.slice(0, index), deadline)
      throw error
    }
  }
}

/** Stops parts in reverse order, each within `deadline` milliseconds; collects what went wrong and goes on. */
export async function stopAll(parts: readonly Part[], deadline: number): Promise<StopFault[]> {
  const faults: StopFault[] = []
  for (const part of parts.toReversed()) {
    const error = await within(part.stop(), deadline)
    if (error) faults.push({ part: part.name, error })
  }
  return faults
}

/** What went wrong with `work`, if it did; taking longer than `deadline` milliseconds is going wrong. */
async function within(work: Promise<void>, deadline: number): Promise<Error | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<Error>((resolve) => {
    timer = setTimeout(() => resolve(new Error(`did not stop within ${deadline} ms`)), deadline)
  })
  const done = work.then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
  )
  try {
    return await Promise.race([done, late])
  } finally {
    clearTimeout(timer)
  }
}
