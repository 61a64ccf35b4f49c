import { describe, expect, it } from 'vitest'
import { healthStatus, isHealthTransition } from './health-status.ts'
import { ServiceError } from './service-error.ts'

const broken = new Error('broken')
const notYet = new ServiceError('not started', { code: 'NOT_STARTED', service: 'App', state: 'Starting' })
const startFailed = new ServiceError('not started', { code: 'NOT_STARTED', service: 'App', state: 'StartFailed' })

describe('healthStatus()', () => {
  it('tells what does not run from what is broken', () => {
    expect([undefined, null, broken, notYet, startFailed].map(healthStatus)).toEqual([
      'absent',
      'healthy',
      'unhealthy',
      'inactive',
      'unhealthy',
    ])
  })
})

describe('isHealthTransition()', () => {
  it('is about failing: what only the life cycle changes is none', () => {
    const changes = [
      [undefined, null],
      [notYet, null],
      [null, notYet],
      [null, broken],
      [broken, null],
      [broken, undefined],
    ] as const
    expect(changes.map(([previous, current]) => isHealthTransition({ name: 'App', previous, current }))).toEqual([
      false,
      false,
      false,
      true,
      true,
      true,
    ])
  })
})
