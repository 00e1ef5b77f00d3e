// What the store leaves in its client and on the wire: a burst goes out together, what cannot be answered is bounded, and what was
// asked while the connection is lost is refused at once and never sent later.
import { expect, it } from 'vitest';
import { redisStore } from '../../src/redis/index.ts';
import { failure } from '../support/calls.ts';
import { CLIENTS, clientNames } from '../support/redis-clients.ts';
import { redisMissing, redisServer } from '../support/redis-server.ts';

const title = redisMissing ? ` (${redisMissing})` : '';
const each = it.skipIf(redisMissing).each(clientNames);

const figure = (info: string, name: string) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1]);

each(`a burst of writes over %s goes out together${title}`, async (name) => {
  await using server = await redisServer();
  await using connected = await CLIENTS[name](server.url);
  const store = redisStore(connected.client);
  await store.add('warm', 1, 5_000);
  const reads = async () => figure(await server.send('INFO', 'stats'), 'total_reads_processed');
  const before = await reads();
  server.freeze();
  const sets = Array.from({ length: 500 }, (_, i) => store.set(`key-${i}`, 'x', 5_000));
  const sums = Array.from({ length: 500 }, (_, i) => store.add(`n-${i}`, 1, 5_000));
  // So that they are on their way; none of them can be answered.
  await new Promise((resolve) => setTimeout(resolve, 100));
  server.thaw();
  await Promise.all([...sets, ...sums]);
  // One reads 16 KB at a time; a thousand, had each waited for the one before.
  expect((await reads()) - before).toBeLessThan(50);
  expect(await store.get('key-499')).toBe('x');
});

each(`a server that does not answer leaves at most 5,000 commands in %s${title}`, async (name) => {
  await using server = await redisServer();
  await using connected = await CLIENTS[name](server.url);
  const store = redisStore(connected.client);
  await store.set('warm', 'x', 5_000);
  server.freeze();
  const all = Array.from({ length: 20_000 }, (_, i) =>
    store.set(`key-${i}`, 'x', 60_000).then(
      () => 'kept',
      () => 'refused',
    ),
  );
  expect((await failure(store.get('key'))).message).toBe('5000 commands wait for an answer of Redis');
  server.thaw();
  const outcomes = await Promise.all(all);
  expect(outcomes.filter((outcome) => outcome === 'kept')).toHaveLength(5_000);
  expect(await store.get('key-0')).toBe('x');
});

each(`what is asked while %s has lost its connection is refused at once and never sent${title}`, async (name) => {
  await using server = await redisServer();
  await using connected = await CLIENTS[name](server.url);
  const store = redisStore(connected.client);
  await store.set('key', 'before', 60_000);
  await server.kill();
  // One that went out before the client knew may hang.
  const said = () =>
    Promise.race([failure(store.get('key')), new Promise<Error>((resolve) => setTimeout(resolve, 50, new Error()))]);
  await expect
    .poll(async () => (await said()).message)
    .toBe('the connection to Redis is lost; its client is trying to get it back');
  const late = Array.from({ length: 100 }, (_, i) => failure(store.set(`late-${i}`, 'x', 60_000)));
  expect(new Set((await Promise.all(late)).map(({ message }) => message)).size).toBe(1);
  await server.start();
  await expect.poll(() => store.get('key').catch(() => 'lost'), { timeout: 10_000 }).toBeUndefined();
  expect(await server.send('KEYS', 'late-*')).toBe('*0\r\n');
});

each(`a failing second connection of %s ends no process, and is heard again${title}`, async (name) => {
  await using server = await redisServer();
  await using connected = await CLIENTS[name](server.url);
  const store = redisStore(connected.client);
  const heard: string[] = [];
  await store.subscribe('channel', (message) => void heard.push(message));
  for (let round = 0; round < 3; round++) {
    await server.send('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await expect.poll(async () => server.send('PUBSUB', 'NUMSUB', 'channel'), { timeout: 10_000 }).toContain(':1');
    await store.publish('channel', `${round}`);
    await expect.poll(() => heard.at(-1)).toBe(`${round}`);
  }
  expect(heard).toEqual(['0', '1', '2']);
});

each(`a second connection of %s that gives up is made anew${title}`, async (name) => {
  await using server = await redisServer();
  await using connected = await CLIENTS[name](server.url, true);
  const store = redisStore(connected.client);
  const heard: string[] = [];
  await store.subscribe('channel', (message) => void heard.push(message));
  await server.send('CLIENT', 'KILL', 'TYPE', 'pubsub');
  await expect.poll(async () => server.send('PUBSUB', 'NUMSUB', 'channel')).toContain(':0');
  await expect.poll(async () => server.send('PUBSUB', 'NUMSUB', 'channel'), { timeout: 5_000 }).toContain(':1');
  await store.publish('channel', 'x');
  await expect.poll(() => heard).toEqual(['x']);
  await store.close();
  await expect.poll(async () => server.send('PUBSUB', 'NUMSUB', 'channel')).toContain(':0');
});
