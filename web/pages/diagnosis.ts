// SPDX-License-Identifier: Apache-2.0
import type { BootStep, BootStepName } from '#daemon/domain/boot'
import type { DeviceDetail } from '#web/port'
import { firstFailure } from './boots.ts'
import type { Tone } from './presence.ts'

/** What an admin who has never seen the product needs to read first on a phone's page. */
export interface Diagnosis {
  readonly tone: Tone
  /** What is the matter, in one sentence. */
  readonly headline: string
  /** What to do about it; empty when nothing needs doing. */
  readonly advice: string
  /** Index of the failing step in the boot; -1 if none failed. */
  readonly failing: number
}

/** Each step as a person would say it: `name`, and sentences for when it fails and for when nothing follows it. */
interface StepWords {
  readonly name: string
  /** Completes “The phone …”. */
  readonly refused: string
  readonly unanswered: string
  readonly remedy: string
  /** The phone got this far and no further, and what to look at then. */
  readonly stuck: string
  readonly next: string
}

export const STEP_WORDS: Readonly<Record<BootStepName, StepWords>> = {
  discover: {
    name: 'Asked for an address',
    refused: 'was refused an address.',
    unanswered: 'asks for an address and gets no answer from this server.',
    remedy: 'Check that its subnet is configured here and has free addresses.',
    stuck: 'was offered an address but has not taken it.',
    next: 'Another DHCP server may have answered first, or the offer does not reach the phone: check the relay and the VLAN.',
  },
  lease: {
    name: 'Took an address',
    refused: 'was refused the address it asked for.',
    unanswered: 'asked for an address that this server did not grant.',
    remedy: 'It should ask again within a minute. If it keeps happening, look for a second DHCP server on the VLAN.',
    stuck: 'has an address but has not fetched a configuration.',
    next: 'Check that it can reach this server over HTTP, and that option 160 or 66 names an address it can reach.',
  },
  bootstrap: {
    name: 'Fetched the first file',
    refused: 'was refused the first file, which tells it where its configuration is.',
    unanswered: 'asked for the first file and got no answer.',
    remedy: 'Check the provisioning address given by option 160.',
    stuck: 'has read the first file but has not fetched its own configuration.',
    next: 'Check that the address in the first file can be reached from the phone’s subnet.',
  },
  config: {
    name: 'Fetched its configuration',
    refused: 'was refused its configuration.',
    unanswered: 'asked for its configuration and got no answer.',
    remedy: 'Check that a template knows its model and that the phone is approved.',
    stuck: 'has fetched its configuration but has not reported since.',
    next: 'Check that the reporting address in its configuration can be reached from the phone’s subnet.',
  },
  firmware: {
    name: 'Fetched firmware',
    refused: 'was refused its firmware.',
    unanswered: 'asked for firmware and got no answer.',
    remedy: 'Check that the image for its model is in the firmware folder.',
    stuck: 'is loading or writing its firmware.',
    next: 'This takes some minutes; do not cut its power. If it stays so, watch its display.',
  },
  started: {
    name: 'Started',
    refused: 'started, but its report was refused.',
    unanswered: 'started, but its report was not answered.',
    remedy: 'Check that the phone is approved and may report from its subnet.',
    stuck: 'has started and is about to register.',
    next: 'If it stays so for more than a few minutes, check the SIP server, user name and password in its configuration.',
  },
  registered: {
    name: 'Registered',
    refused: 'has registered, but its report was refused.',
    unanswered: 'has registered, but its report was not answered.',
    remedy: 'Check that the phone is approved and may report from its subnet.',
    stuck: 'is registered.',
    next: '',
  },
  unregistered: {
    name: 'Registration',
    refused: 'reports that it is not registered, and the report was refused.',
    unanswered: 'reports that it is not registered, and the report was not answered.',
    remedy: 'Check that the phone is approved and may report from its subnet.',
    stuck: 'is running, but no SIP server has accepted it.',
    next: 'Check the SIP server, user name and password in its configuration, and that the SIP server can be reached from its subnet.',
  },
  offline: {
    name: 'Went offline',
    refused: 'reports that it is offline, and the report was refused.',
    unanswered: 'reports that it is offline, and the report was not answered.',
    remedy: 'Check that the phone is approved and may report from its subnet.',
    stuck: 'reports that it is offline.',
    next: 'Check its SIP settings, then restart it.',
  },
}

/** `boot` is the phone's latest; `silentSince` tells when it last reported, in words. */
export function diagnose(device: DeviceDetail, boot: readonly BootStep[], silentSince: string): Diagnosis {
  const { phone, presence } = device
  if (phone.approval === 'rejected') {
    return plain('idle', 'An admin has rejected this phone: it gets no configuration.', 'Approve it to let it in.')
  }
  const failing = firstFailure(boot)
  const step = boot[failing]
  const last = boot.at(-1)
  const rebooted = (boot[0]?.at ?? 0) > phone.reportedAt
  if (presence === 'registered' && !rebooted) {
    const advice = step ? `In its last boot one step failed all the same: ${lower(STEP_WORDS[step.step].name)}.` : ''
    return { tone: 'ok', headline: 'The phone works: it is registered with its SIP server.', advice, failing }
  }
  // It had got as far as reporting, so whatever failed before that is not why it is silent.
  if (presence === 'disconnected' && !rebooted) {
    const headline = `The phone has been silent: its last report came ${silentSince}.`
    return plain(
      'warn',
      headline,
      'It is off, unplugged or cut off from this server. Check its power and switch port first.',
    )
  }
  if (step) return { ...blame(step), failing }
  if (phone.approval === 'pending') {
    return plain('warn', 'The phone waits for your approval.', 'Until then it gets no user and no passwords.')
  }
  if (presence === 'not registered') return stuck('bad', 'unregistered')
  if (presence === 'starting') return stuck('info', 'started')
  if (last) return stuck('info', last.step)
  return plain(
    'idle',
    'The phone was seen on the network but has asked this server for nothing yet.',
    STEP_WORDS.discover.remedy,
  )
}

function blame(step: BootStep): Omit<Diagnosis, 'failing'> {
  const words = STEP_WORDS[step.step]
  switch (step.ending) {
    case 'reply':
      return { tone: 'bad', headline: `The phone ${words.stuck}`, advice: words.next }
    case 'refuse':
      return { tone: 'bad', headline: `The phone ${words.refused}`, advice: words.remedy }
    case 'ignore':
      return { tone: 'bad', headline: `The phone ${words.unanswered}`, advice: words.remedy }
    case 'malformed':
      return {
        tone: 'bad',
        headline: `The phone sent something that this server could not understand (${lower(words.name)}).`,
        advice: 'Compare its firmware with that of phones that work.',
      }
    case 'fault':
      return {
        tone: 'bad',
        headline: `This server failed while it answered the phone (${lower(words.name)}).`,
        advice: 'The fault is here, not in the phone: see the active alarms on the dashboard.',
      }
  }
}

function stuck(tone: Tone, step: BootStepName): Diagnosis {
  return plain(tone, `The phone ${STEP_WORDS[step].stuck}`, STEP_WORDS[step].next)
}

function plain(tone: Tone, headline: string, advice: string): Diagnosis {
  return { tone, headline, advice, failing: -1 }
}

function lower(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}
