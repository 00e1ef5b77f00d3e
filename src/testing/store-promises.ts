/** What every store promises: of its facts, its counters and its messages. A table; `sharedStoreContract` hands it out. */
import { gone, HOUR, LATE, type Promised, read, same, TEXTS, until, within } from './store-bench.ts';

const FACTS: readonly Promised[] = [
  ['knows nothing of a key that nobody set', async ({ one, key }) => same(await read(one, key), undefined, 'get')],
  [
    'gives back the very text that was set, the last one',
    async ({ one, other, key }) => {
      for (const text of TEXTS) {
        await one.set(key, text, HOUR);
        same(await read(other, key), text, 'get after set');
      }
    },
  ],
  [
    'mixes up no keys',
    async ({ one, other, key }) => {
      const keys = [
        key,
        `${key}:`,
        `${key}:a`,
        `${key}A`,
        `${key}a`,
        `${key}/../b`,
        `${key} b`,
        '__proto__',
        'constructor',
      ];
      for (const each of keys) await one.set(each, `of ${each}`, HOUR);
      for (const each of keys) same(await read(other, each), `of ${each}`, `get('${each}')`);
    },
  ],
  [
    'keeps a value for its ttl, and no longer',
    async (bench) => {
      const { one, other, key, wait } = bench;
      const early = within(400);
      await one.set(key, 'x', 400);
      for (const ms of [0, 100]) {
        await wait(ms);
        const found = await read(other, key);
        if (early()) same(found, 'x', 'get before its ttl is over');
      }
      await gone(bench, 300);
    },
  ],
  [
    'counts the ttl anew when a value is set again, longer or shorter',
    async (bench) => {
      const { one, other, key, wait } = bench;
      await one.set(key, 'x', 200);
      await one.set(key, 'y', HOUR);
      await wait(300);
      same(await read(other, key), 'y', 'get after the ttl of the value before');
      await one.set(key, 'z', 200);
      await gone(bench, 200);
    },
  ],
  [
    'keeps a value for 30 days, longer than a timer can run',
    async ({ one, other, key, wait }) => {
      await one.set(key, 'x', 30 * 24 * HOUR);
      await wait(50);
      same(await read(other, key), 'x', 'get');
    },
  ],
  [
    'bears many at once',
    async ({ one, other, key }) => {
      const keys = Array.from({ length: 200 }, (_, i) => `${key}-${i}`);
      await Promise.all(keys.map((each) => one.set(each, each, HOUR)));
      same(await Promise.all(keys.map((each) => read(other, each))), keys, 'get');
    },
  ],
];

const COUNTERS: readonly Promised[] = [
  [
    'counts from 0, and says the total',
    async ({ one, other, key }) => {
      const totals = [];
      for (const [store, n] of [
        [one, 5],
        [other, 2],
        [one, -3],
        [other, 0],
      ] as const)
        totals.push(await store.add(key, n, HOUR));
      same(totals, [5, 7, 4, 4], 'add of 5, 2, -3, 0');
    },
  ],
  [
    'loses no addition of many at once',
    async ({ one, other, key }) => {
      const totals = await Promise.all(Array.from({ length: 50 }, (_, i) => (i % 2 ? one : other).add(key, 1, HOUR)));
      same(
        totals.sort((a, b) => a - b),
        Array.from({ length: 50 }, (_, i) => i + 1),
        'the totals of 50 additions',
      );
    },
  ],
  [
    'ends a counter with the ttl of its first addition',
    async ({ one, key, wait }) => {
      const early = within(300);
      await one.add(key, 3, 300);
      const total = await one.add(key, 1, HOUR);
      if (early()) same(total, 4, 'add before the ttl is over');
      const begun = async () => (await one.add(key, 0, HOUR)) === 0;
      await until(begun, 300 + LATE, wait, `a counter still there ${LATE} ms after the ttl of its first addition`);
    },
  ],
];

const MESSAGES: readonly Promised[] = [
  [
    'tells every listener of the channel, each message once and in order, the own ones included',
    async ({ one, other, key, wait }) => {
      await one.publish(key, 'too early');
      const heard: string[][] = [[], [], []];
      const ends = [
        await one.subscribe(key, (message) => void heard[0]?.push(message)),
        await other.subscribe(key, (message) => void heard[1]?.push(message)),
        await one.subscribe(`${key}:other`, (message) => void heard[2]?.push(message)),
      ];
      const sent = TEXTS.slice(0, 5).concat('last');
      for (const message of sent) await one.publish(key, message);
      const all = () => heard[0]?.at(-1) === 'last' && heard[1]?.at(-1) === 'last';
      await until(all, LATE, wait, `not all was heard within ${LATE} ms: ${JSON.stringify(heard)}`);
      same(heard, [sent, sent, []], 'heard');
      for (const end of ends) await end();
    },
  ],
  [
    'tells nothing to those who have ended it, and everything to the others',
    async ({ one, other, key, wait }) => {
      const heard: string[][] = [[], []];
      const end = await one.subscribe(key, (message) => void heard[0]?.push(message));
      const endOther = await one.subscribe(key, (message) => void heard[1]?.push(message));
      await end();
      await end();
      await other.publish(key, 'x');
      await until(() => heard[1]?.length === 1, LATE, wait, 'one listener ended it, and another one heard nothing');
      same(heard[0], [], 'heard after the end');
      await endOther();
    },
  ],
  [
    'bears a listener that throws',
    async ({ one, key, wait }) => {
      const heard: string[] = [];
      const ends = [
        await one.subscribe(key, () => {
          throw new Error('a listener threw, as the contract has it');
        }),
        await one.subscribe(key, (message) => void heard.push(message)),
      ];
      await one.publish(key, 'x');
      await one.publish(key, 'y');
      await until(() => heard.length === 2, LATE, wait, 'one listener threw, and another one missed a message');
      for (const end of ends) await end();
    },
  ],
];

/** Every promise with its check. */
export const storePromises: readonly Promised[] = [...FACTS, ...COUNTERS, ...MESSAGES];
