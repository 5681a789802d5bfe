// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type Router from '@koa/router'
import Koa from 'koa'
import bodyParser from 'koa-bodyparser'

import { alarmsApiRoutes } from './api/alarms.ts'
import { approvalsApiRoutes } from './api/approvals.ts'
import { archiveApiRoutes } from './api/archive.ts'
import { backupsApiRoutes } from './api/backups.ts'
import { changesApiRoutes, placeholdersApiRoutes } from './api/changes.ts'
import { commandsApiRoutes } from './api/commands.ts'
import { configurationApiRoutes } from './api/configuration.ts'
import { devicesApiRoutes } from './api/devices.ts'
import { dhcpApiRoutes } from './api/dhcp.ts'
import { dhcpDeskApiRoutes } from './api/dhcp-desk.ts'
import { directoryApiRoutes } from './api/directory.ts'
import { filesApiRoutes } from './api/files.ts'
import { findingApiRoutes } from './api/finding.ts'
import { firmwareApiRoutes } from './api/firmware.ts'
import { forwardingApiRoutes } from './api/forwarding.ts'
import { healthApiRoutes } from './api/health.ts'
import { jobsApiRoutes } from './api/jobs.ts'
import { peopleApiRoutes } from './api/people.ts'
import { personalUrlApiRoutes } from './api/personal-url.ts'
import { phoneLogsApiRoutes } from './api/phone-logs.ts'
import { pinnedApiRoutes } from './api/pinned.ts'
import { parametersApiRoutes } from './api/provisioning-parameters.ts'
import { rolloutsApiRoutes } from './api/rollouts.ts'
import { apiRoutes } from './api/routes.ts'
import { scopesApiRoutes } from './api/scopes.ts'
import { servedApiRoutes } from './api/served.ts'
import { usersApiRoutes } from './api/users.ts'
import { Assets } from './assets.ts'
import { FormGuard } from './auth/forms.ts'
import { gate } from './auth/gate.ts'
import { SESSION_LIMITS, type SessionLimits, Sessions } from './auth/sessions.ts'
import type { NoExtras, Web, WebState } from './context.ts'
import { TimeFormat } from './format.ts'
import { errorPages } from './http/errors.ts'
import { securityHeaders } from './http/headers.ts'
import { healthEndpoints } from './http/health.ts'
import { bodyPatience } from './http/patience.ts'
import { Flashes } from './kit/flash.ts'
import { Tasks } from './kit/tasks.ts'
import { Uploads } from './kit/upload.ts'
import { eventsRoutes } from './live/events.ts'
import { FEED_LIMITS, Feed, type FeedLimits, type Source } from './live/feed.ts'
import { type Fragments, itemKey } from './live/fragments.ts'
import { alarmsRoutes } from './pages/alarms/routes.ts'
import { alarmFragments } from './pages/alarms/tabs.ts'
import { approvalDeviceRoutes } from './pages/approvals/device.ts'
import { approvalListRoutes } from './pages/approvals/list.ts'
import { archiveRoutes } from './pages/archive/routes.ts'
import { backupPages } from './pages/backup/routes.ts'
import { changesRoutes } from './pages/changes/routes.ts'
import { commandRoutes } from './pages/commands.ts'
import { dashboardFragments, dashboardRoutes } from './pages/dashboard.ts'
import { deviceFragments, deviceRoutes } from './pages/device.ts'
import { deviceDeleteRoutes } from './pages/device-delete.ts'
import { devicesFragments, devicesRoutes } from './pages/devices.ts'
import { dhcpRoutes } from './pages/dhcp/routes.ts'
import { directoryRoutes } from './pages/directory/routes.ts'
import { filesRoutes } from './pages/files/files.ts'
import { findingRoutes } from './pages/files/finding.ts'
import { pinnedRoutes } from './pages/files/pinned.ts'
import { firmwareRoutes } from './pages/firmware/routes.ts'
import { forwardingFragments } from './pages/forwarding/list.ts'
import { forwardingRoutes } from './pages/forwarding/routes.ts'
import { jobFragments, jobRoutes } from './pages/jobs/job.ts'
import { jobListRoutes } from './pages/jobs/list.ts'
import { jobNewRoutes } from './pages/jobs/new.ts'
import { logMessageRoutes } from './pages/log-messages.ts'
import { parametersRoutes } from './pages/parameters/routes.ts'
import { passwordRoutes } from './pages/password.ts'
import { peopleFileRoutes } from './pages/people/files.ts'
import { usersRoutes } from './pages/people/routes.ts'
import { scopesRoutes } from './pages/people/scopes.ts'
import { personalUrlRoutes } from './pages/personal-url.ts'
import { phoneLogRoutes } from './pages/phone-log.ts'
import { rolloutListRoutes } from './pages/rollouts/list.ts'
import { rolloutNewRoutes } from './pages/rollouts/new.ts'
import { rolloutFragments, rolloutRoutes } from './pages/rollouts/rollout.ts'
import { configurationRoutes } from './pages/served/configuration.ts'
import { driftRoutes } from './pages/served/drift.ts'
import { shellFragments } from './pages/shell.ts'
import { signInRoutes } from './pages/sign-in.ts'
import { taskFragments, taskRoutes } from './pages/tasks.ts'
import { templateAreaRoutes } from './pages/templates/all.ts'
import type { WebPort } from './port.ts'
import { Views } from './views.ts'

