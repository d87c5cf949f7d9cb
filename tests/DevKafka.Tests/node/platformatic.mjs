// platformatic.mjs ADDRESS: two members of a group consume two topics; the second member then leaves.
import { Admin, Consumer, Producer, stringDeserializers, stringSerializers } from '@platformatic/kafka';
import { until } from './checks.mjs';

// The library asks for Node 22; this function is all that Node 20 lacks.
Promise.withResolvers ??= function () {
  const resolvers = {};
  resolvers.promise = new this((resolve, reject) => Object.assign(resolvers, { resolve, reject }));
  return resolvers;
};

const bootstrapBrokers = [process.argv[2]];
const topics = [`platformatic-a-${process.pid}`, `platformatic-b-${process.pid}`];
const admin = new Admin({ clientId: 'admin', bootstrapBrokers });
await admin.createTopics({ topics, partitions: 4, replicas: 1 });

const received = new Set();
const start = async clientId => {
  const consumer = new Consumer({
    clientId, groupId: topics[0], bootstrapBrokers, deserializers: stringDeserializers, heartbeatInterval: 200, sessionTimeout: 10_000,
    rebalanceTimeout: 10_000,
  });
  const member = { consumer, messages: 0 };
  member.partitions = () => (consumer.assignments ?? []).reduce((sum, { partitions }) => sum + partitions.length, 0);
  member.stream = await consumer.consume({ topics, mode: 'committed', fallbackMode: 'earliest', autocommit: 100, maxWaitTime: 500 });
  member.stream.on('data', message => {
    member.messages++;
    received.add(`${message.topic}: ${message.value}`);
  });
  return member;
};

const producer = new Producer({ clientId: 'producer', bootstrapBrokers, serializers: stringSerializers, idempotent: true });
let sent = 0;
const send = async count => {
  for (let i = 0; i < count; i++, sent++)
    await producer.send({ messages: topics.map(topic => ({ topic, key: `key ${sent}`, value: `${sent}` })) });
};

const first = await start('first');
await until(() => first.partitions() === 8, 'the first member has all partitions');
await send(30);
await until(() => received.size === 60, 'the first member consumes all');
const second = await start('second');
await until(() => first.partitions() === 4 && second.partitions() === 4, 'the members share the partitions');
await send(30);
await until(() => received.size === 120 && second.messages > 0, 'both members consume');
await second.consumer.close(true);
await until(() => first.partitions() === 8, 'the first member takes over');
await send(30);
await until(() => received.size === 180, 'the first member consumes all again');
await first.consumer.close(true);
await producer.close();
await admin.close();
console.log('ok');
