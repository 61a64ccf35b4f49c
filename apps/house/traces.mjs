// Runs a program together with a viewer for its spans. As run.mjs: plain JavaScript for Node 20 and newer, no dependencies.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { constants } from 'node:os'

/** The viewer, in the one version that was tried. Npx fetches it; no package depends on it. */
export const VIEWER = 'autotel-devtools@27.1.0'

/** Where the viewer listens, for its page as for the spans: the port that OTLP has by default. */
const PORT = '4318'

/** What a viewer gets to end by itself; it waits for pages that are open. */
const PATIENCE_MS = 2_000

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP']

/** What is wrong, in words for whoever started this. */
class TracesError extends Error {}

/**
 * Starts the viewer, runs `program` with the environment that sends its spans there, and ends the viewer when the program
 * has ended, however it has. Gives back the program's exit code; 1, and says why, where a port is taken or the viewer does
 * not start.
 *
 * @param program runs until it ends or its signal aborts, and gives its exit code
 * @param options `env`: what both inherit, and `TRACES_PORT`; `viewer`: the command, for tests
 */
export async function runWithViewer(program, { env, viewer = ['npx', '--yes', VIEWER] }) {
  try {
    return await runBoth(program, viewer, env)
  } catch (error) {
    if (!(error instanceof TracesError)) throw error
    console.error(error.message)
    return 1
  }
}

async function runBoth(program, command, env) {
  const port = await freePort(env.TRACES_PORT ?? PORT)
  console.log(`Starting ${VIEWER}; the first time npx has to fetch it`)
  const viewer = startViewer(command, port, env)
  const stop = new AbortController()
  let url
  let interrupted
  const interrupt = (signal) => {
    // Later it is the program's own matter, which whoever runs it passes on
    if (url !== undefined) return
    interrupted = signal
    void viewer.end(signal)
  }
  for (const signal of SIGNALS) process.on(signal, interrupt)
  try {
    url = await viewer.ready
    console.log(`The traces: ${url}`)
    void viewer.ended.then(() => stop.abort())
    void tellWhenSeen(url, stop.signal)
    const code = await program(environmentFor(env, url), stop.signal)
    if (!stop.signal.aborted) return code
    console.error(`The viewer has ended, and so the program was stopped:\n${viewer.output()}`)
    return code === 0 ? 1 : code
  } catch (error) {
    if (interrupted !== undefined) return 128 + constants.signals[interrupted]
    throw error
  } finally {
    stop.abort()
    await viewer.end('SIGTERM')
    for (const signal of SIGNALS) process.off(signal, interrupt)
  }
}

function startViewer([file, ...args], port, env) {
  // In a group of its own: npx is three processes, of which a signal to the first would reach that one alone
  const child = spawn(file, [...args, '--host', '127.0.0.1', '--port', String(port), '--grpc-port', '0'], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  let output = ''
  const ended = new Promise((resolve) => {
    child.on('error', (error) => {
      output += error.message
      resolve()
    })
    // Not "exit": npx may end before what it has started, which holds the streams open
    child.on('close', resolve)
  })
  const ready = new Promise((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        output += text
        const url = /^ *UI: +(http:\S+)\s/m.exec(output)?.[1]
        if (url === undefined) return
        // It takes the next port where the one that it was given is taken
        if (port === 0 || new URL(url).port === String(port)) resolve(url)
        else reject(new TracesError(taken(port)))
      })
    }
    void ended.then(() => reject(new TracesError(`Cannot show traces: ${VIEWER} did not start\n${output}`)))
  })
  const kill = (signal) => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, signal)
    } catch {
      // All of the group have ended
    }
  }
  return {
    ready,
    ended,
    output: () => output,
    end: async (signal) => {
      kill(signal)
      const late = setTimeout(kill, PATIENCE_MS, 'SIGKILL')
      await ended
      clearTimeout(late)
    },
  }
}

/** What would send the spans elsewhere, or nowhere. */
const ELSEWHERE = /^OTEL_(?:EXPORTER_OTLP_.*|TRACES_EXPORTER|SDK_DISABLED)$/

/** The environment of a program whose spans go to the viewer, whatever the user has set for others. */
function environmentFor(env, url) {
  const rest = Object.entries(env).filter(([name]) => !ELSEWHERE.test(name))
  return { ...Object.fromEntries(rest), OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' }
}

/** Says once more where to look when there is something to see: the first line has scrolled away by then. */
async function tellWhenSeen(url, signal) {
  while (!signal.aborted) {
    const found = await fetch(`${url}/v1/traces`, { signal })
      .then((response) => response.json())
      .catch(() => undefined)
    if (JSON.stringify(found)?.includes('traceId')) {
      console.log(`The first traces are there: ${url}`)
      return
    }
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
}

/** The port, checked before anything is downloaded. */
async function freePort(text) {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 65_536
  if (port > 65_535) {
    const shown = JSON.stringify(text)
    throw new TracesError(
      `Cannot show traces: TRACES_PORT is ${shown}. Expected a number from 0, for any free port, to 65535`,
    )
  }
  const server = createServer()
  server.listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch (error) {
    if (error.code === 'EADDRINUSE') throw new TracesError(taken(port))
    throw new TracesError(`Cannot show traces: port ${port} cannot be used: ${error.message}`)
  }
  server.close()
  await once(server, 'close')
  return port
}

function taken(port) {
  return (
    `Cannot show traces: port ${port} is taken, perhaps by another viewer or a collector. Stop that, ` +
    `or take another port: TRACES_PORT=0 npm run traces (0 is any free one)`
  )
}
