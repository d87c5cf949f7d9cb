import type { MessagingSettings } from '../configuration.js'
import type { Logger } from '../telemetry/logging.js'
import type { MessagingMetrics, MessagingState } from '../telemetry/messagingTelemetry.js'
import type { KafkaClients } from './kafka.js'

/** What all parts of messaging use. */
export interface MessagingContext {
  /** The service's name: its consumer group, and the CloudEvents source of its events. */
  readonly service: string
  readonly kafka: KafkaClients
  readonly settings: MessagingSettings
  readonly state: MessagingState
  readonly metrics: MessagingMetrics
  readonly logger: Logger
}
