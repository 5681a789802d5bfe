// SPDX-License-Identifier: Apache-2.0
import { readFile, stat } from 'node:fs/promises'
import { Command } from 'commander'
import type { Config } from '#config/schema'
import type { Explanation } from '#daemon/domain/dhcp/explanation'
import { sentences } from '#daemon/domain/dhcp/sentences'
import { Addressing } from '#daemon/services/addressing/addressing'
import { madeUpQuery } from '#daemon/services/dhcp-desk/made-up'
import { explainRehearsal } from '#daemon/services/explain'
import { planOf } from '#daemon/settings'
import { LevelStore } from '#daemon/store/level-store'
import { identify } from '#daemon/vendors/audiocodes/identify'
import { decode } from '#protocols/dhcp/codec'
import type { LeaseQuery } from '#protocols/dhcp/port'
import { type Arrival, type Reading, readRequest } from '#protocols/dhcp/query'
import type { Endpoint } from '#protocols/lib/exchange'
import { BROADCAST } from '#protocols/lib/ipv4'
import { parseMac } from '#protocols/lib/mac'
import { MalformedPacket } from '#protocols/lib/malformed'
import { readCapture } from './capture-file.ts'
import { CONFIG_FILE, readConfig } from './config-file.ts'
import { type CliIo, fail } from './io.ts'
import { askDaemon } from './local-api.ts'
import { folderOf } from './people.ts'

interface Options {
  readonly config: string
  readonly data?: string
  readonly json?: boolean
  readonly pcap?: string
  readonly mac?: string
  readonly vendorClass?: string
  readonly userClass?: string
  readonly giaddr?: string
  readonly circuitId?: string
  readonly remoteId?: string
  readonly ask?: string
  readonly inform?: boolean
}

/** Captures are read whole. */
const LARGEST_CAPTURE = 256 * 1024 * 1024
const MOST_REPLAYED = 10_000

/** `offhook explain <mac>` asks the running daemon; a capture or made-up options are tried on the configuration. */
export function explainCommand(io: CliIo): Command {
  return new Command('explain')
    .description('say why a client got what it got, or what a made-up one would get')
    .argument('[mac]', 'a client: its last exchanges with the running daemon')
    .option('-c, --config <file>', 'the configuration', CONFIG_FILE)
    .option('--data <folder>', 'the data folder, instead of the configured one')
    .option('--json', 'print JSON')
    .option('--pcap <file>', 'replay the client messages of a capture on the configuration')
    .option('--mac <mac>', 'made up: the hardware address')
    .option('--vendor-class <text>', 'made up: option 60')
    .option('--user-class <text>', 'made up: option 77')
    .option('--giaddr <address>', 'made up: the relay, which picks the subnet; without it the first one')
    .option('--circuit-id <hex>', 'made up: option 82, circuit')
    .option('--remote-id <hex>', 'made up: option 82, remote identifier')
    .option('--ask <options>', 'made up: option 55, names or codes with commas between')
    .option('--inform', 'made up: INFORM instead of DISCOVER')
    .action(async (mac: string | undefined, options: Options) => {
      try {
        if (mac !== undefined && options.pcap === undefined) return await tellLast(mac, options, io)
        const config = readConfig(options.config, io.environment)
        if (options.pcap !== undefined) await replay(options.pcap, config, options, io)
        else tell(explainQuery(rehearsal(config), madeUp(options)), config, options, io)
      } catch (error) {
        fail(io, error)
      }
    })
}

async function tellLast(text: string, options: Options, io: CliIo): Promise<void> {
  const mac = parseMac(text)
  if (!mac) throw new Error(`"${text}" is not a MAC address`)
  const answer = await askDaemon(folderOf(options, io), `api/v1/dhcp/explain/${mac}`)
  if (options.json) return io.stdout(`${JSON.stringify(answer)}\n`)
  const exchanges = answer as { readonly exchanges: readonly { readonly sentences: readonly string[] }[] }
  for (const one of exchanges.exchanges) io.stdout(`${one.sentences.map(printable).join('\n')}\n\n`)
  if (exchanges.exchanges.length > 0) return
  throw new Error(`nothing of ${mac} is remembered: it has sent no DHCP message since the daemon started, or long ago`)
}

