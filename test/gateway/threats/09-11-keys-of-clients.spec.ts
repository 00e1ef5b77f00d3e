// Threats T9 to T11: keys are kept as hashes and found by them, cannot be guessed, and are never part of a query. How they are kept at
// rest: test/gateway/store.
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { settingsOf } from '../../../src/gateway/config/load.ts';
import { GatewayLog } from '../../../src/gateway/http/log.ts';
import { Access } from '../../../src/gateway/keys/access.ts';
import { Guesses } from '../../../src/gateway/keys/guesses.ts';
import { StoredKeys } from '../../../src/gateway/keys/stored-keys.ts';
import { memoryGatewayStore } from '../../../src/gateway/store/memory-gateway-store.ts';
import { faultServer, manualClock } from '../../../src/testing/index.ts';
import { FULL } from '../../support/calls.ts';
import { chat, endpointOf, gatewayWith } from '../../support/gateway.ts';

const KEY = `lbo-${'k'.repeat(43)}`;

const quiet = { log: new GatewayLog({ level: 'off', readable: false, write: () => undefined, clock: systemClock }) };

function accessWith(keys: readonly string[], clock = manualClock()) {
  const clientKeys = keys.map((key, index) => ({ name: `app-${index}`, key }));
  const settings = settingsOf({ endpoints: [{ apiKey: 'x' }], clientKeys }, {}, 'test');
  const { log } = quiet;
  const stored = new StoredKeys(memoryGatewayStore(clock), log);
  const parts = { stored, mayBeOpen: false, clock, guesses: new Guesses(clock) };
  return { access: new Access(settings.clientKeys, settings.adminKeys, parts), settings };
}

/** Welch's t of two samples, their slowest tenth left out: what it is that interrupts a process says nothing of the work. */
function welch(left: Float64Array, right: Float64Array): number {
  const facts = (sample: Float64Array) => {
    const kept = sample.toSorted().subarray(0, Math.floor(sample.length * 0.9));
    const mean = kept.reduce((sum, value) => sum + value, 0) / kept.length;
    const variance = kept.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (kept.length - 1);
    return { mean, part: variance / kept.length };
  };
  const [a, b] = [facts(left), facts(right)];
  return (a.mean - b.mean) / Math.sqrt(a.part + b.part);
}

/** Times `work` on keys of two kinds, in an order drawn by a fixed seed, each in a small batch. */
function timings(
  work: (key: string) => unknown,
  kinds: readonly [() => string, () => string],
  samples: number,
): number {
  const times = [new Float64Array(samples), new Float64Array(samples)] as const;
  const taken = [0, 0];
  let state = 1;
  while ((taken[0] as number) < samples || (taken[1] as number) < samples) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const kind = (taken[state >>> 31] as number) < samples ? state >>> 31 : 1 - (state >>> 31);
    const keys = Array.from({ length: 8 }, kinds[kind as 0 | 1]);
    const from = process.hrtime.bigint();
    for (const key of keys) work(key);
    (times[kind as 0 | 1] as Float64Array)[taken[kind] as number] = Number(process.hrtime.bigint() - from);
    taken[kind] = (taken[kind] as number) + 1;
  }
  return welch(...times);
}

let made = 0;
const random = (length: number) => createHash('sha512').update(`${made++}`).digest('base64url').slice(0, length);
/** A text as it comes off the wire: in one piece. */
const flat = (text: string) => Buffer.from(text).toString('latin1');
// Made before anything is timed, all in the same way and in an order drawn by a fixed seed: where a text lies in memory decides how
// long it takes to read, and one kind must not have every second place. The more looks, the more keys: each place weighs less.
const SIZE = FULL ? 131_072 : 4_096;
const pools: readonly [string[], string[]] = [[], []];
for (let state = 7; pools[0].length < SIZE || pools[1].length < SIZE; ) {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  const length = state >>> 31 ? KEY.length : 6;
  pools[1 - (state >>> 31)]?.push(flat(KEY.slice(0, KEY.length - length) + random(KEY.length).slice(0, length)));
}
let drawn = 0;
const far = () => pools[0][drawn++ % SIZE] as string;
const near = () => pools[1][drawn++ % SIZE] as string;

