import type { DatabaseSync } from 'node:sqlite'

const VERSION = 1

/** A delivery that is being attempted has no `next_attempt_at`. How many are pending is counted by the triggers. */
const SCHEMA = `
CREATE TABLE subscriptions (
  id TEXT PRIMARY KEY,
  url TEXT NOT NULL,
  types TEXT NOT NULL,
  secret TEXT NOT NULL,
  status TEXT NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'disabled')),
  created_at INTEGER NOT NULL
) STRICT;
CREATE TABLE events (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  type TEXT NOT NULL,
  data TEXT NOT NULL,
  traceparent TEXT,
  idempotency_key TEXT UNIQUE,
  digest TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX events_by_age ON events (created_at);
CREATE TABLE deliveries (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  event INTEGER NOT NULL REFERENCES events ON DELETE CASCADE,
  subscription TEXT NOT NULL,
  status TEXT NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'delivered', 'dead')),
  attempts INTEGER NOT NULL DEFAULT 0,
  last_error TEXT,
  next_attempt_at INTEGER,
  ended_at INTEGER,
  UNIQUE (event, subscription)
) STRICT;
CREATE INDEX deliveries_due ON deliveries (subscription, next_attempt_at) WHERE status = 'pending';
CREATE INDEX deliveries_dead ON deliveries (ended_at, id) WHERE status = 'dead';
CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
INSERT INTO counters VALUES ('pending', 0), ('probes', 0);
CREATE TRIGGER pending_added AFTER INSERT ON deliveries WHEN NEW.status = 'pending'
  BEGIN UPDATE counters SET value = value + 1 WHERE name = 'pending'; END;
CREATE TRIGGER pending_removed AFTER DELETE ON deliveries WHEN OLD.status = 'pending'
  BEGIN UPDATE counters SET value = value - 1 WHERE name = 'pending'; END;
CREATE TRIGGER pending_changed AFTER UPDATE OF status ON deliveries WHEN (NEW.status = 'pending') <> (OLD.status = 'pending')
  BEGIN UPDATE counters SET value = value + iif(NEW.status = 'pending', 1, -1) WHERE name = 'pending'; END;
PRAGMA user_version = ${VERSION};
`

/** Brings a database that has just been opened into the form in which the relay uses it. */
export function prepareDatabase(database: DatabaseSync): void {
  const mode = database.prepare('PRAGMA journal_mode = WAL').get()?.['journal_mode']
  if (mode !== 'wal') throw new Error(`its journal mode stays ${JSON.stringify(mode)} where "wal" is needed`)
  database.exec('PRAGMA synchronous = FULL')
  const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version'])
  if (version > VERSION) throw new Error(`it is of version ${version}, this program knows ${VERSION}`)
  if (version === VERSION) return
  database.exec(`BEGIN IMMEDIATE; ${SCHEMA} COMMIT`)
}
