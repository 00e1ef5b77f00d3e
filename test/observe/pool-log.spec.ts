// What the log says and how often: once per transition, at most once a minute with a count, sums for failovers.
import { beforeEach, describe, expect, it } from 'vitest';
import { type Logger, PoolLog } from '../../src/observe/pool-log.ts';
import { type ManualClock, manualClock } from '../../src/testing/index.ts';
import { aReport } from '../support/parts.ts';

let clock: ManualClock;
let lines: string[];
let log: PoolLog;
const logger = (debugging: boolean): Logger => ({
  warn: (message) => void lines.push(`warn ${message}`),
  info: (message) => void lines.push(`info ${message}`),
  debug: (message) => void lines.push(`debug ${message}`),
  debugging,
});

beforeEach(() => {
  clock = manualClock();
  lines = [];
  log = new PoolLog(() => logger(true), clock);
});
const said = () => lines.splice(0).map((line) => line.replace('[load-balanced-openai] ', ''));

it('marks every line as the library’s', () => {
  log.allOut('a drained');
  expect(lines).toEqual(['warn [load-balanced-openai] no endpoint can take calls: a drained']);
});

describe('a warning', () => {
  it('comes at once, then at most once a minute with a count', async () => {
    for (let i = 0; i < 4; i++) log.allOut('x');
    expect(said()).toEqual(['warn no endpoint can take calls: x']);
    await clock.advance(59_999);
    log.allOut('x');
    expect(said()).toEqual([]);
    await clock.advance(1);
    log.allOut('y');
    log.allOut('y');
    expect(said()).toEqual(['warn no endpoint can take calls: y (4 more since the last line)']);
    await clock.advance(60_000);
    log.allOut('z');
    await clock.advance(60_000);
    log.allOut('z');
    expect(said()).toEqual([
      'warn no endpoint can take calls: z (1 more since the last line)',
      'warn no endpoint can take calls: z',
    ]);
  });

  it('counts per topic: endpoints and causes do not silence each other', () => {
    log.transition('a', 'ejected', 'server-error, for 5 s');
    log.transition('b', 'ejected', 'timed-out, for 5 s');
    log.cooldown('a', 'out-of-credit', 600_000);
    log.cooldown('a', 'credentials-refused', 300_000);
    log.mishap('the strategy threw', new TypeError('oops'));
    log.mishap('an event listener threw', 'text');
    expect(said()).toEqual([
      'warn a is ejected after failures (server-error, for 5 s)',
      'warn b is ejected after failures (timed-out, for 5 s)',
      'warn a is out of credit; left out for 10 min',
      'warn a refused its credentials; left out for 5 min',
      'warn the strategy threw: oops',
      'warn an event listener threw: text',
    ]);
  });

  it('comes again at once for a new ejection after a recovery', () => {
    log.transition('a', 'ejected', 'x');
    log.transition('a', 'restored', '');
    log.transition('a', 'ejected', 'x');
    expect(said()).toEqual([
      'warn a is ejected after failures (x)',
      'info a is restored',
      'warn a is ejected after failures (x)',
    ]);
  });

  it('about ever new topics is forgotten in time, so that memory stays bounded', () => {
    for (let i = 0; i < 1_001; i++) log.mishap(`topic ${i}`, 'x');
    expect(said()).toHaveLength(1_001);
    log.mishap('topic 1000', 'x');
    expect(said()).toEqual([]);
    log.mishap('topic 0', 'x');
    expect(said()).toEqual(['warn topic 0: x']);
  });
});

describe('a cooldown', () => {
  it.each([
    ['rate-limited', 8_000, 'debug a cools down for 8 s (rate-limited)'],
    ['forbidden', 300_000, 'debug a cools down for 5 min (forbidden)'],
    ['redirected', 300_000, 'warn a redirects elsewhere; nothing was sent there; left out for 5 min'],
  ] as const)('after %s is worth a warning only when people must end it', (verdict, ms, line) => {
    log.cooldown('a', verdict, ms);
    expect(said()).toEqual([line]);
  });
});

it('sums failovers up once a minute', async () => {
  await clock.advance(60_000);
  log.failover();
  log.failover();
  await clock.advance(60_000);
  log.failover();
  log.failover();
  expect(said()).toEqual(['info 1 failover since the last line', 'info 2 failovers since the last line']);
});

describe('an attempt', () => {
  it('is a debug line', () => {
    log.attempt(aReport({ ms: 612 }));
    expect(said()).toEqual(['debug a 200 in 612 ms']);
  });

  it('costs nothing when nobody reads it', () => {
    const report = new Proxy(aReport(), {
      get() {
        throw new Error('read');
      },
    });
    expect(() => new PoolLog(() => logger(false), clock).attempt(report)).not.toThrow();
    expect(lines).toEqual([]);
  });
});

it('looks the logger up at each line, since the client’s may be changed', () => {
  const other: string[] = [];
  let current = logger(true);
  const follows = new PoolLog(() => current, clock);
  follows.transition('a', 'restored', '');
  current = { ...current, info: (message) => void other.push(message) };
  follows.transition('a', 'restored', '');
  expect([said().length, other.length]).toEqual([1, 1]);
});

it.each<[string, () => Logger]>([
  [
    'throws at each line',
    () => ({
      ...logger(true),
      warn: () => {
        throw new Error('disk full');
      },
      info: () => {
        throw new Error('disk full');
      },
      debug: () => {
        throw new Error('disk full');
      },
    }),
  ],
  [
    'cannot be looked up',
    () => {
      throw new Error('gone');
    },
  ],
])('a logger that %s reaches no call', (_, broken) => {
  const calm = new PoolLog(broken, manualClock());
  expect(() => {
    calm.allOut('x');
    calm.transition('a', 'ejected', 'x');
    calm.transition('a', 'restored', '');
    calm.cooldown('a', 'out-of-credit', 1);
    calm.cooldown('a', 'rate-limited', 1);
    calm.mishap('x', new Error('y'));
    calm.failover();
    calm.attempt(aReport());
  }).not.toThrow();
});

it('says that the store fails, and that it is back, once each', async () => {
  for (let i = 0; i < 3; i++) log.storeChanged({ is: 'degraded', reason: 'read: no answer within 50 ms' });
  expect(said()).toEqual([
    'warn the store fails (read: no answer within 50 ms); ids and the state of endpoints are known to this process only',
  ]);
  log.storeChanged({ is: 'recovered', lost: 0 });
  log.storeChanged({ is: 'degraded', reason: 'write: full' });
  log.storeChanged({ is: 'recovered', lost: 7 });
  expect(said()).toEqual([
    'info the store works again',
    'warn the store fails (write: full); ids and the state of endpoints are known to this process only',
    'info the store works again; 7 ids were never written to it',
  ]);
});

it('says that the store is behind at most once a minute', async () => {
  for (let i = 0; i < 100; i++) log.storeBehind();
  expect(said()).toEqual(['warn the store is too slow: an id was not written to it']);
  await clock.advance(60_000);
  log.storeBehind();
  expect(said()).toEqual(['warn the store is too slow: an id was not written to it (99 more since the last line)']);
});
