export type Configuration = ReturnType<typeof readConfiguration>
export type MessagingSettings = Configuration['messaging']
type Environment = Readonly<Record<string, string | undefined>>

/**
 * Reads the settings, under the names that Aspire and the .NET services use: a section's members are joined by two underscores. Messaging has the
 * settings of shared/Messaging/MessagingOptions.cs, with times in milliseconds.
 * @throws {Error} A setting is missing or malformed; the message names it.
 */
export function readConfiguration(environment: Environment) {
  const text = (name: string) => environment[name] || undefined
  const required = (name: string) => {
    const value = text(name)
    if (value === undefined) throw new Error(`The setting ${name} is missing.`)
    return value
  }
  const number = (name: string, usual: number) => {
    const value = Number(text(name) ?? usual)
    if (!Number.isInteger(value)) throw new Error(`The setting ${name} is not a whole number.`)
    return value
  }
  const time = (name: string, usual: string) => milliseconds(name, text(name) ?? usual)
  const protocol = text('Kafka__SecurityProtocol')?.toLowerCase() ?? 'plaintext'
  return {
    host: text('HOST') ?? '127.0.0.1',
    port: number('PORT', 8080),
    database: required('RECOMMENDATIONS_URI'),
    kafka: {
      brokers: required('ConnectionStrings__kafka').split(','),
      tls: protocol.endsWith('ssl'),
      sasl: protocol.startsWith('sasl')
        ? {
            mechanism: (text('Kafka__SaslMechanism') ?? 'plain').toLowerCase().replaceAll('_', '-'),
            username: required('Kafka__SaslUsername'),
            password: required('Kafka__SaslPassword'),
          }
        : undefined,
    },
    users: text('Authentication__Users') ?? text('services__users__https__0') ?? required('services__users__http__0'),
    issuer: required('Authentication__Issuer'),
    audience: text('Authentication__Audience') ?? 'forgeshop',
    forge: { algorithm: text('Forge__Algorithm'), secret: text('Forge__Secret') },
    messaging: {
      publishBatchSize: number('Messaging__PublishBatchSize', 1000),
      consumeBatchSize: number('Messaging__ConsumeBatchSize', 200),
      pollInterval: time('Messaging__PollInterval', '00:00:01'),
      publishTimeout: time('Messaging__PublishTimeout', '00:00:30'),
      maxAttempts: number('Messaging__MaxAttempts', 5),
      minBackoff: time('Messaging__MinBackoff', '00:00:00.200'),
      maxBackoff: time('Messaging__MaxBackoff', '00:00:05'),
      outboxRetention: time('Messaging__OutboxRetention', '7.00:00:00'),
      inboxRetention: time('Messaging__InboxRetention', '14.00:00:00'),
      cleanUpInterval: time('Messaging__CleanUpInterval', '00:01:00'),
      maxOutboxAge: time('Messaging__MaxOutboxAge', '00:00:30'),
      partitions: number('Messaging__Partitions', 6),
      replicationFactor: number('Messaging__ReplicationFactor', -1),
    },
  }
}

/** Reads a time in .NET's form, [days.]hours:minutes:seconds[.fraction]. */
function milliseconds(name: string, text: string): number {
  const match = /^(?:(\d+)\.)?(\d{1,2}):(\d{2}):(\d{2}(?:\.\d+)?)$/.exec(text)
  if (!match) throw new Error(`The setting ${name} is not a time such as 00:00:30.`)
  const [days, hours, minutes, seconds] = match.slice(1).map((part) => Number(part || 0)) as [number, number, number, number]
  return Math.round((((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000)
}
