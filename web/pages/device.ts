// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import type { Phone } from '#daemon/domain/phone'
import { formatMac, type Mac, parseMac } from '#protocols/lib/mac'
import type { NoExtras, Web, WebState } from '#web/context'
import { count, type TimeFormat } from '#web/format'
import { eventsUrl, type Fragments, phoneKey, renderKey } from '#web/live/fragments'
import { levelHref } from '#web/pages/templates/words'
import type { DeviceDetail, WebPort } from '#web/port'
import type { Views } from '#web/views'
import { alarmHref, severityWords } from './alarms/words.ts'
import { splitBoots } from './boots.ts'
import { commandsView } from './commands.ts'
import { type Diagnosis, diagnose } from './diagnosis.ts'
import { showMessage } from './message.ts'
import { placeText, userHref } from './people/words.ts'
import { personalUrlView } from './personal-url.ts'
import { logPath } from './phone-log.ts'
import { userText } from './phone-row.ts'
import { presencesView, presenceWords } from './presence.ts'
import { configurationPath } from './served/words.ts'
import { showPage } from './shell.ts'
import { timelineView } from './timeline.ts'

const PARTS = [
  ...(['device-head', 'device-timeline', 'device-facts', 'device-alarms', 'device-commands'] as const),
  ...(['device-secrets', 'device-presences'] as const),
] as const
/** Of one phone; the rest is in the list. */
const ALARMS = 10

export function deviceRoutes(web: Web): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>()
  router.get('/devices/:mac', (ctx) => {
    const asked = ctx.params.mac ?? ''
    const mac = parseMac(asked)
    const device = mac && web.port.fleet.device(mac)
    if (!mac || !device) {
      return showMessage(web, ctx, 404, {
        title: mac ? 'No such phone' : 'Not a MAC address',
        section: 'devices',
        sentence: mac
          ? `No phone with the MAC address ${formatMac(mac)} has been seen.`
          : `“${asked}” is not a MAC address: it has 12 hexadecimal digits, such as 00:90:8f:12:34:56.`,
        search: asked,
      })
    }
    // One address for each page, whatever way the MAC was spelled.
    if (asked !== mac) return ctx.redirect(`/devices/${mac}`)
    showPage(web, ctx, {
      view: 'device',
      title: userText(device.phone) || formatMac(mac),
      section: 'devices',
      events: eventsUrl(['trouble', ...PARTS], [mac]),
      data: { parts: PARTS.map((name) => renderKey(web.fragments, phoneKey(name, mac))) },
    })
  })
  return router
}

export function deviceFragments(port: WebPort, views: Views, time: TimeFormat): Fragments {
  const part = (view: string, dataOf: (device: DeviceDetail, now: number) => object) => ({
    scope: 'phone' as const,
    render: (mac: Mac) => {
      const device = port.fleet.device(mac)
      return device ? views.render(`fragments/${view}`, dataOf(device, port.now())) : ''
    },
  })
  return {
    'device-head': part('device-head', (device, now) => headView(device, port, time, now)),
    'device-timeline': part('device-timeline', (device, now) => {
      const working = device.presence === 'registered'
      return timelineView(device.steps, diagnosisOf(device, time, now).failing, working, time, now)
    }),
    'device-commands': part('device-commands', ({ phone }, now) => {
      return port.commands ? commandsView(port.commands, phone.mac, time, now) : { actions: [], rows: [] }
    }),
    'device-secrets': {
      scope: 'phone',
      render: (mac) => {
        const phone = port.personalUrls && port.fleet.device(mac)?.phone
        if (!phone || !port.personalUrls) return ''
        const now = port.now()
        const view = personalUrlView(port.personalUrls.of(mac), phone.approval, time, now)
        const pinned = (port.pinned?.of(mac) ?? []).map(({ ending, at, by }) => ({
          ...{ name: `${mac}.${ending}`, by, at: time.moment(at, now) },
        }))
        return views.render('fragments/device-secrets', { ...view, pinned })
      },
    },
    'device-presences': part('device-presences', ({ presences }, now) => presencesView(presences, time, now)),
    'device-facts': part('device-facts', (device, now) => factsView(device, port, time, now)),
    'device-alarms': part('device-alarms', ({ phone }, now) => alarmsView(port, phone.mac, time, now)),
  }
}

function diagnosisOf(device: DeviceDetail, time: TimeFormat, now: number): Diagnosis {
  const boot = splitBoots(device.steps).at(-1) ?? []
  return diagnose(device, boot, time.moment(device.phone.reportedAt, now).relative)
}

