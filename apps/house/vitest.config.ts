import { defineConfig, type ViteUserConfig } from 'vitest/config'
import { createReporter } from './src/report.ts'

// Tests run from source: `@svc/source` is the exports condition that leads to src/ instead of dist/
const conditions = ['@svc/source', 'module', 'node', 'development|production']

/** The one configuration for every package and app, each of which runs it with `--root .` */
const config: ViteUserConfig = defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: ['@svc/source', 'node'] } },
  test: {
    include: ['src/**/*.test.ts'],
    // In a package without tests the figure is 0; the command that sums them up refuses a total of 0
    passWithNoTests: true,
    allowOnly: false,
    // No test asserts a time; this only ends one that hangs, and a busy machine is no hang
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: ['default', createReporter()],
  },
})

export default config
