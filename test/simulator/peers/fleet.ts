// SPDX-License-Identifier: Apache-2.0
import { RFC_2131_TIMES } from '#daemon/simulator/dhcp-client'
import { PHONE_TIMES } from '#daemon/simulator/downloader'
import { type FleetOptions, runFleet } from '#daemon/simulator/fleet'
import type { FleetReport } from '#daemon/simulator/report'
import type { StepEvent, StepName } from '#daemon/simulator/step'
import { type DhcpPeer, dhcpPeer, ordinary, type ReplyFields, type SeenRequest } from './dhcp.ts'
import { type HttpAnswer, type HttpPeer, httpPeer, ordinaryFiles, type SeenHttp } from './http.ts'

/** As patient as phones are, so that a busy machine changes nothing; only their pauses are short. */
export const PATIENT = {
  dhcpTimes: { ...RFC_2131_TIMES, declinePause: 10 },
  transferTimes: { ...PHONE_TIMES, retryPauses: [10] },
  bootTimeout: 15_000,
} satisfies Partial<FleetOptions>

/** For servers that stay silent: loses patience within a test's time. */
export const IMPATIENT = {
  dhcpTimes: { waits: [100, 200, 400], jitter: 10, declinePause: 10 },
  transferTimes: { ...PATIENT.transferTimes, configTimeout: 500, reportTimeout: 500, tftpRetry: 50 },
  bootTimeout: 10_000,
} satisfies Partial<FleetOptions>

export interface Bench {
  readonly dhcp: DhcpPeer
  readonly http: HttpPeer
  readonly events: StepEvent[]
  run(options?: Partial<FleetOptions>, signal?: AbortSignal): Promise<FleetReport>
  /** Outcomes of one step, in order. */
  outcomes(step: StepName): string[]
  close(): Promise<void>
}

interface Scripts {
  readonly dhcp?: (request: SeenRequest, turn: number) => ReplyFields[]
  readonly http?: (request: SeenHttp, origin: string) => HttpAnswer | undefined
  /** Options of every OFFER and ACK beside the usual ones; for the ordinary DHCP responder. */
  readonly options?: (url: string) => Record<number, Buffer | string>
}

/** A scripted DHCP responder and a scripted web server; without scripts both do as they should. */
export async function bench({ dhcp, http, options }: Scripts = {}): Promise<Bench> {
  const files = await httpPeer((request, origin) => http?.(request, origin) ?? ordinaryFiles(request, origin))
  const given = { 160: `${files.url}/firmwarefiles;ipp/dhcpoption160.cfg`, ...options?.(files.url) }
  const responder = await dhcpPeer(dhcp ?? ordinary(given))
  const events: StepEvent[] = []
  return {
    dhcp: responder,
    http: files,
    events,
    run(more = {}, signal = new AbortController().signal) {
      const onStep = (event: StepEvent) => events.push(event)
      return runFleet(
        { phones: 1, seed: 1, dhcpPort: responder.port, mode: 'storm', ...PATIENT, ...more },
        { signal, onStep },
      )
    },
    outcomes: (step) =>
      events.filter((event) => event.step === step).map(({ outcome, reason }) => `${outcome} ${reason}`.trim()),
    async close() {
      responder.close()
      await files.close()
    },
  }
}
