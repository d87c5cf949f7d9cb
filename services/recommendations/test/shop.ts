import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { Kafka, logLevel, Partitioners, type IHeaders, type KafkaMessage, type Producer } from 'kafkajs'
import pg from 'pg'
import { readConfiguration } from '../src/configuration.js'
import { ShopIds } from '../src/contracts/ids.js'
import { headerText } from '../src/messaging/cloudEvents.js'
import { startService } from '../src/service.js'
import { createLogger } from '../src/telemetry/logging.js'

/** The servers that the tests need; without them the tests are skipped. */
export const servers = { database: process.env.RECOMMENDATIONS_URI ?? '', kafka: process.env.ConnectionStrings__kafka ?? '' }
export const missing =
  servers.database && servers.kafka ? false : 'set RECOMMENDATIONS_URI (PostgreSQL) and ConnectionStrings__kafka to run these tests'

export const ids = new ShopIds()
export const issuer = 'http://shop.example'

export interface Received {
  readonly message: KafkaMessage
  readonly partition: number
  header(name: string): string | undefined
  readonly data: Record<string, unknown>
}

/** One service on a database of its own, with an issuer of tokens and a producer of order events. */
export class Shop {
  private constructor(
    readonly environment: Record<string, string>,
    readonly database: pg.Pool,
    readonly address: string,
    private readonly kafka: Kafka,
    private readonly producer: Producer,
    private readonly signingKey: CryptoKey,
    private readonly stops: (() => Promise<unknown>)[],
  ) {}

  static async start(): Promise<Shop> {
    const name = `recommendations_${randomUUID().replaceAll('-', '')}`
    const admin = new pg.Client({ connectionString: servers.database })
    await admin.connect()
    await admin.query(`CREATE DATABASE ${name}`)
    await admin.end()
    const uri = new URL(servers.database)
    uri.pathname = `/${name}`

    const { publicKey, privateKey } = await generateKeyPair('ES256')
    const keys = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256', use: 'sig' }] })
    const users = createServer((_, response) => response.setHeader('content-type', 'application/json').end(keys))
    await new Promise<void>((resolve) => users.listen(0, '127.0.0.1', resolve))

    const environment = {
      PORT: '0',
      RECOMMENDATIONS_URI: uri.href,
      ConnectionStrings__kafka: servers.kafka,
      services__users__http__0: `http://127.0.0.1:${(users.address() as AddressInfo).port}`,
      Authentication__Issuer: issuer,
      Messaging__MinBackoff: '00:00:00.020',
      Messaging__MaxBackoff: '00:00:00.200',
      Messaging__PollInterval: '00:00:00.200',
    }
    const service = await startService(readConfiguration(environment), createLogger('recommendations'))
    const kafka = new Kafka({ clientId: 'tests', brokers: [servers.kafka], logLevel: logLevel.NOTHING })
    const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
    await producer.connect()
    const database = new pg.Pool({ connectionString: uri.href, max: 2 })
    return new Shop(environment, database, service.address, kafka, producer, privateKey, [
      service.stop,
      () => producer.disconnect(),
      () => database.end(),
      () => new Promise((resolve) => users.close(resolve)),
    ])
  }

  async stop(): Promise<void> {
    for (const stop of this.stops) await stop()
  }

  /** Publishes order events as Orders does. */
  async publish(...events: { message: OrderMessage; headers?: IHeaders }[]): Promise<void> {
    await this.producer.send({ topic: 'order.events', messages: events.map(({ message, headers }) => write(message, headers)) })
  }

  async publishRaw(key: string, value: string | null, headers: IHeaders): Promise<void> {
    await this.producer.send({ topic: 'order.events', messages: [{ key, value, headers }] })
  }

