// SPDX-License-Identifier: Apache-2.0

/** One way in which a feature can be set, as the lines that it stands for. */
export interface FeatureChoice {
  readonly id: string
  readonly label: string
  readonly lines: readonly string[]
}

/** What admins often want for a region, a site or a person, without knowing the parameters' names. */
export interface KeyFeature {
  readonly id: string
  readonly title: string
  /** What it does on the phone, in one or two sentences. */
  readonly explains: string
  readonly choices: readonly FeatureChoice[]
}

const SUMMER = 'system/daylight_saving'

function summerTime(start: readonly [month: number, week: number, hour: number], end: typeof start): string[] {
  const side = (which: string, [month, week, hour]: typeof start) => [
    `${SUMMER}/${which}/month=${month}`,
    `${SUMMER}/${which}/week=${week}`,
    `${SUMMER}/${which}/day_of_week=SUNDAY`,
    `${SUMMER}/${which}/hour=${hour}`,
    `${SUMMER}/${which}/minute=0`,
  ]
  return [
    `${SUMMER}/activate=Enable`,
    `${SUMMER}/mode=DayOfWeek`,
    `${SUMMER}/offset=60`,
    ...side('start_date', start),
    ...side('end_date', end),
  ]
}

function onOff(key: string, on: string, off: string): FeatureChoice[] {
  return [
    { id: 'on', label: on, lines: [`${key}=1`] },
    { id: 'off', label: off, lines: [`${key}=0`] },
  ]
}

/** Keys, values and what they do are facts of the phones' manual; the lines are checked against the parameters' list. */
export const KEY_FEATURES: readonly KeyFeature[] = [
  {
    ...{ id: 'daylight-saving', title: 'Daylight saving' },
    explains:
      'A place with a time zone needs nothing here: its rules follow from the zone. This is said instead of them.',
    choices: [
      { id: 'off', label: 'No summer time', lines: [`${SUMMER}/activate=Disable`] },
      {
        ...{ id: 'europe', label: 'As in Central Europe: last Sundays of March and October' },
        lines: summerTime([3, 5, 2], [10, 5, 3]),
      },
      {
        ...{ id: 'north-america', label: 'As in North America: second Sunday of March, first of November' },
        lines: summerTime([3, 2, 2], [11, 1, 2]),
      },
    ],
  },
  {
    ...{ id: 'clock', title: 'How time and date are shown' },
    explains: 'The clock in the display.',
    choices: [
      {
        ...{ id: '24h', label: '24 hours, day before month' },
        lines: ['system/ntp/time_display_format=24Hour', 'system/ntp/date_display_format=European'],
      },
      {
        ...{ id: '12h', label: '12 hours, month before day' },
        lines: ['system/ntp/time_display_format=12Hour', 'system/ntp/date_display_format=American'],
      },
    ],
  },
  {
    ...{ id: 'telnet', title: 'Telnet' },
    explains:
      'Lets support log in to the phone over the network. Telnet encrypts nothing: switch it off again afterwards.',
    choices: onOff('management/telnet/enabled', 'Allowed', 'Not allowed'),
  },
  {
    ...{ id: 'pin-lock', title: 'PIN lock' },
    explains:
      'The phone locks itself when nobody uses it, and asks for a PIN that its user sets when signing in first. Incoming and emergency calls stay possible.',
    choices: onOff('system/pin_lock/enabled', 'Locks itself', 'Stays open'),
  },
  {
    ...{ id: 'common-area', title: 'Common-area profile' },
    explains:
      'For lobbies, cafeterias and meeting rooms: nobody can sign the phone out, lock it, or set it to do not disturb.',
    choices: [
      {
        ...{ id: 'on', label: 'A phone for everybody' },
        lines: [
          'voip/common_area/enhanced_mode=1',
          'lync/userSetting/prevent_user_sign_out=1',
          'system/pin_lock/enabled=0',
          'voip/services/do_not_disturb/enabled=0',
        ],
      },
      {
        ...{ id: 'off', label: 'A phone of one person' },
        lines: ['voip/common_area/enhanced_mode=0', 'lync/userSetting/prevent_user_sign_out=0'],
      },
    ],
  },
  {
    ...{ id: 'hot-desking', title: 'Hot desking' },
    explains: 'Somebody else can sign in at a phone for a while, without signing its own user out.',
    choices: onOff('system/hot_desking/enabled', 'Possible', 'Not possible'),
  },
  {
    ...{ id: 'do-not-disturb', title: 'Do not disturb' },
    explains: 'Whether users can have the phone refuse calls.',
    choices: onOff('voip/services/do_not_disturb/enabled', 'Offered', 'Not offered'),
  },
  {
    ...{ id: 'auto-answer', title: 'Automatic answer' },
    explains: 'The phone takes calls by itself, as contact centres and intercoms want it.',
    choices: onOff('voip/auto_answer/enabled', 'Takes calls by itself', 'Rings'),
  },
  {
    ...{ id: 'web-https', title: 'The phone’s own web page' },
    explains: 'Over plain HTTP its password can be read on the way.',
    choices: onOff('security/web/https_only', 'By HTTPS only', 'By HTTP, too'),
  },
  {
    ...{ id: 'pc-mirror', title: 'Copy of all packets at the PC port' },
    explains:
      'For recording what the phone sends and gets with a computer that is plugged into it. Off again afterwards.',
    choices: onOff('network/pc_port_mirroring/enabled', 'On', 'Off'),
  },
]

/** The lines of the features that a level sets, in the order of the list; what nobody knows any more is left out. */
export function featureLines(
  features: Readonly<Record<string, string>> = {},
): { readonly title: string; readonly lines: readonly string[] }[] {
  return KEY_FEATURES.flatMap(({ id, title, choices }) => {
    const choice = Object.hasOwn(features, id) ? choices.find((one) => one.id === features[id]) : undefined
    return choice ? [{ title: `${title}: ${choice.label}`, lines: choice.lines }] : []
  })
}
