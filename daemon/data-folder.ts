// SPDX-License-Identifier: Apache-2.0
import { access, constants, mkdir } from 'node:fs/promises'

/** Makes sure that the data folder is there and ours to write; rejects with one sentence when it is not. */
export async function prepareDataFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await access(folder, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw new Error(`the data folder ${folder} cannot be written (${code ?? message})`, { cause: error })
  }
}
