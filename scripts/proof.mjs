// SPDX-License-Identifier: Apache-2.0
// `npm run proof -- NAME`: the long form of a proof whose short, seeded form is part of `npm test`.
import { auditDependencies } from './audit.mjs'
import { ensureDebianPackages, packagesIn } from './debian.mjs'
import { bin, build, checkNode, ensureInstalled, run } from './setup.mjs'

const PROOFS = {
  crash: {
    what: 'kill -9 at random moments, 50 rounds: nothing acknowledged is lost',
    tests: ['test/store/crash.test.ts'],
    environment: { OFFHOOK_ROUNDS: '50' },
  },
  backup: {
    what: 'a backup with one changed byte, 2,000 trials: refused each time',
    tests: ['test/backup/format.test.ts'],
    environment: { OFFHOOK_TRIALS: '2000' },
  },
  soak: {
    what: '2,000 virtual phones boot, stay and report for 30 minutes: memory stays flat',
    tests: ['test/e2e/soak.test.ts'],
    environment: { OFFHOOK_SOAK_PHONES: '2000', OFFHOOK_SOAK_SECONDS: '1800' },
  },
  job: {
    what: 'a job over 1,000 virtual phones and a kill -9 in its midst: each is told once, and all are done',
    tests: ['test/daemon/job.test.ts'],
    environment: { OFFHOOK_PHONES: '1000' },
  },
  corruption: {
    what: 'flipped and torn bytes in every file of the store, 200 trials: noticed, or harmless',
    tests: ['test/store/corruption.test.ts'],
    environment: { OFFHOOK_TRIALS: '200' },
  },
  security: {
    what: 'every listener fuzzed for a minute; TLS as sslscan sees it; planted secrets; known holes in dependencies',
    tests: [
      ...['test/daemon/fuzzed.test.ts', 'test/daemon/phone-tls.test.ts', 'test/daemon/phone-tls.proof.ts'],
      'test/backup/support-bundle.test.ts',
    ],
    environment: { OFFHOOK_FUZZ_SECONDS: '60', OFFHOOK_LONG: '1' },
    packages: 'test/daemon/security.packages.txt',
    first: auditDependencies,
  },
  package: {
    what: 'the package: lintian, installed to purged under an overlay, and under a systemd booted for it',
    tests: ['test/package'],
    environment: { OFFHOOK_LONG: '1' },
  },
}

const [name = '', ...more] = process.argv.slice(2)
const proof = Object.hasOwn(PROOFS, name) ? PROOFS[name] : undefined
if (!proof) {
  for (const [known, { what }] of Object.entries(PROOFS)) console.log(`${known.padEnd(12)} ${what}`)
  process.exit(name === '' ? 0 : 2)
}
checkNode()
await ensureInstalled()
if (proof.packages) await ensureDebianPackages('this proof', packagesIn(proof.packages))
const isSoundSoFar = proof.first ? proof.first() : true
await build()
const timeout = '--testTimeout=1800000'
const code = await run(process.execPath, [bin('vitest', 'vitest'), 'run', timeout, ...proof.tests, ...more], {
  env: { ...process.env, ...proof.environment },
})
process.exit(code === 0 && !isSoundSoFar ? 1 : code)
