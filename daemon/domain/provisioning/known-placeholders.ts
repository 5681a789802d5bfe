// SPDX-License-Identifier: Apache-2.0

interface KnownPlaceholder {
  readonly title: string
  /** What it is for, and what may stand in it. */
  readonly description: string
  /** Follows from the phone or its user: nobody sets it for a level. */
  readonly given?: true
}

/** The placeholders that the shipped templates and those of the incumbent use, without `%ITCS_` and `%`. */
export const KNOWN_PLACEHOLDERS: Readonly<Record<string, KnownPlaceholder>> = {
  ServerIP: { title: 'Our address', description: 'As the phone reaches us.' },
  KeepActivePeriod: { title: 'Keep-alive period', description: 'Minutes between two reports of a phone.' },
  KeepAliveUrl: { title: 'Where phones report', description: 'The address to which keep-alives and alarms go.' },
  ConfigurationUrl: { title: 'Where files are fetched', description: 'The folder of the phones’ files.' },
  FirmwareUrl: { title: 'Where firmware is fetched', description: 'The folder of the firmware images.' },
  FirmwareFile: { title: 'Firmware file', description: 'The name of the image, where a template names one.' },
  Version: { title: 'Firmware version', description: 'For templates that name it.' },
  EmsUserName: { title: 'Reporting account', description: 'The name with which phones report; system by convention.' },
  EmsUserPassword: { title: 'Password of the reporting account', description: 'Empty where ours is made by itself.' },
  HTTP_OR_S: { title: 'How files are fetched', description: 'http or https.' },
  HTTP_PROXY_IP: { title: 'Address of the HTTP proxy', description: 'For phones behind a session border controller.' },
  HTTP_PROXY_PORT: { title: 'Port of the HTTP proxy', description: 'For phones behind a session border controller.' },
  Language: { title: 'Language', description: 'Of the display, such as English, German or French.' },
  Primary_NTP: { title: 'Time server', description: 'Address of the server that tells phones the time.' },
  TimeZoneName: { title: 'Name of the time zone', description: 'For templates that name it.' },
  TimeZoneLocation: { title: 'Time zone', description: 'Hours and minutes east of Greenwich, such as +01:00.' },
  DayLightSwitch: {
    title: 'Daylight saving, older name',
    description: 'ENABLE or DISABLE, as older templates want it.',
  },
  DayLightActivate: { title: 'Daylight saving', description: 'Enable or Disable; follows from the time zone.' },
  DayLightMode: { title: 'How its days are written', description: 'DayOfWeek or Fixed.' },
  DayLightOffset: { title: 'Minutes of daylight saving', description: 'Added in summer, mostly 60.' },
  ...side('Start', 'begins'),
  ...side('End', 'ends'),
  MwiVmNumber: { title: 'Voice mail number', description: 'What the message key dials.' },
  VLANMode: { title: 'VLAN mode', description: 'CDP_LLDP, CDP, LLDP, Manual or Disable.' },
  VLANID: { title: 'VLAN', description: '0 to 4096.' },
  VLANPriority: { title: 'VLAN priority', description: '0 to 7.' },
  SRTP: { title: 'Encrypted speech', description: '1 requires SRTP, 0 does not.' },
  SipDigitMap: { title: 'Digit map', description: 'What numbers look like: *xx|0xx.T and alike.' },
  SipTransport: { title: 'Transport of SIP', description: 'UDP, TCP or TLS.' },
  Proxy_address: { title: 'SIP proxy', description: 'Address of the telephone system.' },
  Proxy_port: { title: 'Port of the SIP proxy', description: 'Mostly 5060.' },
  Proxy_gateway: {
    title: 'SIP domain',
    description: 'The name in addresses, where it differs from the proxy’s address.',
  },
  Outbound_proxy: { title: 'Outbound proxy', description: 'Where SIP goes first; the primary one.' },
  Outbound_proxy_port: { title: 'Port of the outbound proxy', description: 'Mostly 5060.' },
  Redundant_outbound_proxy_enable: { title: 'Second outbound proxy', description: '1 uses it when the first fails.' },
  Redundant_outbound_proxy: { title: 'Address of the second outbound proxy', description: 'The backup.' },
  SpeedDialName1: { title: 'Speed dial 1, label', description: 'Beside the first programmable key.' },
  SpeedDialNumber1: { title: 'Speed dial 1, number', description: 'What it dials.' },
  SpeedDialName2: { title: 'Speed dial 2, label', description: 'Beside the second programmable key.' },
  SpeedDialNumber2: { title: 'Speed dial 2, number', description: 'What it dials.' },
  IPPhoneUsername: {
    title: 'Administrator of the phone',
    description: 'With which the phone’s own web page is entered.',
  },
  IPPhonePassword: { title: 'Password of the phone’s administrator', description: 'In clear or as {"…"}.' },
  Line1Enabled: { title: 'First line', description: '1 when the phone has a user.', given: true },
  Line1Id: { title: 'Number of the line', description: 'The user’s first number.', given: true },
  Line1AuthName: { title: 'Sign-in name of the line', description: 'The user’s.', given: true },
  Line1AuthPassword: { title: 'Password of the line', description: 'The user’s.' },
  DisplayName: { title: 'Name of the line', description: 'The user’s.', given: true },
  mac: { title: 'MAC address', description: 'Of the phone, twelve hexadecimal digits.', given: true },
  Model: { title: 'Model', description: 'Of the phone.', given: true },
  GlobalFile: { title: 'Shared file', description: 'Name of the template’s shared file.', given: true },
  destination: { title: 'Folder of the files', description: 'The incumbent’s own; nothing of ours needs it.' },
  ProvisioningPeriod: { title: 'When phones look for changes', description: 'hourly, daily, weekly or powerup.' },
  ProvisioningHours: { title: 'Hours between two looks', description: 'For hourly: 1 to 65535.' },
  ProvisioningTime: { title: 'Time of day', description: 'For daily and weekly, such as 3:30.' },
  ProvisioningDay: { title: 'Day of the week', description: 'For weekly: Sunday to Saturday.' },
  ProvisioningRandomMinutes: { title: 'Spread', description: 'Each phone waits up to so many minutes more.' },
  LDAPActive: { title: 'Directory', description: '1 when phones ask it.' },
  LDAPServerAddress: { title: 'Directory server', description: 'Set on the directory’s own page.' },
  LDAPPort: { title: 'Port of the directory', description: 'Set on the directory’s own page.' },
  LDAPUserName: { title: 'Directory, sign-in name', description: 'Set on the directory’s own page.' },
  LDAPPassword: { title: 'Directory, password', description: 'Set on the directory’s own page.' },
  LDAPBase: { title: 'Directory, base', description: 'Set on the directory’s own page.' },
}

function side(which: string, verb: string): Record<string, KnownPlaceholder> {
  const parts: readonly (readonly [string, string])[] = [
    ['Month', 'month, 1 to 12'],
    ['Day', 'day of the month, for fixed days'],
    ['Week', 'week of the month; 5 is the last'],
    ['DayOfWeek', 'day of the week, such as SUNDAY'],
    ['Hour', 'hour'],
    ['Minute', 'minute'],
  ]
  return Object.fromEntries(
    parts.map(([name, what]) => [
      `DayLight${which}${name}`,
      { title: `Daylight saving ${verb}: ${what}`, description: 'Follows from the time zone.' },
    ]),
  )
}

/** What the phone or its user says: setting it for a level would do nothing, or harm. */
export function isGiven(name: string): boolean {
  return Object.hasOwn(KNOWN_PLACEHOLDERS, name) && KNOWN_PLACEHOLDERS[name]?.given === true
}

export function describes(name: string): string {
  return Object.hasOwn(KNOWN_PLACEHOLDERS, name) ? (KNOWN_PLACEHOLDERS[name]?.title ?? '') : ''
}
