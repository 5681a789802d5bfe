// SPDX-License-Identifier: Apache-2.0

/** The fields of an alarm that a test has nothing to say about. */
export const PLAIN_ALARM = {
  eventType: 'other',
  probableCause: 0,
  additionalInfo: [],
  scope: '',
  remoteHost: '',
  comments: [],
} as const
