import { exceptionSignal, type ExceptionSignal, type Recorded } from '@svc/otel'
import { z } from 'zod'
import { isTraceparent } from './delivery/trace.ts'
import { number, whole, word } from './fields.ts'

/** How spans are made and where they go. The exporter reads the other `OTEL_EXPORTER_OTLP_*` itself. */
export interface TelemetrySettings {
  /** Whether spans leave the process. */
  readonly exportSpans: boolean
  readonly sampler: (typeof SAMPLERS)[number]
  /** Of the traces, where the sampler takes a part: 0 to 1. */
  readonly samplerRatio: number
  readonly exceptions: ExceptionSignal
  readonly ticks: Recorded
  readonly tasks: Recorded
  /** For one export, its retries included. */
  readonly exportTimeoutMs: number
  readonly scheduleDelayMs: number
  readonly maxQueueSize: number
  readonly maxBatchSize: number
  /** The trace that the start of the program is a part of, as its environment says. */
  readonly traceparent: string | undefined
}

type Environment = Readonly<Record<string, string | undefined>>

const SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const
const RECORDED = ['off', 'errors', 'all'] as const
const DAY_MS = 86_400_000

/** The variables of OpenTelemetry that SDK 3 leaves to the program, and the program's own, after the defaults. */
interface Fields {
  readonly OTEL_SDK_DISABLED: 'true' | 'false'
  readonly OTEL_TRACES_EXPORTER: 'otlp' | 'none'
  readonly OTEL_EXPORTER_OTLP_ENDPOINT: string | undefined
  readonly OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: string | undefined
  readonly OTEL_EXPORTER_OTLP_PROTOCOL: string | undefined
  readonly OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: string | undefined
  readonly OTEL_EXPORTER_OTLP_TIMEOUT: number
  readonly OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: number | undefined
  readonly OTEL_TRACES_SAMPLER: (typeof SAMPLERS)[number]
  readonly OTEL_TRACES_SAMPLER_ARG: number
  readonly OTEL_BSP_SCHEDULE_DELAY: number
  readonly OTEL_BSP_MAX_QUEUE_SIZE: number
  readonly OTEL_BSP_MAX_EXPORT_BATCH_SIZE: number | undefined
  readonly TRACE_TICKS: Recorded
  readonly TRACE_TASKS: Recorded
}

/** What checks each of them. */
export function telemetryFields(): { readonly [name in keyof Fields]: z.ZodType<Fields[name]> } {
  const endpoint = z.url({ protocol: /^https?$/, error: 'expected a URL that begins with http:// or https://' })
  const protocol = z.literal('http/json', { error: 'expected http/json, the one that this program speaks' })
  const ratio = /^(?:\d+(?:\.\d*)?|\.\d+)(?:e-?\d+)?$/i
  return {
    OTEL_SDK_DISABLED: word(['true', 'false'], 'false', 'expected true or false'),
    OTEL_TRACES_EXPORTER: word(['otlp', 'none'], 'otlp', 'expected otlp or none'),
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint.optional(),
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: endpoint.optional(),
    OTEL_EXPORTER_OTLP_PROTOCOL: protocol.optional(),
    OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: protocol.optional(),
    OTEL_EXPORTER_OTLP_TIMEOUT: whole(2_000, 1, DAY_MS),
    OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: whole(undefined, 1, DAY_MS),
    OTEL_TRACES_SAMPLER: word(SAMPLERS, 'parentbased_always_on'),
    OTEL_TRACES_SAMPLER_ARG: number(1, ratio, 'expected a number from 0 to 1', (it) => it <= 1),
    OTEL_BSP_SCHEDULE_DELAY: whole(5_000, 0, DAY_MS),
    // A close ends all of its spans within a moment, its root last, and what does not fit into the queue is lost
    OTEL_BSP_MAX_QUEUE_SIZE: whole(16_384, 1, 1_000_000),
    OTEL_BSP_MAX_EXPORT_BATCH_SIZE: whole(undefined, 1, 1_000_000),
    TRACE_TICKS: word(RECORDED, 'errors'),
    TRACE_TASKS: word(RECORDED, 'errors'),
  }
}

/** Makes the settings of fields that are right, and of what is there for whoever started the program to set. */
export function telemetrySettings(fields: Fields, environment: Environment): TelemetrySettings {
  const { TRACEPARENT, OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN } = environment
  const endpoint = fields.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? fields.OTEL_EXPORTER_OTLP_ENDPOINT
  const isOff = fields.OTEL_SDK_DISABLED === 'true' || fields.OTEL_TRACES_EXPORTER === 'none'
  return {
    exportSpans: endpoint !== undefined && !isOff,
    sampler: fields.OTEL_TRACES_SAMPLER,
    samplerRatio: fields.OTEL_TRACES_SAMPLER_ARG,
    exceptions: exceptionSignal(OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN),
    ticks: fields.TRACE_TICKS,
    tasks: fields.TRACE_TASKS,
    exportTimeoutMs: fields.OTEL_EXPORTER_OTLP_TRACES_TIMEOUT ?? fields.OTEL_EXPORTER_OTLP_TIMEOUT,
    scheduleDelayMs: fields.OTEL_BSP_SCHEDULE_DELAY,
    maxQueueSize: fields.OTEL_BSP_MAX_QUEUE_SIZE,
    maxBatchSize: fields.OTEL_BSP_MAX_EXPORT_BATCH_SIZE ?? Math.min(512, fields.OTEL_BSP_MAX_QUEUE_SIZE),
    // Not a setting of this program: one that cannot be used is as good as none
    traceparent: isTraceparent(TRACEPARENT) ? TRACEPARENT : undefined,
  }
}

/** The rules of OpenTelemetry: an empty variable is one that is not set. */
export function withoutEmptyOtel(environment: Environment): Environment {
  return Object.fromEntries(
    Object.entries(environment).filter(([name, value]) => !(name.startsWith('OTEL_') && value === '')),
  )
}
