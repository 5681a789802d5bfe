// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import { here, type Place, placeBehind, type Running } from './process.ts'

/*
 * This machine as it is, to be changed without changing it: its root under an overlay whose upper layer is memory, in mount
 * and network namespaces of its own. Everything goes with the process that holds them.
 */
const LAY = `
set -e
root=$1; files=$2
mount -t tmpfs -o size=3g overlay "$root"
mkdir "$root/upper" "$root/work" "$root/root"
mount -t overlay -o "lowerdir=/,upperdir=$root/upper,workdir=$root/work" overlay "$root/root"
cd "$root/root"
mount -t proc proc proc
mount -t tmpfs -o mode=755 run run
mount -t tmpfs -o mode=1777 tmp tmp
mount -t tmpfs -o mode=755 dev dev
for node in null zero full random urandom tty; do cp -a "/dev/$node" dev/; done
ln -s /proc/self/fd dev/fd
mkdir -p packages
mount --bind "$files" packages
ip link set lo up
echo laid
exec sleep infinity
`

export class Overlay {
  /** Where programs see the overlay as their root, as its root user. */
  readonly inside: Place
  readonly #holder: Running
  readonly #prefix: readonly string[]
  readonly #folder: string

  private constructor(holder: Running, folder: string) {
    this.#holder = holder
    this.#folder = folder
    this.#prefix = ['nsenter', `--target=${holder.pid}`, '--mount', '--net', 'chroot', `${folder}/root`]
    this.inside = placeBehind(...this.#prefix)
  }

  /** `files` is a folder of this machine that programs inside see as /packages. */
  static async lay(files: string): Promise<Overlay> {
    const folder = `/run/offhook-overlay-${randomBytes(6).toString('hex')}`
    await here.must('mkdir', [folder])
    const args = ['--mount', '--net', '--propagation', 'private', 'sh', '-c', LAY, 'sh', folder, files]
    const holder = here.start('unshare', args)
    try {
      await holder.output(/^laid$/m)
      return new Overlay(holder, folder)
    } catch (error) {
      await here.run('rmdir', [folder])
      throw error
    }
  }

  /** Programs inside behind one more, such as setpriv. Each replaces the one before: signals reach the last. */
  behind(...prefix: readonly string[]): Place {
    return placeBehind(...this.#prefix, ...prefix)
  }

  /** The path of this machine's /proc at which a file inside can be reached from outside. */
  outside(path: string): string {
    return `/proc/${this.#holder.pid}/root${this.#folder}/root${path}`
  }

  async close(): Promise<void> {
    this.#holder.kill('SIGKILL')
    await this.#holder.ended
    await here.run('rmdir', [this.#folder])
  }
}
