// SPDX-License-Identifier: Apache-2.0
// What the registry knows of holes in the dependencies that we ship.
import { spawnSync } from 'node:child_process'
import { ROOT } from './setup.mjs'

/** Prints what `npm audit` says; false when it knows of a hole. A registry that cannot tell is named, and nothing is claimed. */
export function auditDependencies() {
  const options = { cwd: ROOT, encoding: 'utf8', timeout: 60_000, maxBuffer: 64 * 1024 * 1024 }
  const { stdout, stderr, error } = spawnSync('npm', ['audit', '--omit=dev', '--json'], options)
  const report = readReport(stdout ?? '')
  const holes = report?.metadata?.vulnerabilities
  if (typeof holes?.total !== 'number') {
    const why = report?.message ?? error?.message ?? stderr?.trim().split('\n').at(-1) ?? 'no answer'
    console.log(`Dependencies: NOT AUDITED. The registry tells no advisories: ${why}`)
    return true
  }
  console.log(`Dependencies: ${holes.total} known holes in ${report.metadata.dependencies?.prod ?? '?'} packages.`)
  for (const [name, { severity, range }] of Object.entries(report.vulnerabilities ?? {})) {
    console.log(`  ${name} ${range}: ${severity}`)
  }
  return holes.total === 0
}

function readReport(text) {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
