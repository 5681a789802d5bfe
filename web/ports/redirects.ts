// SPDX-License-Identifier: Apache-2.0
import type { Redirect } from '#daemon/domain/redirect'
import type { Mac } from '#protocols/lib/mac'
import type { Saved } from './saved.ts'

/** Where phones are sent that ask the redirect service. */
export interface RedirectsPort {
  isOn(): boolean
  list(): readonly Redirect[]
  /** An empty `url` means ourselves. Errors name `macs`, `url` or `note`. */
  set(macs: readonly Mac[], url: string, note: string, by: string): Promise<Saved<number>>
  /** False when it was not on the list. */
  unset(mac: Mac, by: string): Promise<boolean>
}

/** Whether phones of a subnet that look for us by name find us. */
export interface NameAnswer {
  readonly subnet: string
  /** `ProvisioningServer.<domain>`. */
  readonly name: string
  /** `ours`: it leads here; `other`: to somebody else; `none`: there is no such name; `failed`: nobody answered. */
  readonly kind: 'ours' | 'other' | 'none' | 'failed'
  readonly sentence: string
}

export interface NamePort {
  /** What was found at most a minute ago. It never rejects. */
  check(): Promise<{ readonly at: number; readonly rows: readonly NameAnswer[] }>
}