/** Keys compared letter by letter, as should not be: the yardstick of the test itself. */
function leaky(key: string): boolean {
  for (let at = 0; at < KEY.length; at++) {
    for (let spin = 0; spin < 20; spin++) made += 0;
    if (key[at] !== KEY[at]) return false;
  }
  return true;
}

describe('T9: the time it takes to look a key up', () => {
  it('tells nothing of how much of it is right', () => {
    const { access } = accessWith([KEY]);
    const look = (key: string) => access.client({ authorization: `Bearer ${key}` });
    const samples = FULL ? 1_000_000 / 16 : 4_000;
    timings(look, [far, near], 2_000);
    expect(Math.abs(timings(leaky, [far, near], samples))).toBeGreaterThan(4.5);
    // By chance one of some thousand runs is above it.
    const least = Math.min(...Array.from({ length: 3 }, () => Math.abs(timings(look, [far, near], samples))));
    expect(least).toBeLessThan(4.5);
  });

  it('and of their number: a thousand keys are one look', () => {
    const one = accessWith([KEY]).access;
    const many = accessWith([...Array.from({ length: 1_000 }, () => random(40)), KEY]).access;
    const spent = (access: Access) => {
      const from = process.hrtime.bigint();
      for (let look = 0; look < 20_000; look++) access.client({ authorization: `Bearer ${KEY}` });
      return Number(process.hrtime.bigint() - from);
    };
    spent(many);
    const least = (access: Access) => Math.min(spent(access), spent(access), spent(access));
    expect(least(many)).toBeLessThan(3 * least(one));
  });

  it('what is kept of a key is its SHA-256, and no word of it', () => {
    const { settings, access } = accessWith([KEY]);
    expect(settings.clientKeys[0]?.digest).toBe(createHash('sha256').update(KEY).digest('hex'));
    expect(JSON.stringify(settings.clientKeys)).not.toContain(KEY.slice(0, 12));
    expect(access.client({ 'x-api-key': settings.clientKeys[0]?.digest as string })).toBeUndefined();
    for (const odd of [KEY.toUpperCase(), `${KEY} `.trimEnd().slice(1), `${KEY}a`, KEY.slice(1), `${KEY}\0`])
      expect(access.client({ 'x-api-key': odd })).toBeUndefined();
  });
});

