import { readdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { Client, ClientBase, Pool } from 'pg'
import { isTransient } from './transientErrors.js'

// By require: OpenTelemetry instruments CommonJS modules when they are required.
const pg = createRequire(import.meta.url)('pg') as typeof import('pg')

const migrations = new URL('../../../migrations/', import.meta.url)
const maxConnections = 8
const connectTimeout = 5_000
const queryTimeout = 8_000
const lockTimeout = 3_000

export type Queryable = ClientBase | Pool

/** Opens a pool with the time-outs of ServiceDefaults/Requests/TimeBudgets.cs. */
export function openPool(uri: string, onError: (error: Error) => void): Pool {
  const pool = new pg.Pool({ ...settings(uri), max: maxConnections })
  pool.on('error', onError) // An idle connection has ended; the pool opens another one.
  return pool
}

/** Opens a connection outside the pool: a pooled connection that is given back would keep its session lock. */
export async function connect(uri: string, onError: (error: Error) => void): Promise<Client> {
  const client = new pg.Client(settings(uri))
  client.on('error', onError)
  await client.connect()
  return client
}

function settings(uri: string) {
  return {
    connectionString: uri,
    application_name: 'recommendations',
    connectionTimeoutMillis: connectTimeout,
    query_timeout: queryTimeout,
    options: `-c lock_timeout=${lockTimeout}`,
    keepAlive: true,
  }
}

/** Runs work and commits it. A connection that failed is closed, so that the next transaction gets a new one. */
export async function inTransaction<T>(pool: Pool, work: (client: ClientBase) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  let failure: unknown
  try {
    await client.query('BEGIN')
    const result = await work(client)
    await client.query('COMMIT')
    return result
  } catch (error) {
    failure = error
    if (!isTransient(error)) await client.query('ROLLBACK')
    throw error
  } finally {
    client.release(failure !== undefined && isTransient(failure))
  }
}

/** Brings the schema up to date. Replicas that start together take turns. */
export async function migrate(uri: string, onError: (error: Error) => void): Promise<string[]> {
  const client = await connect(uri, onError)
  try {
    await client.query(`SET lock_timeout = 0; SELECT pg_advisory_lock(hashtext('forgeshop.migrations'))`)
    await client.query('CREATE TABLE IF NOT EXISTS migrations (name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())')
    const { rows } = await client.query<{ name: string }>('SELECT name FROM migrations')
    const applied = new Set(rows.map((row) => row.name))
    const missing = (await readdir(migrations)).filter((name) => name.endsWith('.sql') && !applied.has(name)).sort()
    for (const name of missing) {
      const script = await readFile(new URL(name, migrations), 'utf8')
      await client.query(`BEGIN; ${script}; INSERT INTO migrations (name) VALUES (${client.escapeLiteral(name)}); COMMIT`)
    }
    return missing
  } finally {
    await client.end()
  }
}
