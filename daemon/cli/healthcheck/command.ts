// SPDX-License-Identifier: Apache-2.0
import { Command } from 'commander'
import { CONFIG_FILE, readConfig } from '#daemon/cli/config-file'
import { type CliIo, fail } from '#daemon/cli/io'
import { callDaemon, refusalOf } from '#daemon/cli/local-api'
import type { Endpoint } from '#protocols/lib/exchange'
import type { Health } from '#protocols/server'
import { PROBES, type Surroundings, Unaskable } from './probes.ts'

interface Options {
  readonly config: string
  readonly data?: string
  readonly json?: boolean
}

export interface Check {
  readonly server: string
  /** `address:port`; empty for what has none. */
  readonly endpoint: string
  /** `unchecked`: it serves, by its own account, and cannot be asked from here. */
  readonly state: 'ok' | 'failed' | 'unchecked'
  readonly detail: string
  readonly milliseconds: number
}

interface HealthJson {
  readonly servers: readonly (Health & { readonly name: string })[]
  readonly storeTrouble: string | null
}

/** `offhook healthcheck`: each server of the running daemon is asked something. Exit code 1 when one does not answer. */
export function healthcheckCommand(io: CliIo): Command {
  return new Command('healthcheck')
    .description('ask every server of the running daemon something in its own protocol')
    .option('-c, --config <file>', 'the configuration', CONFIG_FILE)
    .option('--data <folder>', 'the data folder, instead of the configured one')
    .option('--json', 'print one JSON object')
    .action(async (options: Options) => {
      try {
        const checks = await healthcheck(options, io)
        const healthy = checks.every(({ state }) => state !== 'failed')
        if (options.json) io.stdout(`${JSON.stringify({ healthy, checks })}\n`)
        else for (const check of checks) io.stdout(lineOf(check))
        if (!healthy) io.setExitCode(1)
      } catch (error) {
        // For programs, that nobody is there is an answer like others.
        const detail = error instanceof Error ? error.message : String(error)
        if (options.json) io.stdout(`${JSON.stringify({ healthy: false, checks: [], problem: detail })}\n`)
        fail(io, error)
      }
    })
}

async function healthcheck({ config: file, data }: Options, io: CliIo): Promise<Check[]> {
  const config = readConfig(file, io.environment)
  const folder = data ?? config.data.folder
  const text = async (path: string) => {
    const response = await callDaemon(folder, path)
    if (!response.ok) throw new Error(await refusalOf(response))
    return response.text()
  }
  const { servers, storeTrouble } = JSON.parse(await text('api/v1/health')) as HealthJson
  const exchanges = async (protocol: string) => sumOf(await text('metrics'), protocol)
  const checks = await Promise.all(servers.map((server) => checksOf(server, { config, exchanges })))
  const store: Check = {
    ...{ server: 'store', endpoint: '', milliseconds: 0 },
    ...(storeTrouble === null ? { state: 'ok', detail: 'writable' } : { state: 'failed', detail: storeTrouble }),
  }
  return [store, ...checks.flat()]
}

async function checksOf(server: HealthJson['servers'][number], surroundings: Surroundings): Promise<Check[]> {
  const { name, state, detail, endpoints } = server
  if (state !== 'serving')
    return [{ server: name, endpoint: '', state: 'failed', detail: `${state}: ${detail}`, milliseconds: 0 }]
  return Promise.all(endpoints.map((endpoint) => check(server, endpoint, surroundings)))
}

async function check(
  { name, detail }: HealthJson['servers'][number],
  endpoint: Endpoint,
  surroundings: Surroundings,
): Promise<Check> {
  const since = performance.now()
  const about = (state: Check['state'], said: string): Check => ({
    ...{ server: name, endpoint: `${endpoint.address}:${endpoint.port}`, state, detail: said },
    milliseconds: Math.round(performance.now() - since),
  })
  const probe = Object.hasOwn(PROBES, name) ? PROBES[name] : undefined
  if (!probe) return about('unchecked', 'there is no question for it')
  // A socket that is bound to a link's device hears nobody on this machine; `detail` names the links.
  if (detail.startsWith(ON_LINKS)) return about('unchecked', `${detail}: only they can ask`)
  try {
    return about('ok', await probe({ ...endpoint, address: reachable(endpoint.address) }, surroundings))
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return about(error instanceof Unaskable ? 'unchecked' : 'failed', why)
  }
}

/** How a DHCP server with sockets of systemd begins its account of itself. */
const ON_LINKS = 'serving the links'

function reachable(address: string): string {
  return address === '0.0.0.0' ? '127.0.0.1' : address
}

function sumOf(metrics: string, protocol: string): number {
  return metrics
    .split('\n')
    .filter((line) => line.startsWith('offhook_exchanges_total{') && line.includes(`"${protocol}"`))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0)
}

function lineOf({ server, endpoint, state, detail, milliseconds }: Check): string {
  const took = milliseconds > 0 ? ` (${milliseconds} ms)` : ''
  return `${state.padEnd(9)} ${server.padEnd(7)} ${endpoint.padEnd(21)} ${detail.replaceAll(/\p{Cc}/gu, ' ')}${took}\n`
}
