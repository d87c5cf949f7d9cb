import type { FastifyInstance } from 'fastify'
import type { Pool } from 'pg'
import type { KafkaClients } from '../messaging/kafka.js'
import type { MessagingState } from '../telemetry/messagingTelemetry.js'
import { Problem } from './problems.js'

const kafkaTimeout = 500

/**
 * Maps /alive, and /health with the checks of the .NET services: without its database the service is unhealthy, without Kafka degraded,
 * because it still answers.
 */
export function mapHealth(server: FastifyInstance, pool: Pool, kafka: KafkaClients, state: MessagingState, maxOutboxAge: number): void {
  server.get('/alive', () => ({ status: 'Healthy', checks: { self: 'Healthy' } }))
  server.get('/health', async () => {
    const [database, answers] = await Promise.all([answersQuery(pool), withinTimeout(kafka.answers())])
    const isDelayed = !answers || state.outboxAge > maxOutboxAge || state.waitingPartitions.size > 0
    const checks = { self: 'Healthy', database: database ? 'Healthy' : 'Unhealthy', messaging: isDelayed ? 'Degraded' : 'Healthy' }
    if (!database)
      throw new Problem(503, 'not-ready', 'A dependency of this service does not answer, or it is still starting.', { members: { checks } })
    return { status: isDelayed ? 'Degraded' : 'Healthy', checks }
  })
}

async function answersQuery(pool: Pool): Promise<boolean> {
  try {
    await pool.query('SELECT 1')
    return true
  } catch {
    return false
  }
}

function withinTimeout(answer: Promise<boolean>): Promise<boolean> {
  const late = new Promise<boolean>((resolve) => {
    setTimeout(resolve, kafkaTimeout, false).unref()
  })
  return Promise.race([answer, late])
}
