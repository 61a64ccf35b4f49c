import { describe, expect, it } from 'vitest'
import { type Logger, NamedLogger, namedLogger, SILENT } from './logger.ts'

function recorder(lines: unknown[]): Logger {
  const log = (level: string) => (fields: object, message: string) => void lines.push([level, fields, message])
  return { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') }
}

describe('namedLogger()', () => {
  it('adds the service to each line', () => {
    const lines: unknown[] = []
    const logger = namedLogger(recorder(lines), 'App')
    logger.debug({}, 'a')
    logger.info({ state: 'Started' }, 'b')
    logger.warn({}, 'c')
    logger.error({ err: 1 }, 'd')
    expect(lines).toEqual([
      ['debug', { service: 'App' }, 'a'],
      ['info', { service: 'App', state: 'Started' }, 'b'],
      ['warn', { service: 'App' }, 'c'],
      ['error', { service: 'App', err: 1 }, 'd'],
    ])
  })

  it('names the last one only, however deep', () => {
    const lines: unknown[] = []
    namedLogger(namedLogger(recorder(lines), 'App'), 'App.Child').info({}, 'a')
    expect(lines).toEqual([['info', { service: 'App.Child' }, 'a']])
  })

  it('calls the methods on the logger that it was given', () => {
    class Classy {
      readonly lines: string[] = []
      debug(): void {}
      info(_: object, message: string): void {
        this.lines.push(message)
      }
      warn(): void {}
      error(): void {}
    }
    const classy = new Classy()
    namedLogger(classy, 'App').info({}, 'a')
    expect(classy.lines).toEqual(['a'])
  })

  it('makes no logger where the parent is silent', () => {
    expect(namedLogger(SILENT, 'App')).toBe(SILENT)
    expect(() => {
      SILENT.error({}, 'nobody hears')
    }).not.toThrow()
  })

  it('never fails because the logger does', () => {
    const log = (): never => {
      throw new Error('disk full')
    }
    const logger = namedLogger({ debug: log, info: log, warn: log, error: log }, 'App')
    expect(logger).toBeInstanceOf(NamedLogger)
    expect(() => {
      logger.debug({}, 'a')
      logger.info({}, 'a')
      logger.warn({}, 'a')
      logger.error({}, 'a')
    }).not.toThrow()
  })
})
