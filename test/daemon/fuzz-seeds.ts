// SPDX-License-Identifier: Apache-2.0
// Sound messages for each listener, by hand: what the fuzz wounds.
import { DISCOVER, octets, REQUEST, relayed } from '#test/support/dhcp-packet'

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')
const text = (...lines: readonly string[]) => Buffer.from(lines.join('\r\n'))
const MAC = '00908f99000b'
const KEEP_ALIVE = JSON.stringify({ mac: MAC, ip: '127.0.0.1', model: '440HD', userName: 'ann', status: 'registered' })

function httpRequest(method: string, path: string, body = '', ...headers: readonly string[]): Buffer {
  const length = body === '' ? [] : [`Content-Length: ${body.length}`]
  return text(`${method} ${path} HTTP/1.1`, 'Host: 127.0.0.1', ...headers, ...length, '', body)
}

function sipRequest(method: string, ...headers: readonly string[]): Buffer {
  return text(
    `${method} sip:127.0.0.1 SIP/2.0`,
    ...['Via: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKfuzz;rport', 'Max-Forwards: 70', 'From: <sip:x@127.0.0.1>;tag=1'],
    ...['To: <sip:127.0.0.1>', 'Call-ID: fuzz-1', `CSeq: 1 ${method}`, ...headers, 'Content-Length: 0', '', ''],
  )
}

const HTTP = [
  httpRequest('GET', '/ipp/dhcpoption160.cfg', '', 'User-Agent: AUDC-IPPhone/2.2.8.61 (440HD; 00908F99000B)'),
  httpRequest('GET', `/configfiles/${MAC}.cfg`, '', 'If-Modified-Since: Sat, 21 Nov 2026 00:00:00 GMT'),
  httpRequest('GET', '/firmwarefiles/440HD.img', '', 'Range: bytes=0-99,200-'),
  httpRequest('POST', '/rest/v1/ipphoneMgrStatus/keep-alive', KEEP_ALIVE, 'Content-Type: application/json'),
  text(
    'POST /rest/v1/ipphoneMgrStatus/keep-alive HTTP/1.1',
    'Host: x',
    'Transfer-Encoding: chunked',
    '',
    '2',
    '{}',
    '0',
    '',
    '',
  ),
]

/** SNMP: get-next of sysDescr by v2c with the right community, a v1 get, and a v3 discovery. */
const SNMP = [
  hex('302a 020101 0407 72656164657273 a11c 020401020304 020100 020100 300e 300c 0608 2b06010201010100 0500'),
  hex('302a 020100 0407 72656164657273 a01c 020401020304 020100 020100 300e 300c 0608 2b06010201010100 0500'),
  hex('302a 020101 0407 72656164657273 a51c 020401020304 020100 02010a 300e 300c 0608 2b06010201010100 0500'),
  hex(
    '303e 020103 3011 020420f1a2b3 020300ffe3 040104 020103 0410 300e 0400 020100 020100 0400 0400 0400 3014 0400 0400 a00e 020401020304 020100 020100 3000',
  ),
]

/** LDAP: a search of the root DSE, one with a substring filter, a simple bind, StartTLS, and an abandon. */
const LDAP = [
  hex('3025 020101 6320 0400 0a0100 0a0100 020100 020100 010100 870b 6f626a656374436c617373 3000'),
  hex(
    '303b 020102 6336 0411 64633d6578616d706c652c64633d636f6d 0a0102 0a0100 02010a 02010a 010100 a40f 0402 636e 3009 8002 616e 8101 6e 8200 3004 0402 636e',
  ),
  hex('301c 020103 6017 020103 040b 636e3d782c64633d636f6d 8005 7365637265'),
  hex('301d 020104 7718 8016 312e332e362e312e342e312e313436362e3230303337'),
  hex('3006 020105 500101'),
]

export const SEEDS = {
  dhcp: [
    relayed({
      type: DISCOVER,
      mac: MAC,
      giaddr: '127.0.0.1',
      selection: '127.99.0.0',
      options: [60, 5, ...Buffer.from('440HD'), 55, 3, 1, 66, 160],
    }),
    relayed({
      type: REQUEST,
      mac: MAC,
      giaddr: '127.0.0.1',
      selection: '127.99.0.0',
      options: [50, 4, ...octets('127.99.1.9')],
    }),
    relayed({
      type: REQUEST,
      mac: MAC,
      giaddr: '127.0.0.1',
      options: [61, 7, 1, ...Buffer.from(MAC, 'hex'), 81, 4, 0, 0, 0, 65],
    }),
  ],
  tftp: [
    Buffer.from('\0\x01440HD.img\0octet\0blksize\x001428\0windowsize\x008\0tsize\x000\0'),
    Buffer.from('\0\x02x.cfg\0netascii\0'),
    hex('0004 0001'),
    hex('0005 0000 656e6400'),
  ],
  http: HTTP,
  web: [
    httpRequest('GET', '/'),
    httpRequest('POST', '/login', 'name=admin&password=wrong', 'Content-Type: application/x-www-form-urlencoded'),
    httpRequest('GET', '/api/v1/devices?limit=10&sort=mac', '', 'Authorization: Bearer none', 'Cookie: session=1'),
    httpRequest('POST', '/api/v1/alarms/x/acknowledge', '{"comment":"x"}', 'Content-Type: application/json'),
    httpRequest('GET', '/metrics', '', 'Accept-Encoding: gzip'),
  ],
  ldap: LDAP,
  sip: [
    sipRequest('OPTIONS'),
    sipRequest(
      'SUBSCRIBE',
      'Event: ua-profile;profile-type="device";vendor="AudioCodes";model="440HD"',
      'Contact: <sip:127.0.0.1:5060>',
      'Expires: 0',
    ),
    sipRequest(
      'NOTIFY',
      'Event: check-sync',
      'Authorization: Digest username="x", realm="y", nonce="z", uri="sip:x", response="0"',
    ),
  ],
  snmp: SNMP,
  syslog: [
    text('<165>1 2026-11-21T02:00:00.003Z phone app 1 ID47 [x@32473 iut="3" y="a\\]b"] \u{FEFF}hello', ''),
    text('<34>Oct 11 22:14:15 phone su[12]: failed for one on /dev/pts/8', ''),
    text('11 hello world9 <13>hello'),
  ],
} as const
