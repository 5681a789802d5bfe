// SPDX-License-Identifier: Apache-2.0
import { type ClientRequest, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { asFailure, StepFailure } from './failure.ts'
import type { Sink, Transfer, TransferTerms } from './transfer.ts'

export interface HttpRequest extends TransferTerms {
  readonly method: 'GET' | 'POST'
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array
  /** HTTPS: phones do not check the server's certificate unless they are configured to. */
  readonly verify: boolean
}

/** A redirect, or a 2xx whose body went to the sink. */
export type HttpResult =
  | { readonly kind: 'body'; readonly transfer: Transfer }
  | { readonly kind: 'redirect'; readonly location: string }

/** One request on a connection of its own, as a small embedded client makes it. Rejects with a StepFailure. */
export function httpTransfer(request: HttpRequest, sink: Sink, signal: AbortSignal): Promise<HttpResult> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted()
    const sent = open(request)
    const end = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', abort)
      sent.destroy()
    }
    const fail = (error: unknown) => {
      end()
      reject(asFailure(error))
    }
    const abort = () => {
      end()
      reject(signal.reason)
    }
    const succeed = (result: HttpResult) => {
      end()
      resolve(result)
    }
    const timer = setTimeout(() => fail(new StepFailure('no answer in time', 'temporary')), request.timeoutMs)
    signal.addEventListener('abort', abort, { once: true })
    // Stays until the socket is gone: destroying a request may still raise an error.
    sent.on('error', fail)
    sent.once('response', (response) => {
      const { statusCode = 0, headers } = response
      if (statusCode >= 200 && statusCode < 300) return receive(response, request.mostBytes, sink, succeed, fail)
      if (isRedirect(statusCode) && headers.location) return succeed({ kind: 'redirect', location: headers.location })
      fail(new StepFailure(`HTTP ${statusCode}`, kindOf(statusCode)))
    })
    sent.end(request.body)
  })
}

function open({ method, url, headers, body, localAddress, verify }: HttpRequest): ClientRequest {
  const options: RequestOptions = {
    method,
    headers: { ...headers, Connection: 'close', ...(body && { 'Content-Length': body.length }) },
    agent: false,
    family: 4,
    ...(localAddress !== undefined && { localAddress }),
  }
  return url.protocol === 'https:'
    ? httpsRequest(url, { ...options, rejectUnauthorized: verify })
    : httpRequest(url, options)
}

function receive(
  response: IncomingMessage,
  mostBytes: number,
  sink: Sink,
  succeed: (result: HttpResult) => void,
  fail: (error: unknown) => void,
): void {
  let bytes = 0
  response.on('error', () => fail(new StepFailure('answer was cut off', 'temporary')))
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > mostBytes) fail(new StepFailure(`answer longer than ${mostBytes} bytes`))
    else if (!sink(chunk)) succeed({ kind: 'body', transfer: { bytes, complete: false } })
  })
  response.on('end', () => succeed({ kind: 'body', transfer: { bytes, complete: true } }))
}

function isRedirect(status: number): boolean {
  return [301, 302, 303, 307, 308].includes(status)
}

function kindOf(status: number): StepFailure['kind'] {
  if (status === 404) return 'missing'
  return status >= 500 ? 'temporary' : 'final'
}
