// SPDX-License-Identifier: Apache-2.0
import type { Middleware } from 'koa'
import type { WebPort } from '#web/port'

export interface Readiness {
  readonly ready: boolean
  /** Each thing that is not ready, and why. */
  readonly notReady: readonly { readonly name: string; readonly detail: string }[]
}

/** Ready when the store can write and every server but the web server itself (which is answering) serves. */
export function readiness(port: WebPort, self: string): Readiness {
  const notReady = port
    .servers()
    .filter(({ name, health }) => name !== self && health.state !== 'serving')
    .map(({ name, health }) => ({ name, detail: `${health.state}: ${health.detail}` }))
  const trouble = port.storeTrouble()
  if (trouble !== undefined) notReady.push({ name: 'store', detail: trouble })
  return { ready: notReady.length === 0, notReady }
}

/** `/healthz`, `/readyz` and `/metrics`: for supervisors, load balancers and Prometheus, so without a login. */
export function healthEndpoints(port: WebPort, self: string): Middleware {
  return async (ctx, next) => {
    if (ctx.method !== 'GET' && ctx.method !== 'HEAD') return next()
    switch (ctx.path) {
      case '/healthz':
        ctx.type = 'text/plain'
        ctx.body = 'ok\n'
        break
      case '/readyz': {
        const report = readiness(port, self)
        ctx.status = report.ready ? 200 : 503
        ctx.body = report
        break
      }
      case '/metrics': {
        const { contentType, body } = await port.metrics()
        ctx.set('Content-Type', contentType)
        ctx.body = body
        break
      }
      default:
        return next()
    }
    ctx.set('Cache-Control', 'no-store')
  }
}
