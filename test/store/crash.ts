// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { LevelStore } from '#daemon/store/level-store'
import type { Random } from '#test/store/random'

const CHILD = fileURLToPath(new URL('crash-child.ts', import.meta.url))
const GONE = -1
const counters = { name: 'counters' }

/** Acknowledged so far: the least value of each record; GONE for a removed one. */
export type Acknowledged = Map<string, number>

/** Lets a process write to the folder, kills it at a random moment, and checks what it had acknowledged. */
export async function crashRound(folder: string, random: Random, acknowledged: Acknowledged): Promise<string> {
  const atStart = random.below(5) === 0
  const marker = atStart ? 'starting\n' : 'opened\n'
  const delay = random.below(atStart ? 60 : 500)
  const output = await runAndKill(folder, random.below(1e9), marker, delay)
  // The last line may have been cut by the kill.
  for (const line of output.split('\n').slice(0, -1)) {
    const [key = '', n] = line.split(' ')
    if (key.startsWith('?')) acknowledged.delete(key.slice(1))
    else if (key.startsWith('-')) acknowledged.set(key.slice(1), GONE)
    else if (n !== undefined) acknowledged.set(key, Number(n))
  }
  const store = new LevelStore({ folder })
  await store.open()
  const missing = [...acknowledged].filter(([key, n]) => {
    const found = (store.get(counters, key)?.value as { n: number } | undefined)?.n ?? GONE
    return n === GONE ? found !== GONE : found < n
  })
  const round = `killed ${delay} ms after "${marker.trim()}", ${acknowledged.size} records acknowledged`
  await store.close()
  if (missing.length > 0) throw new Error(`${round}: missing or revived: ${JSON.stringify(missing.slice(0, 5))}`)
  return round
}

function runAndKill(folder: string, seed: number, marker: string, delay: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const args = ['--import', 'tsx', '--conditions=source', CHILD, folder, String(seed)]
    const child = spawn(process.execPath, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 60_000,
      killSignal: 'SIGKILL',
    })
    let output = ''
    let errors = ''
    let armed = false
    child.stderr.on('data', (chunk) => {
      errors += chunk
    })
    child.stdout.on('data', (chunk) => {
      output += chunk
      if (armed || !output.includes(marker)) return
      armed = true
      setTimeout(() => child.kill('SIGKILL'), delay)
    })
    child.on('error', reject)
    child.on('close', (code, signal) => {
      if (signal === 'SIGKILL' && armed) resolve(output)
      else reject(new Error(`the writer ended by itself with ${code ?? signal}: ${errors}`))
    })
  })
}
