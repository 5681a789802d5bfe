// SPDX-License-Identifier: Apache-2.0
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** How a command on this machine reaches the running daemon: whoever may read the data folder may ask it. */
export interface LocalApi {
  /** Ends with a slash. */
  readonly url: string
  readonly token: string
}

function fileIn(folder: string): string {
  return join(folder, 'local-api')
}

export async function offerLocalApi(folder: string, api: LocalApi): Promise<void> {
  const file = fileIn(folder)
  await rm(file, { force: true })
  await writeFile(file, JSON.stringify(api), { mode: 0o600, flag: 'wx' })
}

export function withdrawLocalApi(folder: string): Promise<void> {
  return rm(fileIn(folder), { force: true })
}

/** What the daemon answers to GET (or POST) `path`, without a leading slash; throws with a sentence when there is none. */
export async function askDaemon(folder: string, path: string, method: 'GET' | 'POST' = 'GET'): Promise<unknown> {
  const api = await readFile(fileIn(folder), 'utf8').then(
    (text): LocalApi => JSON.parse(text),
    (error: NodeJS.ErrnoException) => {
      throw new Error(error.code === 'ENOENT' ? `no daemon is running on ${folder}` : error.message)
    },
  )
  const headers = { Authorization: `Bearer ${api.token}` }
  const response = await fetch(`${api.url}${path}`, { method, headers, signal: AbortSignal.timeout(30_000) }).catch(
    (error) => {
      throw new Error(`the daemon does not answer at ${api.url}: ${error instanceof Error ? error.message : error}`)
    },
  )
  // A refusal is an answer, too: its body says all.
  if (!response.ok && !(method === 'POST' && response.status === 422))
    throw new Error(`the daemon answered ${response.status}: ${(await response.text()).slice(0, 200)}`)
  return response.json()
}
