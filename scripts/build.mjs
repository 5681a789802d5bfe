// SPDX-License-Identifier: Apache-2.0
import { build, checkNode, ensureInstalled } from './setup.mjs'

checkNode()
await ensureInstalled()
await build()
