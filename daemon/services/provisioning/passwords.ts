// SPDX-License-Identifier: Apache-2.0
import { isSecretSetting } from '#daemon/domain/phone-secrets'
import { settingOf } from '#daemon/domain/provisioning/device-file'

/** A line that sets a password, however it got there. */
export function isPassword(line: string): boolean {
  const setting = line.includes('=') ? settingOf(line) : undefined
  return setting !== undefined && setting.value !== '' && isSecretSetting(setting.key)
}

/** A phone's file for others than the phone. */
export function withoutPasswords(text: string): string {
  const lines = text.split('\n')
  return lines.some(isPassword) ? lines.filter((line) => !isPassword(line)).join('\n') : text
}