describe('T10: a key cannot be guessed', () => {
  it('by ten thousand tries: all but the first hundred a minute hear 429, all alike, and who has a key is let in', async () => {
    await using a = await faultServer({ name: 'a' });
    await using gateway = await gatewayWith(
      { endpoints: [endpointOf(a)], clientKeys: [{ name: 'app', key: KEY }] },
      { level: 'off', host: '0.0.0.0' },
    );
    const url = gateway.url.replace('0.0.0.0', '127.0.0.1');
    const tries = FULL ? 10_000 : 1_500;
    const seen = new Map<string, number>();
    const pages = ['/v1/models', '/stats', '/v1/chat/completions', '/metrics'];
    for (let guess = 0; guess < tries; guess++) {
      const response = await fetch(`${url}${pages[guess % pages.length]}`, {
        headers: { authorization: `Bearer ${near()}` },
      });
      const text = `${response.status} ${await response.text()}`;
      seen.set(text, (seen.get(text) ?? 0) + 1);
      if (guess % 500 === 0) {
        const right = await fetch(`${url}/v1/models`, { headers: { authorization: `Bearer ${KEY}` } });
        expect(right.status).toBe(200);
        await right.text();
      }
    }
    expect([...seen.keys()].map((text) => text.slice(0, 3)).sort()).toEqual(['401', '429']);
    // A hundred at once, and what a minute gives back meanwhile.
    const refused = [...seen].find(([text]) => text.startsWith('401'));
    expect(refused?.[1]).toBeLessThan(100 + tries / 10);
    // The right ones.
    expect(a.calls).toBe(Math.ceil(tries / 500));
  });

  it('from the many addresses that one network of IPv6 has', () => {
    const { access } = accessWith([KEY]);
    const tried = (address: string) => {
      try {
        access.caller({ authorization: `Bearer ${random(20)}` }, address);
      } catch (error) {
        return (error as { facts: { status: number } }).facts.status;
      }
      return 200;
    };
    const answers = Array.from({ length: 200 }, (_, index) => tried(`2001:db8:1:2::${index.toString(16)}`));
    expect(answers.filter((status) => status === 401)).toHaveLength(100);
    expect(tried('2001:db8:1:3::1')).toBe(401);
    expect(tried('::ffff:203.0.113.9')).toBe(401);
  });

  it('and remembering who tried does not fill the memory', () => {
    const { access } = accessWith([KEY]);
    const tried = (address: string) => {
      try {
        access.caller({ 'x-api-key': 'wrong' }, address);
      } catch (error) {
        return (error as { facts: { status: number } }).facts.status;
      }
      return 200;
    };
    for (let guess = 0; guess < 101; guess++) tried('203.0.113.1');
    expect(tried('203.0.113.1')).toBe(429);
    for (let index = 0; index < 10_001; index++) tried(`10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`);
    // The oldest is forgotten.
    expect(tried('203.0.113.1')).toBe(401);
  });
});

describe('T11: quotes, wildcards and commands', () => {
  const EVIL = [
    "' OR '1'='1",
    "'; DROP TABLE keys; --",
    '" OR ""="',
    '\\',
    "\\' OR 1=1 --",
    '%',
    '%'.repeat(1_000),
    '_'.repeat(1_000),
    '$1',
    '?',
    ':name',
    '@name',
    '/*',
    '*/',
    ';',
    '--',
    "x' UNION SELECT * FROM sqlite_master --",
    "'||(SELECT 1)||'",
    '0x27',
  ];

  it('are text in every field, and change nothing', async () => {
    await using a = await faultServer({ name: 'a' });
    await using gateway = await gatewayWith({
      endpoints: [endpointOf(a)],
      groups: { 'gpt-5': { endpoints: [{ endpoint: 'a', model: 'gpt-5' }] } },
      clientKeys: [{ name: 'app', key: KEY }],
    });
    const right = { 'content-type': 'application/json', authorization: `Bearer ${KEY}` };
    for (const evil of EVIL) {
      const url = encodeURIComponent(evil);
      const wrong = await gateway.get('/v1/chat/completions', {
        ...chat('gpt-5'),
        headers: { ...right, authorization: `Bearer ${evil}` },
      });
      expect([evil, wrong.status]).toEqual([evil, 401]);
      const model = await gateway.get('/v1/chat/completions', { ...chat(evil), headers: right });
      expect([evil, model.status]).toEqual([evil, 404]);
      const before = a.calls;
      const asData = await gateway.get(`/v1/chat/completions?q=${url}&${url}=1`, {
        ...chat('gpt-5', { user: evil, [evil]: evil }),
        headers: { ...right, 'user-agent': evil, 'x-session-id': evil, 'x-request-id': evil },
      });
      expect([evil, asData.status, a.calls]).toEqual([evil, 200, before + 1]);
      expect(a.requests.at(-1)?.body).toMatchObject({ user: evil });
      for (const path of [`/v1/responses/${url}`, `/v1/files/${url}`, `/v1/models/${url}`, `/stats?${url}`])
        expect((await gateway.get(path, { headers: right })).status).toBeLessThan(500);
    }
    expect((await gateway.get('/v1/models', { headers: right })).status).toBe(200);
  });
});