export interface AppOptions {
  /** IANA name of the zone in which times are shown; the machine's own by default. */
  readonly timeZone?: string
  /** True when served over TLS: adds Strict-Transport-Security. */
  readonly secure?: boolean
  /** A request or a live update failed by our fault; the client was told no more than that. */
  readonly onFault?: (error: Error) => void
  readonly random?: (bytes: number) => Uint8Array
  readonly sessionLimits?: SessionLimits
  readonly feedLimits?: FeedLimits
}

export interface WebApp {
  /** For node:http or node:https. */
  readonly handler: (request: IncomingMessage, response: ServerResponse) => void
  /** Ends the event streams and stops following the fleet. */
  close(): void
}

/** The name that `port.servers()` knows the web server by. */
export const SELF = 'web'

const FORM_LIMIT = '64kb'
const JSON_LIMIT = '64kb'
/** Nobody's fault: the browser went to another page before the answer was sent, or its form was. */
const CLIENT_LEFT = new Set(['EPIPE', 'ECONNRESET', 'ECONNABORTED', 'ERR_STREAM_PREMATURE_CLOSE'])
/** How the parser's words for bytes that are no HTTP begin: they may follow a sound request on its connection. */
const NO_HTTP = 'HPE_'

/** The whole web app over its port, without a socket. */
export function createApp(port: WebPort, options: AppOptions = {}): WebApp {
  const web = assemble(port, options)
  const koa = new Koa<WebState, NoExtras>()
  koa.on('error', (error: NodeJS.ErrnoException) => {
    const { code = '' } = error
    if (!CLIENT_LEFT.has(code) && !code.startsWith(NO_HTTP)) web.onFault(error)
  })
  koa.use(bodyPatience())
  koa.use(errorPages(web))
  koa.use(securityHeaders(options.secure ?? false))
  koa.use(healthEndpoints(port, SELF))
  koa.use(web.assets.middleware())
  koa.use(gate(web.sessions, port.localToken))
  koa.use(web.uploads.middleware())
  koa.use(bodyParser({ enableTypes: ['form', 'json'], formLimit: FORM_LIMIT, jsonLimit: JSON_LIMIT }))
  koa.use(web.forms.middleware())
  for (const router of routers(web)) koa.use(router.routes()).use(router.allowedMethods())
  const unfollow = port.jobs?.follow((id) => web.feed.touch(itemKey('job-progress', id)))
  const leave = port.rollouts?.follow((id) => web.feed.touch(itemKey('rollout-progress', id)))
  const close = () => {
    unfollow?.()
    leave?.()
    web.tasks.close()
    web.feed.close()
  }
  return { handler: koa.callback(), close }
}

