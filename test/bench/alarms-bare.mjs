// SPDX-License-Identifier: Apache-2.0
// Informs by the net-snmp package and nothing else: `alarms-bare.mjs <port> <count> <version> <window> <warm-up>`.
import snmp from 'net-snmp'

const [port, count, version, window, warmUp] = process.argv.slice(2).map(Number)
const ARC = '1.3.6.1.4.1.8072.9999.9999'
// Its version 3 informs after the first go to `port`, so that it has to be the receiver's.
const options = {
  port,
  trapPort: port,
  timeout: 2_000,
  retries: 3,
  version: version === 3 ? snmp.Version3 : snmp.Version2c,
}
const user = {
  ...{
    name: 'noc',
    level: snmp.SecurityLevel.authPriv,
    authProtocol: snmp.AuthProtocols.sha256,
    authKey: 'a-long-enough-key',
  },
  ...{ privProtocol: snmp.PrivProtocols.aes, privKey: 'another-long-key' },
}
const session =
  version === 3 ? snmp.createV3Session('127.0.0.1', user, options) : snmp.createSession('127.0.0.1', 'public', options)
session.on('error', () => {})

/** What OFFHOOK-MIB tells of an alarm: as many varbinds, of the same types and lengths. */
function varbinds(index, word) {
  const text = (column, value) => ({
    oid: `${ARC}.1.2.2.1.${column}.${index}`,
    type: snmp.ObjectType.OctetString,
    value,
  })
  const number = (column, value) => ({ oid: `${ARC}.1.2.2.1.${column}.${index}`, type: snmp.ObjectType.Integer, value })
  const date = Buffer.from([7, 234, 11, 20, 12, 42, 42, 0, 43, 0, 0])
  return [
    ...[text(2, `${word} ALARM ${index}`), text(3, 'IPPhone/00908f000001'), number(4, 5), text(5, 'it cannot sign in')],
    ...[
      text(6, 'Look at the phone.'),
      number(7, 1),
      number(8, 5),
      text(9, `${word} ALARM ${index}`),
      text(10, ''),
      text(11, ''),
    ],
    ...[text(12, '127.0.0.1'), text(13, date), text(14, date), number(15, 1), number(16, 0), text(17, '')],
    text(18, `${word} ALARM ${index}@IPPhone/00908f000001#vbZ4tBczAlWov1-N`),
  ]
}

let failed = 0
function all(count, word, then) {
  let [next, done] = [1, 0]
  const send = () => {
    if (next > count) return
    session.inform(`${ARC}.0.1`, varbinds(next++, word), (error) => {
      if (error) failed++
      if (++done === count) then()
      else send()
    })
  }
  for (let i = 0; i < window; i++) send()
}

// The first learns the receiver's engine; then all fly.
session.inform(`${ARC}.0.4`, [], () => {
  all(warmUp, 'WARM', () => {
    process.stdout.write('begin\n')
    all(count, 'OWN', () => {
      session.close()
      process.stdout.write(`${JSON.stringify({ failed })}\n`)
    })
  })
})
