// SPDX-License-Identifier: Apache-2.0

/** What becomes of secrets in a file. Each kind has a name, by which what was made with it is kept apart. */
export interface Disclosure {
  readonly name: string
  /** Whether it may say whose phone it is. */
  readonly user: boolean
  /** Whether settings whose values are passwords are in it, wherever they were written. */
  readonly passwords: boolean
  /** Undefined leaves it out, and with it the line that it stands in. `sealed` was sealed for `place`. */
  readonly secret: (sealed: string, place: string) => string | undefined
  /** What stands for a secret that is known in clear; by default the secret itself. */
  readonly shown?: (secret: string) => string
}

/** For whoever has not proved to be the phone. */
export const WITHOUT_SECRETS: Disclosure = { name: 'without', user: true, passwords: false, secret: () => undefined }

/** For a phone that was not let in, or has lost what proved that it is itself. */
export const WITHOUT_USER: Disclosure = { ...WITHOUT_SECRETS, user: false }

/** For a phone that has proved to be itself. */
export function opened(open: (sealed: string, place: string) => string | undefined): Disclosure {
  return { name: 'opened', user: true, passwords: true, secret: open }
}

export const MASK = '********'

/** For people: that there is a secret, and no more. */
export const MASKED: Disclosure = {
  ...{ name: 'masked', user: true, passwords: true },
  ...{ secret: () => MASK, shown: () => MASK },
}
