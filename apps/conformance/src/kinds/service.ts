import { createScope, type Logger, type Scope } from '@svc/core'
import { createServiceEngine, type Engine, type EngineService } from '@svc/engine'
import { BadInputError } from '../bad-input-error.ts'
import { createDriver } from '../driver.ts'
import { perform } from '../perform.ts'
import { type Fault, isFault, isRecord, type Scenario } from '../scenario.ts'
import { byBytes, showOutcome, showReport, showSortedOutcome } from '../show.ts'

export function replayService(scenario: Scenario): Promise<readonly string[]> {
  const logged: string[] = []
  const tasksEnded: string[] = []
  const engines = new Map<string, Engine>()
  const scope = createScope({ logger: createLogger((line) => logged.push(line)) })
  const service = createTree(readTree(scenario.field('tree'), scenario.id), scope, engines)
  const driver = createDriver()
  function engine(name: string): Engine {
    const found = engines.get(name)
    if (found === undefined) throw new BadInputError(`Cannot replay "${scenario.id}": "tree" has no "${name}"`)
    return found
  }
  return perform(
    scenario,
    {
      start: () => {
        driver.begin('start', () => service.start())
      },
      close: () => {
        driver.begin('close', () => service.close(), showSortedOutcome)
      },
      ready: () => `ready ${showOutcome(service.readiness())}`,
      report: () => `report ${showReport(service.healthReport())}`,
      state: () => `name ${service.name()}`,
      cond: (step) => {
        engine(step.text(1)).setHealthCondition(step.text(2), new Error(step.text(3)))
      },
      clear: (step) => {
        engine(step.text(1)).clearHealthCondition(step.text(2))
      },
      emit: (step) => {
        engine(step.text(1)).emitHealthError(new Error(step.text(2)))
      },
      ifStarted: (step) => {
        const target = engine(step.text(1))
        driver.begin('ifStarted', () => target.ifStarted(() => undefined))
      },
      go: (step) => {
        const line = `${step.text(2)} ended`
        engine(step.text(1)).go(async ({ signal }) => {
          await aborted(signal)
          tasksEnded.push(line)
        })
      },
    },
    async (verb) => {
      const ended = await driver.settle()
      const records = logged.splice(0)
      return [
        ...(verb === 'close' ? records.toSorted(byBytes) : records),
        ...tasksEnded.splice(0).toSorted(byBytes),
        ...ended,
      ]
    },
  )
}

interface Tree {
  readonly name: string
  readonly start: Fault
  readonly close: Fault
  readonly subs: readonly Tree[]
}

function readTree(value: unknown, id: string): Tree {
  const { name, start, close, subs } = isRecord(value) ? value : {}
  if (typeof name !== 'string' || !isFault(start) || !isFault(close) || !Array.isArray(subs)) {
    throw new BadInputError(`Cannot replay "${id}": expected { name, start, close, subs } in "tree"`)
  }
  return { name, start, close, subs: subs.map((sub: unknown) => readTree(sub, id)) }
}

function createTree(tree: Tree, parent: Scope, engines: Map<string, Engine>): EngineService {
  const { service, engine } = createServiceEngine({
    name: tree.name,
    parent,
    subServices: (engine) => tree.subs.map((sub) => createTree(sub, engine, engines)),
    start: ({ id }) => {
      if (tree.start === 'fail') throw new Error(`start ${id}`)
    },
    close: ({ id }) => {
      if (tree.close === 'fail') throw new Error(`close ${id}`)
    },
  })
  engines.set(engine.id, engine)
  return service
}

function createLogger(record: (line: string) => void): Logger {
  const at =
    (level: string) =>
    (fields: object, message: string): void => {
      record(`${level} ${String((fields as { readonly service?: unknown }).service)} ${message}`)
    }
  return { debug: at('DEBUG'), info: at('INFO'), warn: at('WARN'), error: at('ERROR') }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    signal.addEventListener('abort', () => resolve())
  })
}
