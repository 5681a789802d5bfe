// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import { request } from 'node:https'
import { Client } from 'ldapts'
import type { Config } from '#config/schema'
import { BOOTREPLY, BOOTREQUEST, decode as decodeDhcp, encode as encodeDhcp } from '#protocols/dhcp/codec'
import { MESSAGE, OPTION } from '#protocols/dhcp/options'
import { messageType } from '#protocols/dhcp/query'
import { RELAY } from '#protocols/dhcp/relay'
import type { Endpoint } from '#protocols/lib/exchange'
import { type Ipv4, ipv4FromNumber, ipv4ToNumber, parseIpv4, UNSPECIFIED } from '#protocols/lib/ipv4'
import { decode as decodeSip, encode as encodeSip, header } from '#protocols/sip/codec'
import { decode as decodeSnmp, encodeScoped, encodeV3 } from '#protocols/snmp/codec-message'
import { FLAG, USM } from '#protocols/snmp/messages'
import { decode as decodeTftp, encode as encodeTftp } from '#protocols/tftp/codec'
import { askByUdp, connectByTcp, PATIENCE, tellByUdp } from './ask.ts'

/** What a probe may know besides where to ask. */
export interface Surroundings {
  readonly config: Config
  /** The sum of the exchanges with a protocol's server, of /metrics. */
  readonly exchanges: (protocol: string) => Promise<number>
}

/** Asks a server something in its own protocol; says what it answered, or rejects with why it is not well. */
export type Probe = (endpoint: Endpoint, surroundings: Surroundings) => Promise<string>

/** It cannot be asked from here; that is not its fault. */
export class Unaskable extends Error {}

/** Their own words in their logs, so that nobody takes them for a phone. */
const NAME = 'offhook-healthcheck'

export const PROBES: Readonly<Record<string, Probe>> = { web, http, tftp, dhcp, ldap, sip, snmp, syslog }

async function web(endpoint: Endpoint): Promise<string> {
  const { status } = await get(endpoint, 'healthz')
  if (status !== 200) throw new Error(`HTTP ${status}`)
  return 'HTTP 200'
}

/** The first file of every phone; a server that has none for strangers still answers. */
async function http(endpoint: Endpoint, { config }: Surroundings): Promise<string> {
  const path = 'firmwarefiles;ipp/dhcpoption160.cfg'
  const overTls = config.http.tlsListen?.port === endpoint.port
  const status = overTls ? await getByTls(endpoint, path) : (await get(endpoint, path)).status
  if (status >= 500) throw new Error(`HTTP ${status}`)
  return overTls ? `HTTP ${status} over TLS` : `HTTP ${status}`
}

/** Without a look at the certificate: it is for the name that phones know, not for this address. */
function getByTls({ address, port }: Endpoint, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(PATIENCE)
    const options = { host: address, port, path: `/${path}`, rejectUnauthorized: false, agent: false, signal }
    const asked = request({ ...options, headers: { 'User-Agent': NAME } }, (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
    asked.on('error', reject).end()
  })
}

async function get({ address, port }: Endpoint, path: string): Promise<Response> {
  const response = await fetch(`http://${address}:${port}/${path}`, {
    headers: { 'User-Agent': NAME },
    redirect: 'manual',
    signal: AbortSignal.timeout(PATIENCE),
  })
  await response.body?.cancel()
  return response
}

/** A file that nobody has: the answer is an ERROR, and nothing has to be ended [RFC1350 §5]. */
function tftp(endpoint: Endpoint): Promise<string> {
  const request = encodeTftp({ kind: 'RRQ', file: NAME, mode: 'octet', options: [] })
  return askByUdp(endpoint, request, (bytes) => {
    const answer = decodeTftp(bytes)
    return answer.kind === 'ERROR' ? `ERROR ${answer.code}` : answer.kind
  })
}

/**
 * An INFORM, which leases nothing, as a relay on this machine passes it on from the first subnet: it names the subnet
 * [RFC3527 §3], and wants the answer at its own port [RFC8357 §5].
 */
function dhcp(endpoint: Endpoint, { config }: Surroundings): Promise<string> {
  const [subnet] = config.dhcp.subnets
  if (!subnet) throw new Unaskable('there is no subnet to ask about')
  const here = parseIpv4(endpoint.address)
  if (!here) throw new Unaskable(`${endpoint.address} is no IPv4 address`)
  const xid = randomBytes(4).readUInt32BE()
  const link = ipv4FromNumber(subnet.cidr.network)
  const client = ipv4FromNumber(subnet.cidr.network + 1)
  const request = encodeDhcp({
    ...{ op: BOOTREQUEST, htype: 1, hlen: 6, hops: 1, xid, secs: 0, flags: 0, sname: '', file: '' },
    ...{ ciaddr: client, yiaddr: UNSPECIFIED, siaddr: UNSPECIFIED, giaddr: here },
    // Locally administered: no maker's.
    chaddr: Uint8Array.of(0x02, 0x0f, 0xf0, 0, 0, 1, ...new Uint8Array(10)),
    options: new Map([
      [OPTION.messageType, Uint8Array.of(MESSAGE.inform)],
      [OPTION.relayInformation, Uint8Array.of(RELAY.linkSelection, 4, ...octets(link), RELAY.sourcePort, 0)],
    ]),
  })
  return askByUdp(endpoint, request, (bytes) => {
    const answer = decodeDhcp(bytes)
    if (answer.op !== BOOTREPLY || answer.xid !== xid) return undefined
    return messageType(answer) === MESSAGE.ack ? 'ACK to INFORM' : undefined
  })
}

