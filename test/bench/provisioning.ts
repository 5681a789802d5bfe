// SPDX-License-Identifier: Apache-2.0
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { newPhone, newUser } from '#daemon/domain/phone'
import { LevelStore } from '#daemon/store/level-store'
import { put } from '#daemon/store/store'
import { phones, users } from '#daemon/store/tables'
import { DaemonHome } from '#test/support/daemon'
import { layStar, type StarEnd } from '#test/support/netns'
import { type Place, placeBehind, type Running } from '#test/support/process'
import { cost, goFirst, HEAP, type Metric, median, progress, rate, report } from './frame.ts'
import { previews } from './preview.ts'
import { image } from './tftp/rivals.ts'
import { unpack } from './unpacked.ts'

/*
 * Phones' files, rendered when they are asked for, beside nginx (one worker, no log) that has the same bytes on disk; and
 * firmware. The servers share one processor, the load has another, and they take turns.
 */
const PHONES = 1_000
const CONNECTIONS = 16
const SECONDS = 3
const ROUNDS = 3
const AIMS = { files: 0.5, p99: 0.5, images: 0.8 }
const MEGABYTES = 32
const FILES = '/configfiles/'

interface Target {
  readonly name: string
  readonly url: string
}

async function main(): Promise<void> {
  goFirst()
  const folder = await mkdtemp(join(tmpdir(), 'offhook-provisioning-'))
  const star = await layStar(2)
  const [at, beside] = star.ends as readonly [StarEnd, StarEnd]
  const peers = await unpack('nginx')
  const home = await DaemonHome.make({
    server: { address: at.address },
    dhcp: { mode: 'server', subnets: [{ name: 'bench', cidr: at.cidr, pools: [`${at.first}-${at.last}`] }] },
    // One machine asks for the files of a thousand phones: that is what somebody who guesses does.
    provisioning: { guesses: 100_000 },
    log: { level: 'info' },
  })
  let nginx: Running | undefined
  try {
    await fill(join(home.dataFolder, 'store'))
    await home.addFirmware('440HD.img', image(MEGABYTES * 2 ** 20))
    await home.start(placeBehind('ip', 'netns', 'exec', at.namespace.name, ...pinned(0), 'env', HEAP))
    const ours = { name: 'Offhook', url: `http://${at.address}` }
    const peer = { name: 'nginx', url: `http://${beside.address}` }
    await copyAll(star.hub, ours, join(folder, 'files'))
    nginx = await startNginx(beside, folder, join(peers.path, 'usr/sbin/nginx'))
    for (const target of [ours, peer]) await files(star.hub, target)
    const races = [...(await raceFiles(star.hub, ours, peer)), await raceImages(star.hub, ours, peer)]
    report('provisioning', [...races, ...(await previews())])
  } finally {
    nginx?.kill('SIGKILL')
    await nginx?.ended.catch(() => {})
    await home.close()
    await star.close()
    await peers.close()
    await rm(folder, { recursive: true, force: true })
  }
}

/** The servers on one processor and the load on another, where there are two. */
function pinned(processor: 0 | 1): string[] {
  return availableParallelism() > 1 ? ['taskset', '-c', String(processor)] : []
}

/** Approved phones, each with its user. */
async function fill(folder: string): Promise<void> {
  const store = new LevelStore({ folder })
  await store.open()
  const now = Date.now()
  const changes = Array.from({ length: PHONES }, (_, n) => {
    const mac = `00908f${n.toString(16).padStart(6, '0')}` as Parameters<typeof newPhone>[0]
    const [name, number] = [`user${n}`, String(4_000 + n)]
    const seen = { model: '440HD', firmware: '2.2.16.704', status: 'registered', approval: 'approved' } as const
    return [
      put(phones, mac, { ...newPhone(mac, now), ...seen, userName: name, owner: name, reportedAt: now }),
      put(users, name, { ...newUser(name, now), displayName: `Person ${n}`, phoneNumber: number }),
    ]
  }).flat()
  await store.commit(changes, { durable: false })
  await store.close()
}

/** What we serve becomes what nginx has on disk. */
async function copyAll(load: Place, { url }: Target, folder: string): Promise<void> {
  await mkdir(join(folder, FILES), { recursive: true })
  const names = Array.from({ length: PHONES }, (_, n) => `00908f${n.toString(16).padStart(6, '0')}.cfg`)
  const wanted = names.flatMap((name) => [`url = "${url}${FILES}${name}"`, `output = "${join(folder, FILES, name)}"`])
  await load.must('curl', ['-sS', '--fail', '--config', '-'], { input: wanted.join('\n'), timeoutMs: 60_000 })
  await writeFile(join(folder, '440HD.img'), image(MEGABYTES * 2 ** 20))
}

