// What sharing state through Redis costs a call, and what a Redis that is away adds to it.
import { type RedisServer, redisMissing, redisServer } from '../../support/redis-server.ts';
import { round, sureOf } from '../cells.ts';
import { Child } from '../child.ts';
import type { Outcome } from '../outcome.ts';
import type { Latencies, RedisCall, RedisName, RedisSpec } from '../redis-client.ts';
import { inTurns } from '../rounds.ts';
import { roundsOf, type Setting, urlsOf } from '../setting.ts';
import { differences, median, ratios, spread } from '../statistics.ts';

const NAMES = ['raw', 'plain', 'redis', 'control'] as const satisfies readonly RedisName[];

type Harm = (server: RedisServer) => unknown;
const FAULTS: readonly [fault: string, harm: Harm, mend: Harm][] = [
  ['nothing', () => undefined, () => undefined],
  ['killed', (server) => server.kill(), (server) => server.start()],
  ['stopped (SIGSTOP)', (server) => server.freeze(), (server) => server.thaw()],
  ['emptied', (server) => server.send('FLUSHALL'), () => undefined],
  [
    'full',
    (server) => server.send('CONFIG', 'SET', 'maxmemory', '1'),
    (server) => server.send('CONFIG', 'SET', 'maxmemory', '0'),
  ],
];

const CALLS: readonly ['chat' | 'ids', string][] = [
  ['chat', 'a chat, which leaves nothing in the store'],
  ['ids', 'a response, whose id is written to the store'],
];

/** CPU of a call, and latencies while Redis is away. */
export async function redis(setting: Setting): Promise<Outcome> {
  if (redisMissing) return { tables: [{ title: `Shared through Redis: ${redisMissing}`, head: [''], rows: [] }] };
  await using server = await redisServer();
  const urls = urlsOf(setting, 'chat');
  const child = Child.start('redis-client.ts', { urls, redis: server.url } satisfies RedisSpec);
  try {
    const calls = setting.quick ? 300 : 1_000;
    const cost = async (what: RedisCall) =>
      inTurns(NAMES, roundsOf(setting, 31, 9), (of) => child.ask<number>({ do: 'run', of, what, calls }), 2);
    const cpu = { chat: await cost('chat'), ids: await cost('ids') };
    const sockets = await inTurns(['raw'], roundsOf(setting, 15, 5), (of) =>
      child.ask<number>({ do: 'run', of, what: 'socket', calls }),
    );
    const raw = median(sockets.raw);
    const added = (what: 'chat' | 'ids', of: RedisName) => {
      const more = differences(cpu[what][of], cpu[what].plain);
      return spread(more.map((each) => 1 + each / raw));
    };
    const control = median(ratios(cpu.chat.control, cpu.chat.plain));

    const away: [string, Record<RedisName, Latencies>[]][] = [];
    for (const [fault, harm, mend] of setting.quick ? FAULTS.slice(0, 3) : FAULTS) {
      await harm(server);
      const found: Record<RedisName, Latencies>[] = [];
      // The first of them holds the moment when it goes away.
      for (let round = 0; round < (setting.quick ? 3 : 9); round++)
        found.push(await child.ask({ do: 'latencies', ms: setting.quick ? 400 : 1_000 }));
      away.push([fault, found]);
      await mend(server);
    }
    const middle = (found: Record<RedisName, Latencies>[], name: RedisName, what: 'p50' | 'p99') =>
      median(found.map((each) => each[name][what]));
    const later = (found: Record<RedisName, Latencies>[], name: RedisName) =>
      spread(found.map((each) => each[name].p99 - each.plain.p99));
    const failed = (found: Record<RedisName, Latencies>[]) => found.reduce((sum, each) => sum + each.redis.failed, 0);
    const worst = away
      .slice(1)
      .map(([, found]) => later(found, 'redis'))
      .reduce((most, each) => (each.median > most.median ? each : most));
    return {
      tables: [
        {
          title: 'Shared through Redis: CPU of a call, µs',
          head: [
            '',
            'plain SDK',
            'without a store',
            'with `redisStore`',
            'added, in SDK calls, with 95 % interval',
            'control',
          ],
          rows: CALLS.map(([what, text]) => [
            text,
            ...(['raw', 'plain', 'redis'] as const).map((name) => round(median(cpu[what][name]))),
            sureOf(added(what, 'redis')),
            sureOf(added(what, 'control')),
          ]),
          notes: [
            `16 at once. 1 = nothing; one SDK call is the ${round(raw)} µs of a plain call over a socket. Endpoints of both lines answer by themselves.`,
          ],
        },
        {
          title: 'Redis away: how long a chat and a response take one after the other, ms',
          head: [
            'Redis is',
            'p50 without a store',
            'p50 with',
            'p99 without a store',
            'added to p99',
            'control',
            'failed',
          ],
          rows: away.map(([fault, found]) => [
            fault,
            ...[middle(found, 'plain', 'p50'), middle(found, 'redis', 'p50'), middle(found, 'plain', 'p99')].map(round),
            sureOf(later(found, 'redis'), 2),
            sureOf(later(found, 'control'), 2),
            String(failed(found)),
          ]),
          notes: ['Calls of all kinds begin at the same moments.'],
        },
      ],
      findings: [
        ...CALLS.map(([what]) => {
          const found = added(what, 'redis');
          return { about: `redis.${what}`, value: found.median, spread: found, control };
        }),
        { about: 'redis.failed', value: away.reduce((sum, [, found]) => sum + failed(found), 0) },
        { about: 'redis.p99', value: worst.median, spread: worst },
      ],
    };
  } finally {
    await child.end();
  }
}
