// SPDX-License-Identifier: Apache-2.0
import { PlugAndPlay } from '#daemon/services/plug-and-play'
import { subnetsOf } from '#daemon/settings'
import { identify } from '#daemon/vendors/audiocodes/identify'
import { SipServer } from '#protocols/sip/server'
import type { Foundation } from './foundation.ts'

/** Where phones that got no option 160 ask everybody for their profile. */
export function composeSip({ config, configuration, observe }: Foundation) {
  const subnets = configuration.derive(subnetsOf)
  const multicastOn = [...new Set(subnets().map(({ serverAddress }) => serverAddress))]
  const port = new PlugAndPlay({ subnets, identify })
  const server = new SipServer({ listen: config.sip.listen, multicastOn, port, observe })
  return { servers: config.sip.enabled ? [server] : [], caller: server }
}