async function startNginx({ namespace, address }: StarEnd, folder: string, program: string): Promise<Running> {
  const config = join(folder, 'nginx.conf')
  await writeFile(
    config,
    `daemon off; user root; worker_processes 1; pid ${folder}/pid; error_log ${folder}/error;
     events { worker_connections 512; }
     http { access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000; default_type text/plain;
       ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/t;`).join(' ')}
       server { listen ${address}:80; root ${folder}/files; } }`,
  )
  const [first = program, ...rest] = [...pinned(0), program, '-c', config, '-e', join(folder, 'error')]
  const running = namespace.start(first, rest)
  const tries = ['-sS', '-o', '/dev/null', '--retry', '20', '--retry-connrefused', '--retry-delay', '1']
  await namespace.must('curl', [...tries, `http://${address}/440HD.img`], { timeoutMs: 30_000 })
  return running
}

interface Measured {
  readonly rate: number
  readonly p99: number
}

async function raceFiles(load: Place, ours: Target, peer: Target): Promise<Metric[]> {
  const found: [Measured[], Measured[]] = [[], []]
  for (let round = 0; round < ROUNDS; round++) {
    found[0].push(await files(load, ours))
    found[1].push(await files(load, peer))
  }
  const middle = (of: readonly Measured[], what: keyof Measured) => median(of.map((one) => one[what]))
  const [a, b] = found
  return [
    rate('rendered files, requests/s', middle(a, 'rate'), peer.name, middle(b, 'rate'), AIMS.files),
    cost('rendered files, p99 in ms', middle(a, 'p99'), peer.name, middle(b, 'p99'), AIMS.p99),
  ]
}

async function files(load: Place, { name, url }: Target): Promise<Measured> {
  const env = ['env', `OFFHOOK_PHONES=${PHONES}`, `OFFHOOK_PATH=${FILES}`]
  const script = ['-s', join(import.meta.dirname, 'phones.lua'), url]
  const said = await wrk(load, [...env, 'wrk', '-t', '1', '-c', String(CONNECTIONS), '-d', `${SECONDS}s`, ...script])
  const measured = { rate: numberIn(said, /^Requests\/sec:\s+([\d.]+)$/m), p99: numberIn(said, /^p99 (\d+)$/m) / 1_000 }
  progress(`${name.padEnd(8)} ${measured.rate.toFixed(0)} files/s, p99 ${measured.p99.toFixed(1)} ms`)
  return measured
}

async function raceImages(load: Place, ours: Target, peer: Target): Promise<Metric> {
  const found: [number[], number[]] = [[], []]
  for (let round = 0; round < ROUNDS; round++) {
    found[0].push(await images(load, { ...ours, url: `${ours.url}/firmwarefiles/440HD.img` }))
    found[1].push(await images(load, { ...peer, url: `${peer.url}/440HD.img` }))
  }
  return rate('firmware, MB/s', median(found[0]), peer.name, median(found[1]), AIMS.images)
}

async function images(load: Place, { name, url }: Target): Promise<number> {
  const said = await wrk(load, ['wrk', '-t', '1', '-c', '4', '-d', `${SECONDS}s`, url])
  const [, number = '', unit = ''] = /^Transfer\/sec:\s+([\d.]+)(GB|MB|KB)$/m.exec(said) ?? []
  const value = Number(number) * { GB: 1024, MB: 1, KB: 1 / 1024, '': Number.NaN }[unit as 'GB' | 'MB' | 'KB' | '']
  progress(`${name.padEnd(8)} firmware at ${value.toFixed(0)} MB/s`)
  return value
}

/** Throws when something was not answered with 200. */
async function wrk(load: Place, command: readonly string[]): Promise<string> {
  const [first = '', ...rest] = [...pinned(1), ...command]
  const said = await load.must(first, rest, { timeoutMs: (SECONDS + 30) * 1000 })
  if (/Non-2xx|Socket errors: connect [1-9]|read [1-9]/.test(said)) throw new Error(`not all was served:\n${said}`)
  return said
}

function numberIn(text: string, pattern: RegExp): number {
  const value = Number(pattern.exec(text)?.[1] ?? Number.NaN)
  if (!(value > 0)) throw new Error(`wrk told nothing:\n${text}`)
  return value
}

await main()
