// SPDX-License-Identifier: Apache-2.0
import { Command, type ErrorOptions, InvalidArgumentError, Option } from 'commander'
import { FLEET_DEFAULTS, type FleetOptions, runFleet } from '#daemon/simulator/fleet'
import { type HabitShares, MISBEHAVIOURS } from '#daemon/simulator/habit'
import { MOST_PHONES } from '#daemon/simulator/identity'
import { formatReport } from '#daemon/simulator/report-text'
import type { StepEvent } from '#daemon/simulator/step'
import { type Ipv4, parseIpv4 } from '#protocols/lib/ipv4'
import type { CliIo } from './io.ts'

export { runFleet } from '#daemon/simulator/fleet'

/** What the command needs of its process. */
export type SimulateIo = Pick<CliIo, 'stdout' | 'stderr' | 'signal' | 'setExitCode'>

const SOME_FAILED = 1
const USAGE = 2
/** Other phones than those of the try-out, which have the seed of the fleet's defaults. */
const SEED = 1

/** The command line's options after parsing. */
interface Flags {
  readonly server: string
  readonly dhcpPort: number
  readonly relayAddress: Ipv4
  readonly relayPort: number
  readonly circuitId: string
  readonly mode: 'steady' | 'storm'
  readonly rate: number
  readonly concurrency: number
  readonly sockets: number
  readonly seed: number
  readonly models: readonly string[]
  readonly misbehave?: HabitShares
  readonly stay: boolean
  readonly leave?: 'silently' | 'offline' | 'release' | 'both'
  readonly timeout: number
  readonly minute: number
  readonly firmware: boolean
  readonly bindLeased: boolean
  readonly verbose: boolean
  readonly json: boolean
}

/**
 * `offhook simulate <n>`. Exit codes: 0 all phones booted, 1 some did not (or the relay address could not be
 * bound), 2 usage.
 */
export function simulateCommand(io: SimulateIo): Command {
  const defaults = FLEET_DEFAULTS
  return new SimulateCommand('simulate')
    .description('boot virtual phones against a server: DHCP through a relay address, HTTP or TFTP, status reports')
    .argument('<n>', 'how many phones', wholeNumber(1, MOST_PHONES))
    .option('--server <host>', 'the DHCP server; the phones learn everything else from it', defaults.server)
    .option('--dhcp-port <port>', 'its DHCP port', wholeNumber(1, 65_535), defaults.dhcpPort)
    .option(
      '--relay-address <ip>',
      'act as the relay agent at this local address (giaddr)',
      address,
      defaults.relayAddress,
    )
    .option(
      '--relay-port <port>',
      '0: any, by RFC 8357; 67: an ordinary relay',
      wholeNumber(0, 65_535),
      defaults.relayPort,
    )
    .option('--circuit-id <text>', 'option 82 sub-option 1; %n becomes the phone’s number', defaults.circuitId)
    .addOption(
      new Option('--mode <mode>', 'steady, or storm: all at once').choices(['steady', 'storm']).default('steady'),
    )
    .option('--rate <n>', 'steady: phones switched on per second', wholeNumber(1, 100_000), defaults.rate)
    .option('--concurrency <n>', 'steady: phones booting at a time', wholeNumber(1, MOST_PHONES), defaults.concurrency)
    .option('--sockets <n>', 'transfers at a time', wholeNumber(1, 20_000), defaults.sockets)
    .option('--seed <n>', 'the same seed makes the same phones', wholeNumber(0, 255), SEED)
    .addOption(
      new Option('--models <list>', 'models to mix, comma-separated')
        .argParser(modelList)
        .default(defaults.models, 'eight of the 400HD series'),
    )
    .option('--misbehave <list>', `shares, as flaps=5%: ${MISBEHAVIOURS.join(' ')}`, shares)
    .option('--stay', 'keep the phones up, with keep-alives, until interrupted', false)
    .addOption(
      new Option('--leave <how>', 'how they go; by default both after --stay, else silently').choices([
        'silently',
        'offline',
        'release',
        'both',
      ]),
    )
    .option('--timeout <seconds>', 'for one boot', wholeNumber(1, 86_400), defaults.bootTimeout / 1000)
    .option('--minute <seconds>', 'how long a phone’s minute lasts', positive, defaults.minute / 1000)
    .option('--no-firmware', 'skip the firmware check')
    .option('--no-bind-leased', 'do not bind a phone’s sockets to its leased address')
    .option('--verbose', 'tell each step as it happens', false)
    .option('--json', 'the report as JSON', false)
    .configureOutput({ writeOut: io.stdout, writeErr: io.stderr })
    .action((phones: number, flags: Flags) => simulate(phones, flags, io))
}

