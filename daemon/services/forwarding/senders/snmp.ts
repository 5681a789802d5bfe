// SPDX-License-Identifier: Apache-2.0
import { lookup } from 'node:dns/promises'
import type { Alarm } from '#daemon/domain/alarm'
import { alarmIndex } from '#daemon/domain/alarm-index'
import type { DestinationSecrets, SnmpSettings } from '#daemon/domain/destination'
import { type Outgoing, SendError, type Sender, sentenceOf } from '#daemon/services/forwarding/sender'
import { type NotificationSender, SnmpError, type SnmpTarget, type Tidings, type Wording } from '#protocols/snmp/port'

export interface SnmpSenderOptions {
  readonly settings: SnmpSettings
  readonly secrets: DestinationSecrets
  readonly notifier: NotificationSender
  readonly wording: Wording
  /** Hundredths of a second since the daemon started. */
  readonly uptime: () => number
  readonly now: () => number
}

/** An address found by name is used for so long, in milliseconds. */
const NAME_LASTS_MS = 60_000
const ADDRESS = /^[\d.]+$/

/** Traps, which leave, and informs, which are acknowledged. */
export class SnmpDestination implements Sender {
  readonly window: number
  readonly most = 1
  readonly pauseMillis = 0
  readonly #options: SnmpSenderOptions
  #found: { readonly address: string; readonly at: number } | undefined

  constructor(options: SnmpSenderOptions) {
    this.#options = options
    this.window = options.settings.inform ? 64 : 16
  }

  async send(messages: readonly Outgoing[]): Promise<void> {
    for (const message of messages) for (const tidings of tidingsOf(message)) await this.#tell(tidings)
  }

  heartbeat(activeAlarms: number, at: number): Promise<void> {
    return this.#tell({ kind: 'heartbeat', at, activeAlarms })
  }

  close(): Promise<void> {
    return this.#options.notifier.close()
  }

  async #tell(tidings: Tidings): Promise<void> {
    const { notifier, wording, uptime, settings } = this.#options
    try {
      await notifier.send(await this.#target(), wording(tidings, uptime()))
    } catch (error) {
      const refused = error instanceof SnmpError && (error.code === 'refused' || error.code === 'invalid')
      throw new SendError(`${settings.host}: ${sentenceOf(error)}`, { refused, cause: error })
    }
  }

  async #target(): Promise<SnmpTarget> {
    const { settings, secrets } = this.#options
    const { port, version, inform, timeoutSeconds, retries } = settings
    const { community } = secrets
    return {
      ...{ address: await this.#address(), port, version, inform, retries, timeoutMillis: timeoutSeconds * 1_000 },
      ...(version === '3' ? { user: this.#user() } : { community: community ?? '' }),
    }
  }

  #user(): NonNullable<SnmpTarget['user']> {
    const { settings, secrets } = this.#options
    const { user = '', authProtocol, privProtocol } = settings
    const { authKey, privKey } = secrets
    return {
      name: user,
      level: privProtocol ? 'authPriv' : authProtocol ? 'authNoPriv' : 'noAuthNoPriv',
      ...(authProtocol && authKey !== undefined && { authProtocol, authKey }),
      ...(privProtocol && privKey !== undefined && { privProtocol, privKey }),
    }
  }

  async #address(): Promise<string> {
    const { settings, now } = this.#options
    if (ADDRESS.test(settings.host)) return settings.host
    if (this.#found && now() - this.#found.at < NAME_LASTS_MS) return this.#found.address
    const { address } = await lookup(settings.host, 4)
    this.#found = { address, at: now() }
    return address
  }
}

/**
 * What the notifications of an alarm are. SNMP's alarms know raising, changing and clearing; a test is raised and
 * cleared at once, so that it stays in no list.
 */
function tidingsOf({ kind, at, alarm }: Outgoing): readonly Tidings[] {
  const told = toldAlarm(alarm)
  switch (kind) {
    case 'test':
      return [
        { kind: 'raised', at, alarm: told },
        { kind: 'cleared', at, alarm: told },
      ]
    case 'raised':
    case 'resent':
    case 'event':
      return [{ kind: 'raised', at, alarm: told }]
    case 'cleared':
      return [{ kind: 'cleared', at, alarm: told }]
    case 'changed':
    case 'acknowledged':
    case 'commented':
      return [{ kind: 'changed', at, alarm: told }]
  }
}

function toldAlarm(alarm: Alarm) {
  return { ...alarm, index: alarmIndex(alarm) }
}
