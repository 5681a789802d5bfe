// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { here } from '#test/support/process'

/**
 * Debian packages unpacked in a folder of their own: programs that cannot be installed side by side, or that would start a
 * service. What they need must be installed.
 */
export async function unpack(...packages: readonly string[]): Promise<{ path: string; close(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'offhook-peers-'))
  const close = () => rm(folder, { recursive: true, force: true })
  try {
    await here.must('apt-get', ['-qq', 'download', ...packages], { cwd: folder, timeoutMs: 120_000 })
    const path = join(folder, 'root')
    for (const file of await readdir(folder)) await here.must('dpkg', ['-x', join(folder, file), path])
    return { path, close }
  } catch (error) {
    await close()
    throw error
  }
}