/** Commander's own exit code for a usage error is 1, which says here that phones failed. */
class SimulateCommand extends Command {
  override error(message: string, options?: ErrorOptions): never {
    return super.error(message, { ...options, exitCode: USAGE })
  }
}

async function simulate(phones: number, flags: Flags, io: SimulateIo): Promise<void> {
  const onStep = (event: StepEvent) => {
    if (flags.verbose) io.stderr(`${stepLine(event)}\n`)
  }
  try {
    const report = await runFleet({ phones, ...fleetOptions(flags) }, { signal: io.signal, onStep })
    io.stdout(flags.json ? `${JSON.stringify(report, undefined, 2)}\n` : formatReport(report))
    if (report.booted < report.phones) io.setExitCode(SOME_FAILED)
  } catch (error) {
    io.stderr(`offhook: ${error instanceof Error ? error.message : String(error)}\n`)
    io.setExitCode(SOME_FAILED)
  }
}

function fleetOptions(flags: Flags): Partial<FleetOptions> {
  const { server, dhcpPort, relayAddress, relayPort, circuitId, mode, rate, concurrency, sockets } = flags
  const { seed, models, misbehave = {}, stay, bindLeased, firmware: checkFirmware } = flags
  const network = { server, dhcpPort, relayAddress, relayPort, circuitId, sockets, bindLeased }
  const leave = flags.leave ?? (stay ? 'both' : 'silently')
  return {
    ...network,
    ...{ mode, rate, concurrency, seed, models, misbehave, stay, checkFirmware },
    leave: { offline: leave === 'offline' || leave === 'both', release: leave === 'release' || leave === 'both' },
    bootTimeout: flags.timeout * 1000,
    minute: flags.minute * 1000,
  }
}

function stepLine({ phone, step, outcome, reason, ms }: StepEvent): string {
  return `${phone.mac} ${phone.model.padEnd(6)} ${step.padEnd(10)} ${outcome} ${ms.toFixed(1)} ms ${reason}`.trimEnd()
}

function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : -1
    if (value < least || value > most)
      throw new InvalidArgumentError(`A whole number from ${least} to ${most}, please.`)
    return value
  }
}

function positive(text: string): number {
  const value = Number(text)
  if (!(value > 0 && value <= 86_400)) throw new InvalidArgumentError('A number of seconds above 0, please.')
  return value
}

function address(text: string): Ipv4 {
  const parsed = parseIpv4(text)
  if (!parsed) throw new InvalidArgumentError('An IPv4 address, please.')
  return parsed
}

function modelList(text: string): string[] {
  const models = text.split(',').map((model) => model.trim())
  if (!models.every((model) => /^[A-Za-z0-9-]{2,16}$/.test(model))) {
    throw new InvalidArgumentError('Model names separated by commas, please: 430HD,C450HD.')
  }
  return models
}

function shares(text: string): HabitShares {
  const read: Record<string, number> = {}
  for (const part of text.split(',')) {
    const [, name = '', percent = ''] = /^\s*([a-z-]+)=(\d{1,3})%?\s*$/.exec(part) ?? []
    const known = MISBEHAVIOURS.find((habit) => habit === name)
    if (!known || percent === '' || Number(percent) > 100) {
      throw new InvalidArgumentError(`Shares such as flaps=5%, please, of: ${MISBEHAVIOURS.join(', ')}.`)
    }
    read[known] = Number(percent) / 100
  }
  return read
}
