// SPDX-License-Identifier: Apache-2.0
import type { Readable } from 'node:stream'
import busboy from 'busboy'
import type { Middleware } from 'koa'
import type { FormGuard } from '#web/auth/forms'
import type { NoExtras, WebContext, WebState } from '#web/context'
import { takeTime } from '#web/http/patience'
import { Problem } from '#web/http/problem'

export interface UploadedFile {
  /** As the browser calls it, without a path: hostile text, never a path of ours. */
  readonly name: string
  readonly bytes: Buffer
}

/** Takes a file as it comes, without holding it: the fields before it, what the browser calls it, its bytes. */
export type Taker = (
  ctx: WebContext,
  fields: Readonly<Record<string, string>>,
  name: string,
  bytes: AsyncIterable<Uint8Array>,
) => Promise<void>

interface Allowed {
  /** Bytes of all parts together. */
  readonly most: () => number
  readonly take?: Taker
}

export type UploadedFiles = ReadonlyMap<string, UploadedFile>

/** Uploads received at a time; each may hold its route's bytes in memory. */
const AT_ONCE = 3
const MOST_FIELDS = 50
/** Bytes of a field beside a file of any length. */
const SHORT_FIELD = 64 * 1024
const LONGEST_NAME = 200
/** Bytes within which the token must have come. */
const BEFORE_TOKEN = 128 * 1024

/** The file of a field; undefined when none was chosen. */
export function fileOf(ctx: WebContext, field: string): UploadedFile | undefined {
  return ctx.state.files?.get(field)
}

/**
 * Takes forms with files [RFC 7578], on the paths that routes allow and within their limits. The token must be the
 * form's first part, and is checked before a byte of any other is kept.
 */
export class Uploads {
  readonly #allowed = new Map<string, Allowed>()
  readonly #forms: FormGuard
  #running = 0

  constructor(forms: FormGuard) {
    this.#forms = forms
  }

  /** Lets a path take files; `most` bytes for all parts together. */
  allow(path: string, most: number): void {
    this.#allowed.set(path, { most: () => most })
  }

  /**
   * Lets a path take a file of any length, which must be the form's last part. `take` gets it as it comes; the route
   * runs once that is over.
   */
  stream(path: string, most: () => number, take: Taker): void {
    this.#allowed.set(path, { most, take })
  }

  /** Comes before the form guard, which sees the fields as those of any form. */
  middleware(): Middleware<WebState, NoExtras> {
    return async (ctx, next) => {
      if (ctx.method !== 'POST' || !ctx.is('multipart/form-data')) return next()
      const allowed = this.#allowed.get(ctx.path)
      if (!allowed) throw new Problem(415, 'This address takes no files.')
      const most = allowed.most()
      if (allowed.take) takeTime(ctx)
      if ((ctx.request.length ?? 0) > most) throw tooLong(most)
      if (this.#running >= AT_ONCE) throw new Problem(503, 'Others are uploading files just now. Try again soon.')
      this.#running++
      try {
        await this.#receive(ctx, most, allowed.take)
      } finally {
        this.#running--
        // What is left of a refused form is read and forgotten, so that the browser gets to see the answer.
        ctx.req.unpipe()
        ctx.req.resume()
      }
      await next()
    }
  }

  #receive(ctx: WebContext, most: number, taker?: Taker): Promise<void> {
    const fields: Record<string, string> = Object.create(null)
    const files = new Map<string, UploadedFile>()
    return new Promise((resolve, reject) => {
      const parser = parserFor(ctx, most, taker ? SHORT_FIELD : most + 1)
      let trusted = false
      let left = most
      let taking: Promise<void> | undefined
      let file: Readable | undefined
      const over = () => {
        ctx.request.body = fields
        ctx.state.files = files
        resolve()
      }
      const take = (size: number) => {
        left -= size
        if (left < 0) reject(tooLong(most))
        return left >= 0
      }
      const trust = (name: string, value: string) => {
        try {
          trusted = name === 'csrf' && this.#forms.accepts(ctx, value)
          if (!trusted) reject(new Problem(403, 'The page was loaded before the last sign-in. Load it again.'))
        } catch (error) {
          reject(error)
        }
      }
      parser.on('field', (name, value, { valueTruncated }) => {
        if (!trusted) trust(name, value)
        if (valueTruncated) reject(tooLong(most))
        else if (trusted && take(value.length)) fields[name] = value
      })
      parser.on('file', (field, stream, { filename }) => {
        if (!trusted) reject(new Problem(403, 'The form does not begin with its token.'))
        if (taker && trusted) {
          taking = taker(ctx, { ...fields }, (filename ?? '').slice(0, LONGEST_NAME), stream)
          file = stream
          // Not all of it was wanted: the form goes no further.
          taking.then(() => stream.readableEnded || over(), reject)
          return
        }
        const chunks: Buffer[] = []
        stream.on('data', (chunk: Buffer) => trusted && take(chunk.length) && chunks.push(chunk))
        stream.on('end', () => {
          const bytes = Buffer.concat(chunks)
          if (filename || bytes.length > 0) files.set(field, { name: (filename ?? '').slice(0, LONGEST_NAME), bytes })
        })
      })
      for (const limit of ['partsLimit', 'filesLimit', 'fieldsLimit'] as const) {
        parser.on(limit, () => reject(new Problem(413, 'The form has more parts than it should.')))
      }
      parser.on('error', () => reject(new Problem(400, 'The form is damaged: it may have been cut off on its way.')))
      ctx.req.once('close', () => {
        if (ctx.req.complete) return
        file?.destroy(Object.assign(new Error('the form was cut off'), { code: 'ECONNRESET' }))
        reject(new Problem(400, 'The form was cut off on its way.'))
      })
      let seen = 0
      ctx.req.on('data', ({ length }: Buffer) => {
        seen += length
        if (!trusted && seen > BEFORE_TOKEN) reject(new Problem(403, 'The form does not begin with its token.'))
      })
      parser.on('close', () => {
        if (taking) taking.then(over, reject)
        else over()
      })
      ctx.req.pipe(parser)
    })
  }
}

function parserFor(ctx: WebContext, most: number, fieldSize: number): busboy.Busboy {
  try {
    return busboy({
      headers: ctx.req.headers,
      defParamCharset: 'utf8',
      limits: {
        fileSize: most + 1,
        fieldSize,
        files: 1,
        fields: MOST_FIELDS,
        parts: MOST_FIELDS + 1,
        fieldNameSize: 100,
        headerPairs: 50,
      },
    })
  } catch {
    throw new Problem(400, 'The form says nothing of how its parts are divided.')
  }
}

function tooLong(most: number): Problem {
  return new Problem(413, `This form takes at most ${Math.floor(most / 2 ** 20)} MB.`)
}
