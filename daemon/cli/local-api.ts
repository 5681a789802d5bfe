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

export interface Call {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Sent as JSON, or as it is; a stream as it comes. */
  readonly body?: object | Uint8Array | ReadableStream<Uint8Array>
  readonly accept?: string
  /** Of a body that is sent as it is; by default CSV. */
  readonly type?: string
  readonly signal?: AbortSignal
}

const PATIENCE = 30_000

/** Nobody runs on the folder, as far as can be seen. */
export class NoDaemon extends Error {}

/** The daemon's answer to a request for `path`, without a leading slash; throws with a sentence when there is none. */
export async function callDaemon(folder: string, path: string, call: Call = {}): Promise<Response> {
  const api = await readFile(fileIn(folder), 'utf8').then(
    (text): LocalApi => JSON.parse(text),
    (error: NodeJS.ErrnoException) => {
      throw error.code === 'ENOENT' ? new NoDaemon(`no daemon is running on ${folder}`) : error
    },
  )
  const {
    method = 'GET',
    body,
    accept = '*/*',
    type: fileType = 'text/csv',
    signal = AbortSignal.timeout(PATIENCE),
  } = call
  const isFile = body instanceof Uint8Array
  const isStream = body instanceof ReadableStream
  const sent = isStream ? 'application/octet-stream' : isFile ? fileType : 'application/json'
  const type = body && { 'Content-Type': sent }
  const headers = { Authorization: `Bearer ${api.token}`, Accept: accept, ...type }
  const content = body && {
    body: isStream ? body : isFile ? Uint8Array.from(body) : JSON.stringify(body),
    ...(isStream && { duplex: 'half' as const }),
  }
  return fetch(`${api.url}${path}`, { method, headers, signal, ...content }).catch((error) => {
    // Who was killed left the file behind; a refused connection says that nobody is there any more.
    const refused = (error as { cause?: { code?: string } }).cause?.code === 'ECONNREFUSED'
    const sentence = `the daemon does not answer at ${api.url}: ${error instanceof Error ? error.message : error}`
    throw refused ? new NoDaemon(sentence) : new Error(sentence)
  })
}

/** What the daemon answers to GET (or POST) `path`, without a leading slash; throws with a sentence when there is none. */
export async function askDaemon(folder: string, path: string, method: 'GET' | 'POST' = 'GET'): Promise<unknown> {
  const response = await callDaemon(folder, path, { method })
  // A refusal is an answer, too: its body says all.
  if (!response.ok && !(method === 'POST' && response.status === 422))
    throw new Error(`the daemon answered ${response.status}: ${(await response.text()).slice(0, 200)}`)
  return response.json()
}

/** The sentences of an answer that is no success: of its fields, or of the whole. */
export async function refusalOf(response: Response): Promise<string> {
  const text = await response.text()
  try {
    const { detail, errors = [] } = JSON.parse(text) as { detail?: string; errors?: { message: string }[] }
    return errors.length > 0 ? errors.map(({ message }) => message).join(' ') : (detail ?? text.slice(0, 200))
  } catch {
    return `the daemon answered ${response.status}: ${text.slice(0, 200)}`
  }
}
