// SPDX-License-Identifier: Apache-2.0

/** One UDP datagram of a capture. */
export interface CapturedDatagram {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly source: { readonly address: string; readonly port: number }
  readonly destination: { readonly address: string; readonly port: number }
  readonly payload: Uint8Array
}

interface Frame {
  readonly at: number
  readonly link: number
  readonly bytes: Buffer
}

const PCAP = 0xa1b2c3d4
const PCAP_NANOSECONDS = 0xa1b23c4d
const PCAPNG = 0x0a0d0d0a
const PCAPNG_ORDER = 0x1a2b3c4d
const IPV4 = 0x0800
const VLAN_TAGS = [0x8100, 0x88a8, 0x9100]
const UDP = 17
const MICROSECOND = 1e-6

/**
 * The UDP datagrams over IPv4 of a pcap or pcapng file, in its order; frames that are something else, cut short, or
 * pieces of a datagram are left out. Throws an Error when the file is neither.
 */
export function* readCapture(file: Buffer): Generator<CapturedDatagram> {
  for (const { at, link, bytes } of frames(file)) {
    const packet = ipIn(link, bytes)
    const datagram = packet && udpIn(packet)
    if (datagram) yield { at, ...datagram }
  }
}

function frames(file: Buffer): Generator<Frame> {
  const magic = file.length >= 24 ? file.readUInt32LE(0) : 0
  if (magic === PCAPNG) return pcapngFrames(file)
  if ([PCAP, PCAP_NANOSECONDS].includes(magic)) return pcapFrames(file, true, magic === PCAP)
  const swapped = file.length >= 24 ? file.readUInt32BE(0) : 0
  if ([PCAP, PCAP_NANOSECONDS].includes(swapped)) return pcapFrames(file, false, swapped === PCAP)
  throw new Error('the file is no pcap or pcapng capture')
}

function* pcapFrames(file: Buffer, little: boolean, micros: boolean): Generator<Frame> {
  const u32 = (at: number) => (little ? file.readUInt32LE(at) : file.readUInt32BE(at))
  const link = u32(20) & 0xffff
  for (let at = 24; at + 16 <= file.length; ) {
    const length = u32(at + 8)
    const start = at + 16
    if (start + length > file.length) return
    const fraction = u32(at + 4) / (micros ? 1e3 : 1e6)
    yield { at: u32(at) * 1_000 + Math.floor(fraction), link, bytes: file.subarray(start, start + length) }
    at = start + length
  }
}

/** Section headers (byte order), interfaces (link type, clock) and enhanced packets; other blocks are skipped. */
function* pcapngFrames(file: Buffer): Generator<Frame> {
  let little = true
  let links: { readonly link: number; readonly tick: number }[] = []
  const u32 = (at: number) => (little ? file.readUInt32LE(at) : file.readUInt32BE(at))
  for (let at = 0; at + 12 <= file.length; ) {
    if (file.readUInt32LE(at) === PCAPNG) {
      little = file.readUInt32LE(at + 8) === PCAPNG_ORDER
      links = []
    }
    const type = u32(at)
    const length = u32(at + 4)
    if (length < 12 || at + length > file.length) return
    const u16 = (place: number) => (little ? file.readUInt16LE(place) : file.readUInt16BE(place))
    if (type === 1 && length >= 20) {
      links.push({ link: u16(at + 8), tick: tickOf(file.subarray(at + 16, at + length - 4), little) })
    }
    if (type === 6 && length >= 32) {
      const captured = u32(at + 20)
      const ticks = u32(at + 12) * 2 ** 32 + u32(at + 16)
      const start = at + 28
      if (captured > length - 32) return
      const { link, tick } = links[u32(at + 8)] ?? { link: -1, tick: MICROSECOND }
      yield { at: Math.floor(ticks * tick * 1_000), link, bytes: file.subarray(start, start + captured) }
    }
    at += length
  }
}

/** Seconds of one tick, from an interface's option if_tsresol (9). */
function tickOf(options: Buffer, little: boolean): number {
  for (let at = 0; at + 4 <= options.length; ) {
    const code = little ? options.readUInt16LE(at) : options.readUInt16BE(at)
    const length = little ? options.readUInt16LE(at + 2) : options.readUInt16BE(at + 2)
    const exponent = options[at + 4] ?? 6
    if (code === 0) break
    if (code === 9) return exponent & 0x80 ? 2 ** -(exponent & 0x7f) : 10 ** -exponent
    at += 4 + Math.ceil(length / 4) * 4
  }
  return MICROSECOND
}

/** The IPv4 packet inside a frame: Ethernet (also tagged), Linux cooked, or nothing around it. */
function ipIn(link: number, bytes: Buffer): Buffer | undefined {
  const after = (at: number, protocol: number) =>
    bytes.length > at && protocol === IPV4 ? bytes.subarray(at) : undefined
  const u16 = (at: number) => (at + 2 <= bytes.length ? bytes.readUInt16BE(at) : 0)
  switch (link) {
    case 1: {
      let at = 12
      while (VLAN_TAGS.includes(u16(at))) at += 4
      return after(at + 2, u16(at))
    }
    case 12:
    case 101:
    case 228:
      return bytes
    case 113:
      return after(16, u16(14))
    case 276:
      return after(20, u16(0))
    default:
      return undefined
  }
}

function udpIn(packet: Buffer): Omit<CapturedDatagram, 'at'> | undefined {
  const header = ((packet[0] ?? 0) & 15) * 4
  if ((packet[0] ?? 0) >> 4 !== 4 || header < 20 || packet.length < header + 8 || packet[9] !== UDP) return undefined
  if ((packet.readUInt16BE(6) & 0x3fff) !== 0) return undefined // a piece of a datagram
  const length = packet.readUInt16BE(header + 4)
  if (length < 8 || header + length > packet.length) return undefined
  const address = (at: number) => packet.subarray(at, at + 4).join('.')
  return {
    source: { address: address(12), port: packet.readUInt16BE(header) },
    destination: { address: address(16), port: packet.readUInt16BE(header + 2) },
    payload: new Uint8Array(packet.subarray(header + 8, header + length)),
  }
}
