// SPDX-License-Identifier: Apache-2.0

/** X.733 probable causes in the order of AudioCodes' AC-FAULT-TC: the place in the list is the number. */
const CAUSES = [
  ...['other', 'adapter error', 'application subsystem failure', 'bandwidth reduced', 'call establishment error'],
  ...['communications protocol error', 'communications subsystem failure', 'configuration or customization error'],
  ...['congestion', 'corrupt data', 'CPU cycles limit exceeded', 'data set or modem error', 'degraded signal'],
  ...['DTE–DCE interface error', 'enclosure door open', 'equipment malfunction', 'excessive vibration', 'file error'],
  ...['fire detected', 'flood detected', 'framing error', 'heating, ventilation or cooling problem'],
  ...['humidity unacceptable', 'I/O device error', 'input device error', 'LAN error', 'leak detected'],
  ...['local node transmission error', 'loss of frame', 'loss of signal', 'material supply exhausted'],
  ...['multiplexer problem', 'out of memory', 'output device error', 'performance degraded', 'power problem'],
  ...['pressure unacceptable', 'processor problem', 'pump failure', 'queue size exceeded', 'receive failure'],
  ...['receiver failure', 'remote node transmission error', 'resource at or nearing capacity'],
  ...['response time excessive', 'retransmission rate excessive', 'software error'],
  ...['software program abnormally terminated', 'software program error', 'storage capacity problem'],
  ...['temperature unacceptable', 'threshold crossed', 'timing problem', 'toxic leak detected', 'transmit failure'],
  ...['transmitter failure', 'underlying resource unavailable', 'version mismatch', 'authentication failure'],
]

/** `5: communications protocol error`; just the number where it has no name. */
export function causeWords(cause: number): string {
  const words = CAUSES[cause]
  return words === undefined ? String(cause) : `${cause}: ${words}`
}
