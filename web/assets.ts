// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { extname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Middleware } from 'koa'

interface Asset {
  readonly type: string
  readonly bytes: Buffer
  readonly zipped: Buffer
  readonly version: string
}

const FOLDER = join(import.meta.dirname, 'assets')
const HTMX = 'vendor/htmx.min.js'

/** The parts of `offhook.css`, in the order of the cascade: later ones may rely on earlier ones. */
const STYLES = [
  'tokens',
  'base',
  'tones',
  'frame',
  'cards',
  'tables',
  'pages',
  'forms',
  'kit',
  'kit-forms',
  'dashboard',
  'devices',
  'device',
  'directory',
  'people',
  'alarms',
  'commands',
  'phone-log',
  'approvals',
  'jobs',
  'backup',
  'firmware',
  'files',
  'rollouts',
  'dhcp',
  'parameters',
  'changes',
  'templates',
]

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/**
 * The few static files, read once at start: a request can only name one of them, never a path on disk.
 * They carry no secret, so the sign-in page can use them.
 */
export class Assets {
  readonly #files = new Map<string, Asset>()

  constructor() {
    for (const name of readdirSync(FOLDER)) {
      if (extname(name) !== '') this.#add(name, readFileSync(join(FOLDER, name)))
    }
    const styles = STYLES.map((name) => readFileSync(join(FOLDER, 'css', `${name}.css`)))
    this.#add('offhook.css', Buffer.concat(styles))
    // The build puts htmx beside our own files; from sources it comes out of node_modules.
    const built = join(FOLDER, HTMX)
    const htmx = existsSync(built) ? built : createRequire(import.meta.url).resolve('htmx.org/dist/htmx.min.js')
    this.#add(HTMX, readFileSync(htmx))
  }

  /** The URL of an asset, with its version so that browsers may keep it for ever. */
  url(name: string): string {
    const asset = this.#files.get(name)
    if (!asset) throw new Error(`no asset ${name}`)
    return `/assets/${name}?v=${asset.version}`
  }

  middleware(): Middleware {
    return async (ctx, next) => {
      if (!ctx.path.startsWith('/assets/') || (ctx.method !== 'GET' && ctx.method !== 'HEAD')) return next()
      const asset = this.#files.get(ctx.path.slice('/assets/'.length))
      if (!asset) return next()
      ctx.status = 200
      ctx.type = asset.type
      ctx.etag = asset.version
      ctx.vary('Accept-Encoding')
      const forever = ctx.query.v === asset.version
      ctx.set('Cache-Control', forever ? 'public, max-age=31536000, immutable' : 'no-cache')
      if (ctx.fresh) {
        ctx.status = 304
        return
      }
      const zip = ctx.acceptsEncodings('gzip', 'identity') === 'gzip'
      if (zip) ctx.set('Content-Encoding', 'gzip')
      ctx.body = zip ? asset.zipped : asset.bytes
    }
  }

  #add(name: string, bytes: Buffer): void {
    const type = TYPES[extname(name)]
    if (type === undefined) throw new Error(`no media type for ${name}`)
    const version = createHash('sha256').update(bytes).digest('hex').slice(0, 12)
    this.#files.set(name, { type, bytes, zipped: gzipSync(bytes, { level: 9 }), version })
  }
}