function octets(address: Ipv4): Uint8Array {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(ipv4ToNumber(address))
  return bytes
}

/** The root DSE, which everybody may read [RFC4512 §5.1]. */
async function ldap(endpoint: Endpoint, { config }: Surroundings): Promise<string> {
  const { tlsListen } = config.ldap
  const overTls = tlsListen !== undefined && tlsListen.port === endpoint.port
  const client = new Client({
    url: `${overTls ? 'ldaps' : 'ldap'}://${endpoint.address}:${endpoint.port}`,
    timeout: PATIENCE,
    connectTimeout: PATIENCE,
    // Its certificate is for the name that phones know, not for this address.
    ...(overTls && { tlsOptions: { rejectUnauthorized: false } }),
  })
  try {
    const { searchEntries } = await client.search('', { scope: 'base', attributes: ['supportedLDAPVersion'] })
    if (searchEntries.length !== 1) throw new Error('it has no root DSE')
    return overTls ? 'root DSE over TLS' : 'root DSE'
  } finally {
    await client.unbind().catch(() => {})
  }
}

/** OPTIONS, which every SIP server answers in some way [RFC3261 §11.2]. */
function sip(endpoint: Endpoint): Promise<string> {
  const token = randomBytes(8).toString('hex')
  const to = `sip:${endpoint.address}:${endpoint.port}`
  const request = encodeSip({
    kind: 'request',
    method: 'OPTIONS',
    uri: to,
    headers: [
      // rport: the answer shall come to the port that we asked from [RFC3581 §3].
      ['via', `SIP/2.0/UDP ${endpoint.address};branch=z9hG4bK${token};rport`],
      ['max-forwards', '1'],
      ['from', `<sip:${NAME}@${endpoint.address}>;tag=${token}`],
      ['to', `<${to}>`],
      ['call-id', token],
      ['cseq', '1 OPTIONS'],
      ['content-length', '0'],
    ],
    body: new Uint8Array(0),
  })
  return askByUdp(endpoint, request, (bytes) => {
    const answer = decodeSip(bytes)
    if (answer.kind !== 'response' || header(answer, 'call-id') !== token) return undefined
    return `SIP ${answer.status}`
  })
}

/** Who are you, by version 3: answered with a report and without any secret [RFC3414 §4]. */
function snmp(endpoint: Endpoint, { config }: Surroundings): Promise<string> {
  const asked = ipv4ToNumber(parseIpv4(endpoint.address) ?? UNSPECIFIED)
  const may = config.snmp.agent.sources.some(({ network, prefix }) => {
    const size = 2 ** (32 - prefix)
    return asked >= network && asked < network + size
  })
  if (!may) throw new Unaskable(`snmp.agent.sources does not let ${endpoint.address} ask`)
  const id = randomBytes(4).readUInt32BE() & 0x7fffffff
  const none = new Uint8Array(0)
  const pdu = { kind: 'get', requestId: id, errorStatus: 0, errorIndex: 0, varbinds: [] } as const
  const scoped = encodeScoped({ contextEngineId: none, contextName: '', pdu })
  const { bytes } = encodeV3(
    { id, maxSize: 65_507, flags: FLAG.reportable, securityModel: USM },
    { engineId: none, boots: 0, time: 0, userName: '', authentication: none, privacy: none },
    scoped,
  )
  return askByUdp(endpoint, bytes, (answer) => {
    const message = decodeSnmp(answer)
    if (message.version !== '3' || message.id !== id || message.security.engineId.length === 0) return undefined
    return `SNMPv3 engine ${Buffer.from(message.security.engineId).toString('hex')}`
  })
}

/** Syslog answers nothing: a message by UDP must be counted, and TCP must take a connection. */
async function syslog(endpoint: Endpoint, { exchanges }: Surroundings): Promise<string> {
  await connectByTcp(endpoint)
  const before = await exchanges('syslog')
  // Facility 1, severity 7 [RFC5424 §6.2.1]: of no sender that is a phone, so nobody keeps it.
  const line = new TextEncoder().encode(`<15>1 - - ${NAME} - - - are you there`)
  await tellByUdp(endpoint, line)
  for (let left = PATIENCE; left > 0; left -= 100) {
    if ((await exchanges('syslog')) > before) return 'TCP connected, UDP counted'
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error('a message by UDP was not counted')
}
