// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import { here, type Place, placeBehind, type Running } from './process.ts'

/*
 * A systemd of its own, booted on this machine's root under an overlay in memory: in mount, process, network, host name and
 * cgroup namespaces, and in a cgroup that is removed afterwards. Nothing but it sees what is done there.
 */
const BOOT = `
set -e
root=$1; files=$2; name=$3
while IFS=: read -r id controllers path; do
  case "$controllers" in
    '') tree=/sys/fs/cgroup/unified; [ -e "$tree" ] || tree=/sys/fs/cgroup ;;
    *) tree="/sys/fs/cgroup/\${controllers#name=}" ;;
  esac
  [ -e "$tree$path/cgroup.procs" ] || continue
  group="$tree\${path%/}/$name"
  mkdir "$group"
  for one in cpuset.cpus cpuset.mems; do
    if [ "$controllers" = cpuset ]; then cat "$tree$path/$one" > "$group/$one"; fi
  done
  echo $$ > "$group/cgroup.procs"
done < /proc/self/cgroup
exec unshare --mount --pid --fork --net --uts --ipc --cgroup --propagation private --kill-child sh -ec '
root=$1; files=$2
mount -t tmpfs -o size=3g overlay "$root"
mkdir "$root/upper" "$root/work" "$root/root"
mount -t overlay -o "lowerdir=/,upperdir=$root/upper,workdir=$root/work" overlay "$root/root"
hybrid=; [ -e /sys/fs/cgroup/cgroup.procs ] || hybrid=yes
cd "$root/root"
mount -t proc proc proc
mount -t sysfs sysfs sys
mount -t tmpfs -o mode=755 run run
mount -t tmpfs -o mode=1777 tmp tmp
mount -t tmpfs -o mode=755 dev dev
for node in null zero full random urandom tty; do cp -a "/dev/$node" dev/; done
ln -s /proc/self/fd dev/fd
ln -s pts/ptmx dev/ptmx
mkdir -p packages dev/pts dev/shm
if [ "$hybrid" ]; then
  mount -t tmpfs -o mode=755 cgroup sys/fs/cgroup
  mkdir sys/fs/cgroup/unified sys/fs/cgroup/systemd
  mount -t cgroup2 cgroup2 sys/fs/cgroup/unified
  mount -t cgroup -o none,name=systemd cgroup sys/fs/cgroup/systemd
else
  mount -t cgroup2 cgroup2 sys/fs/cgroup
fi
mount --bind "$files" packages
rm -f etc/machine-id usr/sbin/policy-rc.d
: > etc/machine-id
ip link set lo up
hostname booted
mkdir oldroot
pivot_root . oldroot
umount -l /oldroot
rmdir /oldroot
mount --make-rshared /
exec env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --show-status=no --log-target=null --unit=basic.target
' sh "$root" "$files"
`

export class Booted {
  /** Where programs run beside that systemd, as root. */
  readonly inside: Place
  readonly #holder: Running
  readonly #folder: string
  readonly #name: string

  private constructor(holder: Running, folder: string, name: string, init: string) {
    this.#holder = holder
    this.#folder = folder
    this.#name = name
    this.inside = placeBehind(
      ...['nsenter', `--target=${init}`, '--mount', '--pid', '--net', '--uts', '--ipc'],
      ...['env', '--chdir=/', 'PATH=/usr/sbin:/usr/bin:/sbin:/bin', 'DEBIAN_FRONTEND=noninteractive'],
    )
  }

  /** `files` is a folder of this machine that programs inside see as /packages. */
  static async up(files: string): Promise<Booted> {
    const name = `offhook-booted-${randomBytes(6).toString('hex')}`
    const folder = `/run/${name}`
    await here.must('mkdir', [folder])
    const holder = here.start('sh', ['-c', BOOT, 'sh', folder, files, name])
    const init = await poll(async () => (await here.run('pgrep', ['-P', String(holder.pid)])).stdout.trim())
    const booted = new Booted(holder, folder, name, init)
    await poll(async () => {
      const { stdout } = await booted.inside.run('systemctl', ['is-system-running'])
      return /running|degraded/.test(stdout) ? stdout : ''
    })
    return booted
  }

  async close(): Promise<void> {
    this.#holder.kill('SIGKILL')
    await this.#holder.ended
    // A group can be removed when the last process in it is gone.
    const groups = ['/sys/fs/cgroup', '-depth', '-type', 'd', '-path', `*/${this.#name}*`]
    await poll(async () => {
      await here.run('find', [...groups, '-exec', 'rmdir', '{}', ';'])
      return (await here.must('find', groups)) === '' ? 'gone' : ''
    })
    await here.run('rmdir', [this.#folder])
  }
}

/** Asks until there is an answer, for half a minute. */
export async function poll(ask: () => Promise<string>): Promise<string> {
  const end = Date.now() + 30_000
  for (;;) {
    const answer = await ask()
    if (answer !== '') return answer
    if (Date.now() > end) throw new Error(`no answer within 30 s: ${ask}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}
