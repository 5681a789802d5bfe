import { defineConfig } from 'vitest/config'

// `#daemon/*` and its sisters resolve to TypeScript sources under the `source` condition (package.json `imports`).
const conditions = ['source', 'node', 'import', 'default']

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    // `npm run proof` adds what is too long, or asks too much of a machine, for every day.
    include: ['test/**/*.test.ts', ...(process.env.OFFHOOK_LONG ? ['test/**/*.proof.ts'] : [])],
    pool: 'forks',
    testTimeout: 20_000,
    hookTimeout: 60_000,
    reporters: ['default'],
  },
})
