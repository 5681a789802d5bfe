// SPDX-License-Identifier: Apache-2.0

/** One kind of log line: how serious it is, its text, and what it tells an operator and asks of one. */
export interface Message {
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'fatal'
  readonly text: string
  readonly meaning: string
  readonly remedy: string
}

const NOTHING = 'Nothing to do.'

/** The message catalogue: every log line carries one of these ids in its `id` field. */
export const messages = {
  'daemon.starting': {
    level: 'info',
    text: 'Offhook is starting',
    meaning: 'The configuration was accepted; the store and the servers are being opened.',
    remedy: NOTHING,
  },
  'daemon.ready': {
    level: 'info',
    text: 'Offhook is ready',
    meaning: 'Every server listens; `url` is where admins sign in.',
    remedy: NOTHING,
  },
  'daemon.stopping': {
    level: 'info',
    text: 'Offhook is stopping',
    meaning: 'A signal asked the daemon to stop; running requests are finished first.',
    remedy: NOTHING,
  },
  'daemon.stopped': { level: 'info', text: 'Offhook has stopped', meaning: 'All data is on disk.', remedy: NOTHING },
  'daemon.fault': {
    level: 'error',
    text: 'an unexpected fault was caught',
    meaning: 'A part of the daemon failed in a way nobody foresaw; the others go on.',
    remedy: 'Please report it with the `error` field of this line.',
  },
  'daemon.stop.incomplete': {
    level: 'error',
    text: 'a part did not stop cleanly',
    meaning: 'A server or the store failed, or took too long, while stopping; `part` names it.',
    remedy: 'Check the disk if `part` is the store; otherwise nothing.',
  },
  'systemd.unreachable': {
    level: 'warn',
    text: 'systemd could not be told how we are',
    meaning:
      'NOTIFY_SOCKET is set and systemd-notify is missing or failed; a watchdog of the unit will end this daemon.',
    remedy: 'Install the package systemd, and keep NotifyAccess=all in the unit.',
  },
  'clock.jumped': {
    level: 'warn',
    text: 'the clock of this machine was set',
    meaning: 'It jumped by so many `seconds`, back if they are negative. Leases and times in the history go by it.',
    remedy: 'Let a time server keep the clock.',
  },
  'backup.made': {
    level: 'info',
    text: 'a backup was made',
    meaning: 'The file is on disk and was read back; `why` and `by` say who wanted it.',
    remedy: NOTHING,
  },
  'backup.failed': {
    level: 'error',
    text: 'a backup could not be made',
    meaning: 'Nothing was changed; older backups are still there. `reason` says why.',
    remedy: 'Look at the folder of backups: is there room, and may Offhook write there? Then make one by hand.',
  },
  'backup.key-shown': {
    level: 'warn',
    text: 'the recovery key was shown',
    meaning: 'The account `by` looked at it on the page, after its password. It opens every backup of this machine.',
    remedy: 'Nothing, if that was one of you.',
  },
  'backup.removed': {
    level: 'info',
    text: 'an old backup was removed',
    meaning: 'It is older than `backup.keepDays`, or newer ones take its place.',
    remedy: NOTHING,
  },
  'backup.rehearsed': {
    level: 'info',
    text: 'a backup passed its rehearsal',
    meaning: 'It was restored aside, and virtual phones booted from the restored copy.',
    remedy: NOTHING,
  },
  'backup.rehearsal-failed': {
    level: 'error',
    text: 'a backup did not pass its rehearsal',
    meaning: 'It was restored aside, and something did not work there; `reason` names the checks that failed.',
    remedy: 'Make a new backup and rehearse that. If it fails, too, look at what the checks say.',
  },
  'backup.restored': {
    level: 'warn',
    text: 'the data of a backup were put in place',
    meaning: '"offhook restore" was called; the data as they were before are in the folder `aside`.',
    remedy: 'Remove that folder when nothing of it is needed any more.',
  },
  'config.reloaded': {
    level: 'info',
    text: 'the configuration was read again',
    meaning: 'It is good; the settings in `applied` are in force from now on.',
    remedy: NOTHING,
  },
  'config.refused': {
    level: 'error',
    text: 'the changed configuration cannot be used; the old one stays in force',
    meaning: 'A reload was asked for, and the file is wrong in the places that `complaints` names.',
    remedy: 'Correct the file, try it with "offhook check-config", and reload again.',
  },
  'config.restart-needed': {
    level: 'warn',
    text: 'some changed settings wait for a restart',
    meaning: 'The settings named cannot change while the daemon runs; the old values are in force until then.',
    remedy: 'Restart the daemon when it suits you, or take the changes back.',
  },
  'config.reread-failed': {
    level: 'error',
    text: 'a file that the configuration names could not be read again',
    meaning: 'The setting or certificate named in `failures` stays as it was.',
    remedy: 'Correct that file and reload again.',
  },
  'server.serving': {
    level: 'info',
    text: 'server is listening',
    meaning: 'The named server is bound to the addresses shown.',
    remedy: NOTHING,
  },
  'server.lost': {
    level: 'error',
    text: 'server lost its socket; the others serve on',
    meaning: 'The operating system closed or broke the socket of one server; it is being started again.',
    remedy: 'See `error`; check the interface and the address it listened on.',
  },
  'server.retry': {
    level: 'warn',
    text: 'server could not be started again yet',
    meaning: 'A lost server cannot bind at the moment; the next try follows after the time shown.',
    remedy: 'Check that no other program took the port.',
  },
  'exchange.reply': {
    level: 'debug',
    text: 'request answered',
    meaning: 'One request and its answer.',
    remedy: NOTHING,
  },
  'exchange.ignore': {
    level: 'debug',
    text: 'request left unanswered',
    meaning: 'The protocol asks for silence here; `reason` says why.',
    remedy: NOTHING,
  },
  'exchange.refuse': {
    level: 'info',
    text: 'request refused',
    meaning: 'The client got an error of its protocol; `reason` says why.',
    remedy: 'If the client is one of your phones, follow `reason`.',
  },
  'secrets.withheld': {
    level: 'warn',
    text: 'an approved phone’s file was given without passwords',
    meaning:
      'Whoever asked for the file of `mac` from `from` did not prove to be that phone; `why` says what was missing.',
    remedy:
      'If it is the phone: see its page, where it can be given a new personal address, and the settings below provisioning. If not, somebody is trying hardware addresses.',
  },
  'redirect.set': {
    level: 'info',
    text: 'the redirect list was changed',
    meaning: 'Somebody (`by`) sent `count` phones to the folder `url` (empty: this server), or took one off the list.',
    remedy: NOTHING,
  },
  'pinned.added': {
    level: 'info',
    text: 'a file was pinned to a phone',
    meaning: 'The phone `mac` is given this file as somebody (`by`) uploaded it, instead of what would be made for it.',
    remedy: NOTHING,
  },
  'pinned.removed': {
    level: 'info',
    text: 'a pinned file was let go',
    meaning: 'The phone `mac` is given what its template and settings make again.',
    remedy: NOTHING,
  },
  'file.added': {
    level: 'info',
    text: 'an auxiliary file was added',
    meaning: 'Somebody (`by`) uploaded a directory, ring tones, a certificate or a key for phones.',
    remedy: NOTHING,
  },
  'file.removed': {
    level: 'info',
    text: 'an auxiliary file was removed',
    meaning: 'Somebody (`by`) removed a file that no level used any more.',
    remedy: NOTHING,
  },
  'file.assigned': {
    level: 'info',
    text: 'an auxiliary file was assigned',
    meaning: 'Phones of `level` are told to fetch `file` for the use `slot`; an empty `file` takes the choice back.',
    remedy: NOTHING,
  },
  'exchange.malformed': {
    level: 'warn',
    text: 'malformed request dropped',
    meaning: 'The bytes were not what the protocol says; `reason` is also the label of a metric.',
    remedy: 'Look at the sender if it repeats: a scanner, a broken client or a damaged link.',
  },
  'exchange.fault': {
    level: 'error',
    text: 'request failed because of a fault of ours',
    meaning: 'The client was told to try again, or will do so by itself; `reason` says what failed.',
    remedy: 'If `reason` speaks of the disk, make room; otherwise please report it.',
  },
  'log.suppressed': {
    level: 'warn',
    text: 'similar lines were left out',
    meaning: 'More than ten lines a second of one kind were due; `count` were left out.',
    remedy: 'Use the metrics for exact numbers.',
  },
  'job.changed': {
    level: 'info',
    text: 'a job over many phones has moved on',
    meaning: 'It was started, stopped, continued, cancelled or is done, as `state` says; `by` tells who did it.',
    remedy: NOTHING,
  },
  'rollout.changed': {
    level: 'info',
    text: 'a firmware rollout has moved on',
    meaning:
      'It is at `stage`, and running, halted, going back, or ended, as `state` says; `reason` says why it halted.',
    remedy: 'If it halted, look at its page: it names the phones in trouble, and offers the way back.',
  },
  'command.submitted': {
    level: 'info',
    text: 'a phone is to be told something',
    meaning: 'A person, or a part of the daemon, wants the phone to do what `kind` says; `by` tells who.',
    remedy: NOTHING,
  },
  'command.ended': {
    level: 'info',
    text: 'a command to a phone has ended',
    meaning:
      'The phone was seen to do it (`confirmed`), or not (`failed`), or it was never told (`expired`, `cancelled`).',
    remedy: 'Of a failed or expired one, look at the phone’s page: it lists what was tried and answered.',
  },
  'fleet.phone.new': {
    level: 'info',
    text: 'a phone was seen for the first time',
    meaning: 'It is in the device list now; `approval` tells whether it still waits to be let in.',
    remedy: 'Approve it if it is yours.',
  },
  'fleet.phone.decided': {
    level: 'info',
    text: 'it was decided whether a phone may come in',
    meaning: 'The phone named by `mac` is `approved`, `rejected`, or waits again (`pending`); `by` tells who decided.',
    remedy: NOTHING,
  },
  'fleet.phone.status': {
    level: 'info',
    text: 'a phone changed its status',
    meaning: 'The phone reported a new registration state.',
    remedy: 'If it is `unregistered`, look at the phone’s page for the failing step.',
  },
  'fleet.user.new': {
    level: 'info',
    text: 'a user was created by zero touch',
    meaning: 'A phone reported itself registered for a user that was not known.',
    remedy: 'Switch `fleet.zeroTouch` off once the first phones are in.',
  },
  'fleet.phone.moved': {
    level: 'info',
    text: 'a phone now belongs to another user',
    meaning: 'Another user registered at it (`by` is "report"), or an admin or an import gave it to somebody else.',
    remedy: NOTHING,
  },
  'fleet.phone.placed': {
    level: 'info',
    text: 'a phone was put into a region or site by hand',
    meaning: 'An empty `scope` means that it follows its user or its address again.',
    remedy: NOTHING,
  },
  'fleet.phone.edited': {
    level: 'info',
    text: 'an admin changed what is known of a phone',
    meaning: 'The `fields` were set; it gets them with its next configuration.',
    remedy: NOTHING,
  },
  'fleet.phone.removed': {
    level: 'info',
    text: 'a phone was deleted',
    meaning: 'It is forgotten with what waited for it. If it reports again, it is a new phone.',
    remedy: 'Reject it instead, if it is to be kept out.',
  },
  'user.added': {
    level: 'info',
    text: 'a user was added',
    meaning: '`by` names who did it.',
    remedy: NOTHING,
  },
  'user.changed': {
    level: 'info',
    text: 'a user was changed',
    meaning: '`by` names who did it. A new password is never written here.',
    remedy: NOTHING,
  },
  'user.removed': {
    level: 'info',
    text: 'a user was removed',
    meaning: 'Its phones belong to nobody; those that were only entered by hand are gone.',
    remedy: NOTHING,
  },
  'people.imported': {
    level: 'info',
    text: 'users and phones were imported from a file',
    meaning: '`rejected` rows changed nothing; the answer to the import names each with its reason.',
    remedy: NOTHING,
  },
  'firmware.added': {
    level: 'info',
    text: 'a firmware image was added',
    meaning: 'Phones get it once it is chosen for their model; `doubts` counts what looked wrong and was accepted.',
    remedy: NOTHING,
  },
  'firmware.removed': {
    level: 'info',
    text: 'a firmware image was removed',
    meaning: 'Nothing used it.',
    remedy: NOTHING,
  },
  'firmware.chosen': {
    level: 'info',
    text: 'phones get another firmware image from now on',
    meaning: '`where` is the system, a place or a MAC; without `image` the choice was taken back.',
    remedy: NOTHING,
  },
  'firmware.found': {
    level: 'warn',
    text: 'a firmware image was found that nobody entered',
    meaning:
      'Its file is whole, but the list did not hold it: it was copied there, or power failed at the wrong moment.',
    remedy: 'Look at it on the page Firmware, and remove it if nobody needs it.',
  },
  'firmware.lost': {
    level: 'error',
    text: 'the file of a firmware image is missing or has another size',
    meaning: 'Phones for which it is chosen are refused it and keep what they run.',
    remedy: 'Upload the same file again, or choose another image.',
  },
  'archive.imported': {
    level: 'info',
    text: 'a configuration was imported from an archive',
    meaning: '`changes` records of templates, mapping and settings were written; `remarks` tell what was not taken.',
    remedy: NOTHING,
  },
  'people.passwords-exported': {
    level: 'warn',
    text: 'users were exported with their passwords',
    meaning: '`by` gave the account’s password again and has a file with the SIP passwords in clear.',
    remedy: 'Ask why, if nobody was to do that; then give the users new passwords.',
  },
  'scope.added': {
    level: 'info',
    text: 'a region, site or other scope was added',
    meaning: '`by` names who did it; `configuration` when a subnet of the configuration names it.',
    remedy: NOTHING,
  },
  'scope.changed': {
    level: 'info',
    text: 'a region, site or other scope was changed',
    meaning: 'Its name, place, time zone, subnets or description is another now.',
    remedy: NOTHING,
  },
  'change.saved': {
    level: 'info',
    text: 'a change of what phones’ files are made of was saved',
    meaning: '`by` saved it, `phones` have another file now; `sequence` is its number in the history.',
    remedy: 'Phones get it at their next check. It can be looked at and taken back on the page of changes.',
  },
  'scope.removed': {
    level: 'info',
    text: 'a region, site or other scope was removed',
    meaning: 'With all that lay in it; its users belong to the scope above now.',
    remedy: NOTHING,
  },
  'scope.unresolved': {
    level: 'warn',
    text: 'a subnet names a region that cannot be found or made',
    meaning: 'Phones of that subnet are in no region by their address.',
    remedy: 'See `reason`; correct `dhcp.subnets[].region`, with its whole path, e.g. Germany/Berlin.',
  },
  'fleet.full': {
    level: 'warn',
    text: 'a phone was turned away because too many unknown ones wait for approval',
    meaning: '`fleet.maxPending` unapproved phones are remembered already.',
    remedy: 'Approve or delete the waiting ones; many unknown addresses from one place may be an attack.',
  },
  'account.one-time-password': {
    level: 'info',
    text: 'the first admin has not signed in yet',
    meaning: 'Nobody has signed in yet. The password is on the terminal, never in the log.',
    remedy: 'Sign in with it and choose a password of your own.',
  },
  'account.sign-in': { level: 'info', text: 'an admin signed in', meaning: 'The password was right.', remedy: NOTHING },
  'account.wrong-password': {
    level: 'warn',
    text: 'a sign-in was refused',
    meaning: 'Wrong name or password, or too many tries; further tries are slowed down.',
    remedy: 'If it repeats from an address you do not know, look at that machine.',
  },
  'account.password-changed': {
    level: 'info',
    text: 'an admin changed the password',
    meaning: 'The old one no longer works.',
    remedy: NOTHING,
  },
  'directory.wrong-password': {
    level: 'warn',
    text: 'a directory password was refused',
    meaning: 'A phone or program tried to bind to the LDAP directory with a wrong name or password.',
    remedy: 'If it is one of your phones, correct the LDAP user and password in its configuration.',
  },
  'directory.sync': {
    level: 'info',
    text: 'another directory was copied',
    meaning: 'A run of `upstream` ended; `added`, `changed` and `removed` count people, `problem` says why it failed.',
    remedy: 'Follow `problem` if there is one; an alarm stands until a run goes well.',
  },
  'dhcp.lease.released': {
    level: 'info',
    text: 'an admin released a lease',
    meaning: 'The address is free; its client may still use it until it asks again.',
    remedy: NOTHING,
  },
  'dhcp.lease.forgotten': {
    level: 'info',
    text: 'an admin removed the record of an address',
    meaning: 'The client, or the quarantine, of the address is not remembered any more.',
    remedy: NOTHING,
  },
  'dhcp.leases.imported': {
    level: 'info',
    text: 'an admin imported leases',
    meaning: 'Leases of another server were taken over from a file.',
    remedy: 'Look at the page of the import for those that were rejected.',
  },
  'log.collect': {
    level: 'info',
    text: 'a phone is asked for its log',
    meaning: 'From its next fetch of its configuration on it sends its log here, until the time is over.',
    remedy: NOTHING,
  },
  'log.collect-end': {
    level: 'info',
    text: 'a phone is no longer asked for its log',
    meaning: 'Its configuration takes it back with the next fetch.',
    remedy: NOTHING,
  },
  'alarm.raised': {
    level: 'warn',
    text: 'alarm raised',
    meaning: 'Something needs attention; see `alarm` and `description`.',
    remedy: 'Follow the `remedy` shown with the alarm.',
  },
  'alarm.cleared': { level: 'info', text: 'alarm cleared', meaning: 'The cause is gone.', remedy: NOTHING },
  'forwarding.saved': {
    level: 'info',
    text: 'an alarm destination was added or changed',
    meaning: 'An admin saved `destination`.',
    remedy: NOTHING,
  },
  'forwarding.removed': {
    level: 'info',
    text: 'an alarm destination was removed',
    meaning: 'An admin removed `destination`; what waited for it is forgotten.',
    remedy: NOTHING,
  },
  'forwarding.paused': {
    level: 'info',
    text: 'an alarm destination was paused',
    meaning: 'Alarms wait until an admin lets `destination` go on.',
    remedy: NOTHING,
  },
  'forwarding.continued': {
    level: 'info',
    text: 'an alarm destination goes on',
    meaning: 'An admin ended the pause of `destination`.',
    remedy: NOTHING,
  },
  'forwarding.resend': {
    level: 'info',
    text: 'all active alarms are told again',
    meaning: 'An admin asked for it, for `destination`.',
    remedy: NOTHING,
  },
  'forwarding.fault': {
    level: 'error',
    text: 'forwarding could not keep its place',
    meaning: 'How far `destination` is could not be written; alarms go on, and a crash now would send some twice.',
    remedy: 'Look at the disk.',
  },
} as const satisfies Record<string, Message>

export type MessageId = keyof typeof messages

/** Writes one log line of the catalogue. Fields are data for machines; the text comes from the catalogue. */
export type Announce = (id: MessageId, fields?: Readonly<Record<string, unknown>>) => void
