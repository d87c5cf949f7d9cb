// kafkajs.mjs ADDRESS: two members of a group consume what a producer sends; the second member then leaves.
import kafkajs from 'kafkajs';
import { check, until } from './checks.mjs';

const kafka = new kafkajs.Kafka({ brokers: [process.argv[2]], logLevel: kafkajs.logLevel.NOTHING });
const topic = `kafkajs-${process.pid}`;
const admin = kafka.admin();
await admin.connect();
await admin.createTopics({ topics: [{ topic, numPartitions: 6 }] });

const received = new Map();
const start = async () => {
  const consumer = kafka.consumer({ groupId: topic, heartbeatInterval: 200, sessionTimeout: 10_000, maxWaitTimeInMs: 500 });
  const member = { consumer, partitions: 0, messages: 0 };
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => { member.partitions = payload.memberAssignment[topic]?.length ?? 0; });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ message }) => {
      member.messages++;
      received.set(message.value.toString(), message.headers.origin.toString());
    },
  });
  return member;
};

const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
await producer.connect();
let sent = 0;
const send = async count => {
  const messages = Array.from({ length: count }, () => ({ key: `key ${sent}`, value: `${sent++}`, headers: { origin: 'kafkajs' } }));
  await producer.send({ topic, messages, compression: kafkajs.CompressionTypes.GZIP });
};

const first = await start();
await until(() => first.partitions === 6, 'the first member has all partitions');
await send(60);
await until(() => received.size === 60, 'the first member consumes all');
const second = await start();
await until(() => first.partitions === 3 && second.partitions === 3, 'the members share the partitions');
await send(60);
await until(() => received.size === 120 && second.messages > 0, 'both members consume');
await second.consumer.disconnect();
await until(() => first.partitions === 6, 'the first member takes over');
await send(60);
await until(() => received.size === 180, 'the first member consumes all again');
await first.consumer.disconnect();

const [{ partitions }] = await admin.fetchOffsets({ groupId: topic, topics: [topic] });
check(partitions.reduce((sum, { offset }) => sum + Number(offset), 0) === 180, 'all offsets are committed');
await producer.disconnect();
await admin.disconnect();
console.log('ok');
