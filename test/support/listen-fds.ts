// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path'
import type { Place } from './process.ts'

const HELPER = join(import.meta.dirname, 'listen-fds.py')

/** One socket to pass: what the unit would call it, and the device it is bound to. */
export interface Link {
  readonly name: string
  readonly device: string
}

/** A place whose programs are started with UDP sockets bound to devices, as systemd would start them. */
export function passing(port: number, links: readonly Link[], place: Place): Place {
  const helper = [HELPER, String(port), ...links.map(({ name, device }) => `${name}=${device}`), '--']
  return {
    start: (command, args, options) => place.start('python3', [...helper, command, ...args], options),
    run: (command, args, options) => place.run('python3', [...helper, command, ...args], options),
    must: (command, args, options) => place.must('python3', [...helper, command, ...args], options),
  }
}