/** Every page: a new one gets a line here, and one in `fragmentsOf` if parts of it are live. */
function routers(web: Web): Router<WebState, NoExtras>[] {
  const {
    devices,
    dhcpDesk,
    alarmDesk,
    approvals,
    changes,
    served,
    backup,
    messages,
    commands,
    forwarding,
    archive,
    directory,
    scopes,
    users,
    peopleFiles,
    jobs,
    rollouts,
    phoneLogs,
    parameters,
    personalUrls,
    auxiliary,
    firmware,
    pinned,
    redirects,
    nameCheck,
  } = web.port
  return [
    signInRoutes(web),
    passwordRoutes(web),
    dashboardRoutes(web),
    devicesRoutes(web),
    deviceRoutes(web),
    taskRoutes(web),
    ...(directory ? directoryRoutes(web, directory) : []),
    eventsRoutes(web),
    apiRoutes(web),
    ...(devices ? [deviceDeleteRoutes(web, devices), devicesApiRoutes(devices)] : []),
    dhcpApiRoutes(web),
    ...(dhcpDesk ? [...dhcpRoutes(web, dhcpDesk), dhcpDeskApiRoutes(dhcpDesk)] : []),
    ...(alarmDesk ? [alarmsApiRoutes(alarmDesk), alarmsRoutes(web, alarmDesk)] : []),
    ...(forwarding ? [forwardingApiRoutes(forwarding), forwardingRoutes(web, forwarding)] : []),
    ...(approvals && scopes
      ? [approvalListRoutes(web, approvals, scopes), approvalDeviceRoutes(web, approvals, scopes)]
      : []),
    ...(approvals ? [approvalsApiRoutes(approvals, scopes)] : []),
    ...(jobs
      ? [jobNewRoutes(web, jobs), jobListRoutes(web, jobs), jobRoutes(web, jobs), jobsApiRoutes(jobs, web.port)]
      : []),
    ...(redirects && nameCheck
      ? [findingApiRoutes(redirects, nameCheck), findingRoutes(web, redirects, nameCheck)]
      : []),
    ...(pinned ? [pinnedApiRoutes(pinned), pinnedRoutes(web, pinned)] : []),
    ...(auxiliary ? [filesApiRoutes(web, auxiliary), filesRoutes(web, auxiliary)] : []),
    ...(rollouts
      ? [
          ...[rolloutNewRoutes(web, rollouts), rolloutListRoutes(web, rollouts), rolloutRoutes(web, rollouts)],
          rolloutsApiRoutes(rollouts, scopes),
        ]
      : []),
    ...(personalUrls ? [personalUrlRoutes(web, personalUrls), personalUrlApiRoutes(web, personalUrls)] : []),
    ...(served ? [driftRoutes(web, served), configurationRoutes(web, served), servedApiRoutes(served)] : []),
    ...(changes ? [...changesRoutes(web, changes), changesApiRoutes(changes), placeholdersApiRoutes(changes)] : []),
    ...(firmware && scopes ? [firmwareApiRoutes(firmware, scopes), ...firmwareRoutes(web, firmware, scopes)] : []),
    ...(commands ? [commandRoutes(web, commands), commandsApiRoutes(commands)] : []),
    ...(directory ? [directoryApiRoutes(directory)] : []),
    ...(phoneLogs ? [phoneLogRoutes(web, phoneLogs), phoneLogsApiRoutes(phoneLogs, commands)] : []),
    ...(parameters ? [parametersApiRoutes(parameters), ...parametersRoutes(web, parameters)] : []),
    ...templateAreaRoutes(web),
    configurationApiRoutes(web),
    healthApiRoutes(web),
    ...(backup ? [backupsApiRoutes(web, backup), backupPages(web, backup)] : []),
    ...(messages ? [logMessageRoutes(web, messages)] : []),
    ...(scopes ? [scopesApiRoutes(scopes), scopesRoutes(web, scopes)] : []),
    ...(scopes && users ? [usersApiRoutes(users, scopes), ...usersRoutes(web, users, scopes)] : []),
    ...(archive ? [archiveApiRoutes(archive), archiveRoutes(web, archive)] : []),
    ...(scopes && peopleFiles ? [peopleApiRoutes(web, peopleFiles, scopes), peopleFileRoutes(web, peopleFiles)] : []),
  ]
}

function fragmentsOf(port: WebPort, views: Views, time: TimeFormat, tasks: Tasks): Fragments {
  return {
    ...shellFragments({ port, views }),
    ...dashboardFragments(port, views, time),
    ...devicesFragments(port, views, time),
    ...deviceFragments(port, views, time),
    ...jobFragments(port, views, time),
    ...rolloutFragments(port, views, time),
    ...taskFragments(tasks, views),
    ...(port.alarmDesk ? alarmFragments(port.alarmDesk, views, () => port.now()) : {}),
    ...(port.forwarding ? forwardingFragments(port.forwarding, views, () => port.now()) : {}),
  }
}

/** All that makes open pages change. */
function sourcesOf({ fleet, alarmDesk, forwarding }: WebPort): Source[] {
  const alarms: Source = { follow: (listener) => alarmDesk?.follow(({ alarm }) => listener(alarm.mac)) ?? (() => {}) }
  return [fleet, alarms, ...(forwarding ? [{ follow: (listener: () => void) => forwarding.follow(listener) }] : [])]
}

function assemble(port: WebPort, options: AppOptions): Web {
  const random = options.random ?? randomBytes
  const onFault = options.onFault ?? (() => {})
  const views = new Views()
  const time = new TimeFormat(options.timeZone)
  const now = () => port.now()
  const tasks = new Tasks({ now, random, onFault, changed: (id) => feed.touch(itemKey('task', id)) })
  const fragments = fragmentsOf(port, views, time, tasks)
  const feed = new Feed(sourcesOf(port), fragments, onFault, options.feedLimits ?? FEED_LIMITS)
  const forms = new FormGuard(random)
  return {
    port,
    views,
    time,
    fragments,
    onFault,
    assets: new Assets(),
    sessions: new Sessions(now, random, options.sessionLimits ?? SESSION_LIMITS),
    forms,
    random,
    uploads: new Uploads(forms),
    flashes: new Flashes(),
    tasks,
    feed,
  }
}
