import { cleanEnv, makeValidator, num, str } from 'envalid'
import { logger } from './telemetry/telemetry.js'

/** A time in .NET's form, [days.]hours:minutes:seconds[.fraction], in milliseconds. */
const time = makeValidator<number>((text) => {
  const match = /^(?:(\d+)\.)?(\d{1,2}):(\d{2}):(\d{2}(?:\.\d+)?)$/.exec(text)
  if (!match) throw new Error('This is not a time such as 00:00:30.')
  const [days, hours, minutes, seconds] = match.slice(1).map((part) => Number(part || 0)) as [number, number, number, number]
  return Math.round((((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000)
})

/** The settings, under the names that Aspire and the .NET services use. Messaging has those of shared/Messaging/MessagingOptions.cs. */
export const settings = cleanEnv(
  process.env,
  {
    HOST: str({ default: '127.0.0.1' }),
    PORT: num({ default: 8080 }),
    RECOMMENDATIONS_URI: str(),
    ConnectionStrings__kafka: str(),
    Kafka__SecurityProtocol: str({ default: 'plaintext' }),
    Kafka__SaslMechanism: str({ default: 'plain' }),
    Kafka__SaslUsername: str({ default: '' }),
    Kafka__SaslPassword: str({ default: '' }),
    services__users__http__0: str({ default: '' }),
    services__users__https__0: str({ default: '' }),
    Authentication__Users: str({ default: '' }),
    Authentication__Issuer: str(),
    Authentication__Audience: str({ default: 'forgeshop' }),
    Forge__Algorithm: str({ default: '' }),
    Forge__Secret: str({ default: '' }),
    Messaging__PublishBatchSize: num({ default: 1000 }),
    Messaging__ConsumeBatchSize: num({ default: 200 }),
    Messaging__PollInterval: time({ default: 1_000 }),
    Messaging__PublishTimeout: time({ default: 30_000 }),
    Messaging__MaxAttempts: num({ default: 5 }),
    Messaging__MinBackoff: time({ default: 200 }),
    Messaging__MaxBackoff: time({ default: 5_000 }),
    Messaging__OutboxRetention: time({ default: 7 * 86_400_000 }),
    Messaging__InboxRetention: time({ default: 14 * 86_400_000 }),
    Messaging__CleanUpInterval: time({ default: 60_000 }),
    Messaging__MaxOutboxAge: time({ default: 30_000 }),
    Messaging__Partitions: num({ default: 6 }),
    Messaging__ReplicationFactor: num({ default: -1 }),
  },
  {
    reporter: ({ errors }) => {
      const wrong = Object.entries(errors).map(([name, error]) => `${name}: ${error.message}`)
      if (wrong.length === 0) return
      logger.fatal({ wrong }, 'Settings are missing or malformed')
      process.exit(1)
    },
  },
)