  async get(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Response> {
    return fetch(this.address + path, { method, headers })
  }

  async recommendations(sku: string): Promise<string[]> {
    const response = await this.get(`/api/v1/products/${sku}/recommendations`, { authorization: `Bearer ${await this.token()}` })
    const body = (await response.json()) as { products: { sku: string; orders: number }[] }
    return body.products.map((product) => `${product.sku} ${product.orders}`)
  }

  async token(
    change: (token: SignJWT) => SignJWT = (token) => token,
    claims: Record<string, unknown> = {},
    key = this.signingKey,
    typ = 'at+jwt',
  ) {
    const token = new SignJWT({ scope: 'orders:self recommendations:read', ...claims })
      .setProtectedHeader({ alg: 'ES256', typ, kid: 'one' })
      .setIssuer(issuer)
      .setAudience('forgeshop')
      .setSubject(randomUUID())
      .setExpirationTime('5m')
    return change(token).sign(key)
  }

  /** Reads a topic from its beginning until a message is found. */
  async find(topic: string, isWanted: (received: Received) => boolean): Promise<Received> {
    const consumer = this.kafka.consumer({ groupId: `tests-${randomUUID()}`, maxWaitTimeInMs: 100 })
    try {
      await consumer.connect()
      await consumer.subscribe({ topic, fromBeginning: true })
      return await new Promise<Received>((resolve, reject) => {
        void setTimeout(15_000, undefined, { ref: false }).then(() => {
          reject(new Error(`there is no such message in ${topic}`))
        })
        void consumer.run({
          eachMessage: ({ message, partition }) => {
            const received = {
              message,
              partition,
              header: (name: string) => headerText(message.headers, name),
              get data() {
                return JSON.parse(message.value?.toString() ?? '{}') as Record<string, unknown>
              },
            }
            if (isWanted(received)) resolve(received)
            return Promise.resolve()
          },
        })
      })
    } finally {
      await consumer.disconnect()
    }
  }
}

export interface OrderMessage {
  readonly order: string
  readonly type: string
  readonly sequence: number
  readonly data: Record<string, unknown>
}

/** The events of one order, as Orders emits them. */
export function newOrder(...skus: string[]) {
  const order = randomUUID()
  const items = skus.map((sku) => ({ lineId: randomUUID(), productId: ids.product(sku), sku, name: sku, quantity: 1, unitPrice: euro }))
  const common = { orderId: order, userId: randomUUID(), total: euro }
  const at = new Date().toISOString()
  const event = (type: string, sequence: number, data: Record<string, unknown>): OrderMessage => ({ order, type, sequence, data })
  return {
    order,
    placed: event('orders.order-placed', 1, {
      ...common,
      reference: order,
      status: 'pending',
      items,
      paymentMethod: 'sim-ok',
      placedAt: at,
    }),
    confirmed: event('orders.order-confirmed', 2, { ...common, confirmedAt: at, items }),
    confirmedOfOldRelease: event('orders.order-confirmed', 2, { ...common, confirmedAt: at }),
    cancelled: event('orders.order-cancelled', 3, { ...common, reason: 'customer-request', cancelledAt: at, confirmedAt: at, items }),
  }
}

const euro = { amount: '1.00', currency: 'EUR' }

export function headersOf({ order, type, sequence }: OrderMessage): IHeaders {
  return {
    ce_specversion: '1.0',
    ce_id: ids.event(order, type, BigInt(sequence)),
    ce_type: type,
    ce_source: '/orders',
    ce_subject: order,
    ce_time: new Date().toISOString(),
    ce_sequence: `${sequence}`,
    ce_dataversion: '1',
    'content-type': 'application/json',
  }
}

function write(message: OrderMessage, headers: IHeaders = {}) {
  return { key: message.order, value: JSON.stringify(message.data), headers: { ...headersOf(message), ...headers } }
}

/** Returns SKUs that no other test uses. */
export const newSkus = (count: number) => Array.from({ length: count }, () => `TEST-${randomUUID().slice(0, 13).toUpperCase()}`)

/** Waits until a value is as expected; the last value is in the error. */
export async function eventually<T>(read: () => Promise<T>, expected: T): Promise<void> {
  for (const deadline = Date.now() + 15_000; ;) {
    const found = await read()
    if (JSON.stringify(found) === JSON.stringify(expected)) return
    if (Date.now() > deadline) throw new Error(`expected ${JSON.stringify(expected)}, found ${JSON.stringify(found)}`)
    await setTimeout(50)
  }
}
