import assert from 'node:assert/strict'
import { applyJitter, createTicker, DEFAULT_JITTER, type Ticker } from '@svc/ticker'

const ticker: Ticker = createTicker({ periodMs: 2, jitter: 0 })
assert.equal(await ticker.next(), true)
ticker.stop()
assert.equal(await ticker.next(), false)
assert.equal(applyJitter(100, 0), 100)
assert.ok(Math.abs(applyJitter(100, DEFAULT_JITTER) - 100) <= 10)
