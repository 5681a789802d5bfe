// SPDX-License-Identifier: Apache-2.0
import type { PhoneUrls } from './urls.ts'

export interface BootstrapSettings {
  readonly urls: PhoneUrls
  readonly keepAliveMinutes: number
  /** The account that phones present in their reports; by convention `system`. */
  readonly emsUserName: string
  /** Only one that is no secret: where admins chose that of the maker's manual. */
  readonly emsUserPassword?: string
}

/**
 * The first file a phone fetches (option 160). Anybody on the network can read it, so it holds no secret: the phone
 * account's password is left out, unless it is the one that is printed in manuals.
 */
export function bootstrapFile({ urls, keepAliveMinutes, emsUserName, emsUserPassword }: BootstrapSettings): string {
  return [
    `ems_server/keep_alive_period=${keepAliveMinutes}`,
    `ems_server/provisioning/url=${urls.keepAlive}`,
    'provisioning/method=STATIC',
    `provisioning/configuration/url=${urls.configuration}`,
    `provisioning/firmware/url=${urls.firmware}`,
    `ems_server/user_name=${emsUserName}`,
    ...(emsUserPassword === undefined ? [] : [`ems_server/user_password=${emsUserPassword}`]),
    '',
  ].join('\n')
}