/** Every client message of the capture against today's configuration; leases are neither read nor made. */
async function replay(file: string, config: Config, options: Options, io: CliIo): Promise<void> {
  const { size } = await stat(file)
  if (size > LARGEST_CAPTURE) throw new Error(`${file} is larger than ${LARGEST_CAPTURE} bytes: cut it to DHCP`)
  const addressing = rehearsal(config)
  let messages = 0
  for (const { at, source, destination, payload } of readCapture(await readFile(file))) {
    if (destination.port !== 67 || messages >= MOST_REPLAYED) continue
    const reading = read(payload, source, destination.address === BROADCAST ? 'broadcast' : 'unicast')
    if (reading.kind === 'ignore' && reading.reason.startsWith('a BOOTREPLY')) continue
    messages++
    if (reading.kind === 'ignore') io.stdout(`At ${new Date(at).toISOString()}: ${printable(reading.reason)}.\n\n`)
    else tell({ ...explainQuery(addressing, reading.request.query), at }, config, options, io)
  }
  if (messages === 0) throw new Error(`${file} holds no message to a DHCP server (UDP port 67)`)
  if (messages >= MOST_REPLAYED) io.stderr(`Only the first ${MOST_REPLAYED} messages are shown.\n`)
}

function read(payload: Uint8Array, source: Endpoint, arrival: Arrival): Reading {
  try {
    return readRequest(decode(payload), source, arrival, undefined, payload)
  } catch (error) {
    if (error instanceof MalformedPacket) return { kind: 'ignore', reason: `a malformed message (${error.message})` }
    throw error
  }
}

/** The configuration at work without a store: the question is what it says, whoever has an address now. */
function rehearsal(config: Config): Addressing {
  return new Addressing({
    ...{ identify, now: Date.now, plan: planOf(config, Date.now()) },
    ...(config.dhcp.mode === 'options-only' && { mode: 'options-only' }),
    store: new LevelStore({ folder: config.data.folder }), // never opened
  })
}

function explainQuery(addressing: Addressing, query: LeaseQuery): Explanation {
  return explainRehearsal(query, addressing.rehearse(query))
}

function tell(explanation: Explanation, config: Config, { json }: Options, io: CliIo): void {
  const lines = sentences(explanation)
  if (config.dhcp.mode === 'off') lines.push('dhcp.mode is off: in truth, nobody gets an answer.')
  if (json) io.stdout(`${JSON.stringify({ ...explanation, sentences: lines })}\n`)
  else io.stdout(`${lines.map(printable).join('\n')}\n\n`)
}

const FLAGS: Readonly<Record<string, string>> = { circuitId: 'circuit-id', remoteId: 'remote-id' }

function madeUp(options: Options): LeaseQuery {
  const { mac = '', vendorClass = '', userClass = '', giaddr = '', circuitId = '', remoteId = '', ask = '' } = options
  const kind = options.inform ? 'inform' : 'discover'
  const made = madeUpQuery({ mac, vendorClass, userClass, giaddr, circuitId, remoteId, ask, kind })
  if (made.kind === 'saved') return made.value
  const [first] = made.kind === 'refused' ? made.errors : []
  if (!first) throw new Error('it cannot be understood')
  const colon = first.message.startsWith('"') ? '' : ':'
  throw new Error(`--${FLAGS[first.field] ?? first.field}${colon} ${first.message}`)
}

/** What a client wrote must not steer the terminal. */
function printable(line: string): string {
  return line.replaceAll(/\p{Cc}/gu, ' ')
}
