import { defineConfig } from 'vitest/config'

// One configuration for every package and app: run from a package's root with `--root .`
const conditions = ['@svc/source', 'module', 'node', 'development|production']

export default defineConfig({
  // Tests run from source: `@svc/source` is the exports condition that leads to src/ instead of dist/
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: ['@svc/source', 'node'] } },
  test: {
    include: ['src/**/*.test.ts'],
    passWithNoTests: true,
    reporters: ['default', 'json'],
    outputFile: { json: '.turbo/test-report.json' },
  },
})
