// SPDX-License-Identifier: Apache-2.0

/** A person who may sign in to the web app, as it is kept on disk under the name in lower case. */
export interface StoredAccount {
  readonly name: string
  /** Algorithm, parameters, salt and hash in one string; never the password. */
  readonly passwordHash: string
  /** True until the one-time password has been replaced by the person's own. */
  readonly mustChangePassword: boolean
  /** Milliseconds since the epoch. */
  readonly createdAt: number
}