function headView(device: DeviceDetail, port: WebPort, time: TimeFormat, now: number): object {
  const { phone, presence } = device
  return {
    name: userText(phone) || formatMac(phone.mac),
    macText: formatMac(phone.mac),
    model: phone.model,
    number: phone.phoneNumber,
    virtual: phone.virtual,
    approval: phone.approval,
    mac: phone.mac,
    decide: port.approvals !== undefined && phone.approval !== 'approved',
    configuration: port.served ? configurationPath(phone.mac) : '',
    log: port.phoneLogs ? logPath(phone.mac) : '',
    settings: port.levels ? levelHref(`device/${phone.mac}`) : '',
    presence: presenceWords(presence),
    reported: time.moment(phone.reportedAt, now),
    diagnosis: diagnosisOf(device, time, now),
  }
}

function alarmsView({ alarmDesk }: WebPort, mac: Mac, time: TimeFormat, now: number): object {
  const found = alarmDesk?.list({ text: '', severities: [], mac, page: 1, pageSize: ALARMS })
  const query = new URLSearchParams({ mac })
  return {
    there: found !== undefined,
    total: count(found?.total ?? 0),
    all: (found?.total ?? 0) > ALARMS ? `/alarms?${new URLSearchParams({ text: formatMac(mac) })}` : '',
    history: `/alarms/history?${query}`,
    alarms: (found?.rows ?? []).map((alarm) => ({
      ...{ ...severityWords(alarm.severity), name: alarm.name, description: alarm.description },
      ...{ href: alarmHref(alarm.id), key: Buffer.from(alarm.id).toString('base64url') },
      ...{ raised: time.moment(alarm.raisedAt, now), acknowledged: alarm.acknowledged?.by ?? '' },
    })),
  }
}

/** Which image it gets when it starts, and on whose word. */
function chosenText(chosen: ReturnType<NonNullable<WebPort['firmware']>['chosen']>): string {
  if (!chosen) return ''
  return `${chosen.version || 'an image without a version'}, ${chosen.source}`
}

/** Empty values are left out by the template. */
function factsView({ phone, user, lease }: DeviceDetail, port: WebPort, time: TimeFormat, now: number): object {
  return {
    ...belongingView(phone, port),
    mac: phone.mac,
    identity: [
      { label: 'MAC address', text: formatMac(phone.mac), mono: true },
      { label: 'Vendor', text: phone.vendor },
      { label: 'Model', text: phone.model },
      { label: 'Firmware', text: phone.firmware, mono: true },
      { label: 'Should run', text: chosenText(port.firmware?.chosen(phone)) },
      { label: 'Address, as it says', text: phone.address, mono: true },
      { label: 'Address, as seen here', text: phone.externalAddress, mono: true },
      { label: 'Subnet mask', text: phone.subnet, mono: true },
      { label: 'Location', text: phone.location },
      { label: 'User agent', text: phone.userAgent, mono: true },
      { label: 'First seen', moment: time.moment(phone.firstSeenAt, now) },
      { label: 'Last report', moment: time.moment(phone.reportedAt, now) },
    ],
    user: [
      { label: 'User name', text: phone.userName || user?.name },
      { label: 'Display name', text: phone.displayName || user?.displayName },
      { label: 'Phone number', text: phone.phoneNumber || user?.phoneNumber },
      { label: 'User since', moment: user && time.moment(user.createdAt, now) },
    ],
    lease: lease && [
      { label: 'Address', text: lease.address, mono: true },
      { label: 'State', text: LEASE_STATE[lease.state] },
      { label: lease.state === 'declined' ? 'Blocked until' : 'Expires', moment: time.moment(lease.expiresAt, now) },
      { label: 'Changed', moment: time.moment(lease.updatedAt, now) },
      { label: 'Host name', text: lease.hostname },
      { label: 'Client', text: lease.clientKey, mono: true },
    ],
    extra: Object.entries(phone.extra).map(([label, text]) => ({ label, text, mono: true })),
  }
}

/** Whose it is, where, and on whose word. */
function belongingView(phone: Phone, { users, scopes }: WebPort): object {
  if (!users || !scopes) return {}
  const owner = users.get(phone.owner)?.user
  const { scope, why, address } = scopes.placementOf(phone)
  const place = placeText(scopes.tree(), scope.id) || 'None: the system'
  const because = {
    user: 'the region of its user',
    set: 'set for this phone',
    subnet: `the subnet of ${address}`,
    none: 'no region is known for it',
  }
  return {
    belonging: [
      { label: 'Belongs to', text: owner?.displayName ?? 'Nobody', ...(owner && { href: userHref(owner.name) }) },
      { label: 'Region or site', text: place, note: `(${because[why]})` },
      { label: 'Name', text: phone.label },
      { label: 'Serial number', text: phone.serial, mono: true },
      { label: 'Language', text: phone.language },
      { label: 'VLAN', text: [phone.vlanMode, phone.vlanId].filter((text) => text !== '').join(', ') },
    ],
    belongingAction: { label: 'Change', of: 'user and place', href: `/devices/${phone.mac}/owner` },
  }
}

const LEASE_STATE = {
  leased: 'Leased: held by the phone',
  released: 'Released: given back by the phone',
  declined: 'Declined: another host was found using it',
} as const
