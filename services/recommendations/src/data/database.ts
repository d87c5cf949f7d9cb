import { readdir, readFile } from 'node:fs/promises'
import type { ClientBase } from 'pg'
import { settings } from '../settings.js'
import { logger, requireInstrumented } from '../telemetry/telemetry.js'

const pg = requireInstrumented('pg') as typeof import('pg')

const onLostConnection = (err: Error) => logger.debug({ err }, 'A connection to the database ended')

/** Has the time-outs of ServiceDefaults/Requests/TimeBudgets.cs. A connection that took a session lock is released by `release(true)`. */
export const pool = new pg.Pool({
  connectionString: settings.RECOMMENDATIONS_URI,
  application_name: 'recommendations',
  connectionTimeoutMillis: 5_000,
  query_timeout: 8_000,
  options: '-c lock_timeout=3000',
  keepAlive: true,
  max: 8,
})
pool.on('error', onLostConnection)
pool.on('connect', (client) => client.on('error', onLostConnection))

/** Runs work and commits it. A connection whose work failed is closed, which rolls back. */
export async function inTransaction<T>(work: (client: ClientBase) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  try {
    await client.query('BEGIN')
    const result = await work(client)
    await client.query('COMMIT')
    client.release()
    return result
  } catch (error) {
    client.release(true)
    throw error
  }
}

// The codes of ServiceDefaults/Databases/TransientPostgresErrors.cs, and the driver's own errors, which have none.
const transientCodes = /^(08|25P|28|40|53|57P|58)|^(25006|42501|55000|55006|55P03|57014|3D000|42P01|42703|E[A-Z]+)$/
const driverErrors = /^(Connection (terminated|ended)|timeout exceeded|Query read timeout|Client has encountered a connection error)/i

/** Whether an error is the store's fault and not the message's: a consumer waits and counts no attempt, HTTP answers 503. */
export function isTransient(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return driverErrors.test(error.message) || ('code' in error && transientCodes.test(String(error.code)))
}

/** Brings the schema up to date. Replicas that start together take turns. */
export async function migrate(): Promise<void> {
  const migrations = new URL('../../../migrations/', import.meta.url)
  const client = await pool.connect()
  try {
    await client.query(`SET lock_timeout = 0; SELECT pg_advisory_lock(hashtext('forgeshop.migrations'))`)
    await client.query('CREATE TABLE IF NOT EXISTS migrations (name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())')
    const { rows } = await client.query<{ name: string }>('SELECT name FROM migrations')
    const applied = new Set(rows.map((row) => row.name))
    const missing = (await readdir(migrations)).filter((name) => name.endsWith('.sql') && !applied.has(name)).sort()
    for (const name of missing) {
      const script = await readFile(new URL(name, migrations), 'utf8')
      await client.query(`BEGIN; ${script}; INSERT INTO migrations (name) VALUES (${client.escapeLiteral(name)}); COMMIT`)
      logger.info({ name }, 'Migrated the database')
    }
  } finally {
    client.release(true)
  }
}
