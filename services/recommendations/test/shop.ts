import { spawn, type ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { Kafka, logLevel, Partitioners, type IHeaders, type KafkaMessage, type Producer } from 'kafkajs'
import pg from 'pg'
import { Forge, int, sku, text, uuid } from '@forgeshop/forge-id'

/** The servers that the tests need; without them the tests are skipped. */
export const servers = { database: process.env.RECOMMENDATIONS_URI ?? '', kafka: process.env.ConnectionStrings__kafka ?? '' }
export const missing =
  servers.database && servers.kafka ? false : 'set RECOMMENDATIONS_URI (PostgreSQL) and ConnectionStrings__kafka to run these tests'

const forge = new Forge('forgeshop.example')
const [products, events, correlations] = [forge.entity('products'), forge.entity('events'), forge.entity('correlations')]
export const ids = {
  product: (canonicalSku: string) => products.id(sku(canonicalSku)),
  event: (aggregate: string, type: string, sequence: bigint) =>
    events.id({ aggregate: uuid(aggregate), type: text(type), sequence: int(sequence) }),
  correlation: (actor: string, action: string, reference: string) =>
    correlations.id({ actor: text(actor), action: text(action), reference: text(reference) }),
}
export const issuer = 'http://shop.example'

export interface Received {
  readonly message: KafkaMessage
  readonly partition: number
  header(name: string): string | undefined
  readonly data: Record<string, unknown>
}

/** One service, as a process with a database of its own, with an issuer of tokens and a producer of order events. */
export class Shop {
  private constructor(
    readonly process: ChildProcess,
    /** What the service logged when it was ready. */
    readonly ready: Record<string, unknown>,
    readonly database: pg.Pool,
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
    users.unref()

    const environment = {
      PORT: '0',
      LOG_LEVEL: 'info',
      RECOMMENDATIONS_URI: uri.href,
      ConnectionStrings__kafka: servers.kafka,
      services__users__http__0: `http://127.0.0.1:${(users.address() as AddressInfo).port}`,
      Authentication__Issuer: issuer,
      Messaging__MinBackoff: '00:00:00.020',
      Messaging__MaxBackoff: '00:00:00.200',
      Messaging__PollInterval: '00:00:00.200',
    }
    const main = fileURLToPath(new URL('../src/main.js', import.meta.url))
    const service = spawn(process.execPath, [main], { env: { ...process.env, ...environment }, stdio: ['ignore', 'pipe', 'inherit'] })
    const ready = await new Promise<Record<string, unknown>>((resolve, reject) => {
      createInterface(service.stdout).on('line', (line) => {
        const entry = JSON.parse(line) as Record<string, unknown>
        if (entry.message === 'The service is ready') resolve(entry)
      })
      service.once('exit', () => {
        reject(new Error('the service ended'))
      })
    })
    const kafka = new Kafka({ clientId: 'tests', brokers: [servers.kafka], logLevel: logLevel.NOTHING })
    const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
    await producer.connect()
    const database = new pg.Pool({ connectionString: uri.href, max: 2 })
    return new Shop(service, ready, database, kafka, producer, privateKey, [
      () => producer.disconnect(),
      () => database.end(),
      () => new Promise((resolve) => users.close(resolve)),
    ])
  }

  get address(): string {
    return String(this.ready.address)
  }

  /** Ends the service as an orchestrator does; returns its exit code. */
  async stop(): Promise<number | null> {
    this.process.kill('SIGTERM')
    if (this.process.exitCode === null) await once(this.process, 'exit')
    for (const stop of this.stops) await stop()
    return this.process.exitCode
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
        void setTimeout(120_000, undefined, { ref: false }).then(() => {
          reject(new Error(`there is no such message in ${topic}`))
        })
        void consumer.run({
          eachMessage: ({ message, partition }) => {
            const received = {
              message,
              partition,
              header: (name: string) => message.headers?.[name]?.toString(),
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
  for (const deadline = Date.now() + 120_000; ;) {
    const found = await read()
    if (JSON.stringify(found) === JSON.stringify(expected)) return
    if (Date.now() > deadline) throw new Error(`expected ${JSON.stringify(expected)}, found ${JSON.stringify(found)}`)
    await setTimeout(50)
  }
}
