// What every store of the gateway promises, whatever it is made of.
import { describe, expect, it } from 'vitest';
import type { Clock } from '../../../src/clock.ts';
import type { CallRecord } from '../../../src/gateway/store/call-record.ts';
import { type GatewayStore, KeyTaken, type StoredKey } from '../../../src/gateway/store/gateway-store.ts';
import { newClientKey } from '../../../src/gateway/store/new-client-key.ts';
import { type ManualClock, manualClock } from '../../../src/testing/index.ts';

const DAY = 86_400_000;
/** Noon, so that a few minutes stay within the day. */
export const NOON = Date.UTC(2030, 0, 31, 12);

let calls = 0;
/** A call that went well. */
export function callOf(more: Partial<CallRecord> = {}): CallRecord {
  calls += 1;
  return {
    ...{ id: `req_${calls}`, at: NOON, ms: 12, firstMs: undefined, method: 'POST', path: '/v1/chat/completions' },
    ...{ model: 'gpt-5', key: 'team-a', status: 200, code: undefined, stream: false, endpoint: 'east' },
    ...{ tokens: { input: 10, output: 5, cached: 4 }, estimated: false, cost: 0.25, body: undefined },
    attempts: [{ endpoint: 'east', model: 'gpt-5', verdict: 'ok', status: 200, ms: 11, billed: 'yes' }],
    decisions: [{ ms: 0, eligible: ['east'], excluded: [{ endpoint: 'west', reason: 'cooldown' }], picked: 'east' }],
    ...more,
  };
}

/** A key of this name. */
export const keyOf = (name: string, more: Partial<StoredKey> = {}): StoredKey => ({
  ...newClientKey({ name, limits: {} }, manualClock({ date: NOON })).stored,
  ...more,
});

/** Runs the promises. @param make makes an empty store. */
export function storeContract(make: (clock: Clock) => GatewayStore | Promise<GatewayStore>): void {
  const opened = (run: (store: GatewayStore, clock: ManualClock) => void | Promise<void>) => async () => {
    const clock = manualClock({ date: NOON });
    const store = await make(clock);
    try {
      await run(store, clock);
    } finally {
      await store.close();
    }
  };

  describe('configuration', () => {
    it(
      'is empty, and changes by what is named',
      opened(async ({ config }) => {
        expect(config.read()).toEqual({ endpoints: {}, groups: {}, drained: [] });
        const [east, west] = [{ apiKey: 'sk-1', weight: 2 }, { apiKey: 'sk-2' }];
        await config.write({ endpoints: { east, west }, groups: { 'gpt-5': { endpoints: [{ endpoint: 'east' }] } } });
        await config.write({ endpoints: { west: null }, drained: ['east', 'east', 'far'] });
        await config.write({ groups: { other: { fallback: ['gpt-5'] } } });
        expect(config.read()).toEqual({
          endpoints: { east },
          groups: { 'gpt-5': { endpoints: [{ endpoint: 'east' }] }, other: { fallback: ['gpt-5'] } },
          drained: ['east', 'far'],
        });
        await config.write({ drained: [] });
        expect(config.read().drained).toEqual([]);
      }),
    );

    it(
      'takes any name, and keeps what was read and given apart from what is stored',
      opened(async ({ config }) => {
        const names = ['__proto__', 'constructor', "'; DROP TABLE config; --", '日本', 'a\u0000b'];
        for (const name of names) await config.write({ endpoints: { [name]: { apiKey: name } } });
        expect(Object.keys(config.read().endpoints).sort()).toEqual([...names].sort());
        expect(Object.keys({})).toEqual([]);
        const given = { apiKey: 'sk-1', tags: ['x'] };
        await config.write({ endpoints: { mine: given } });
        const before = config.read();
        given.tags.push('y');
        await config.write({ endpoints: { mine: { apiKey: 'sk-2' } } });
        expect(before.endpoints.mine).toEqual({ apiKey: 'sk-1', tags: ['x'] });
        expect(config.read().endpoints.mine).toEqual({ apiKey: 'sk-2' });
      }),
    );
  });

  describe('client keys', () => {
    it(
      'are added, listed in their order, and deleted by id',
      opened(async ({ keys }) => {
        const limits = { requestsPerMinute: 5, budget: { amount: 10, per: 'day' as const } };
        const all = [keyOf('b', { limits, groups: ['gpt-5'], expiresAt: NOON + DAY }), keyOf('a'), keyOf("x'; --")];
        for (const key of all) await keys.add(key);
        expect(keys.list()).toEqual(all);
        expect(keys.fresh).toBe(true);
        await expect((async () => keys.add(keyOf('a')))()).rejects.toThrow(KeyTaken);
        expect(await keys.delete(all[1]?.id as string)).toBe(true);
        expect(await keys.delete(all[1]?.id as string)).toBe(false);
        expect(keys.list()).toEqual([all[0], all[2]]);
        await keys.add(keyOf('a'));
      }),
    );

    it('are long, not the same twice, and not kept', () => {
      const clock = manualClock({ date: NOON });
      const [one, other] = [1, 2].map(() => newClientKey({ name: 'a', limits: {} }, clock));
      expect(one?.key).toMatch(/^sk-lbo-[\w-]{43}$/);
      expect(one?.key).not.toBe(other?.key);
      expect(one?.stored.id).not.toBe(other?.stored.id);
      expect(JSON.stringify(one?.stored)).not.toContain(one?.key.slice(7, 20));
    });
  });

  it(
    'tells who watches what changed, and no longer when that ended',
    opened(async (store) => {
      const told: string[] = [];
      const end = store.watch((what) => told.push(what));
      await store.config.write({ drained: ['a'] });
      const key = keyOf('a');
      await store.keys.add(key);
      await store.keys.delete(key.id);
      await store.keys.delete(key.id);
      expect(told).toEqual(['config', 'keys', 'keys']);
      end();
      await store.config.write({ drained: [] });
      expect(told).toHaveLength(3);
    }),
  );

  describe('the log', () => {
    it(
      'gives back what it was given, the newest first',
      opened(async ({ calls: log }) => {
        const bare = { model: undefined, key: undefined, endpoint: undefined, tokens: undefined, cost: undefined };
        const all = [
          callOf(),
          callOf({ ...bare, status: 401, code: 'invalid_api_key', attempts: [], decisions: [] }),
          callOf({ stream: true, firstMs: 3, estimated: true, body: '{"model":"gpt-5"}' }),
        ];
        for (const call of all) log.record(call);
        expect(await log.page({})).toEqual({ calls: all.toReversed(), next: null });
      }),
    );

    it(
      'is read page by page, while more comes',
      opened(async ({ calls: log }) => {
        const all = Array.from({ length: 25 }, () => callOf());
        for (const call of all) log.record(call);
        const seen: string[] = [];
        let next: string | null | undefined;
        do {
          const page = await log.page({ limit: 10, before: next ?? undefined });
          seen.push(...page.calls.map(({ id }) => id));
          next = page.next;
          log.record(callOf({ id: 'later' }));
        } while (next !== null);
        expect(seen).toEqual(all.map(({ id }) => id).toReversed());
      }),
    );

    it(
      'is searched',
      opened(async ({ calls: log }) => {
        log.record(callOf({ id: '1', model: 'a', key: 'k', endpoint: 'e', status: 200 }));
        log.record(callOf({ id: '2', model: 'b', key: 'k', endpoint: 'f', status: 503 }));
        log.record(callOf({ id: '3', model: 'b', key: "k'--", endpoint: 'e', status: 404 }));
        const ids = async (query: object) => (await log.page(query)).calls.map(({ id }) => id);
        expect(await ids({ model: 'b' })).toEqual(['3', '2']);
        expect(await ids({ key: 'k' })).toEqual(['2', '1']);
        expect(await ids({ key: "k'--" })).toEqual(['3']);
        expect(await ids({ endpoint: 'e', status: 'failed' })).toEqual(['3']);
        expect(await ids({ status: 503 })).toEqual(['2']);
        expect(await ids({ model: 'b', key: 'k', limit: 1 })).toEqual(['2']);
        expect(await ids({ model: 'c' })).toEqual([]);
        expect(await ids({ limit: 1, before: 'rubbish' })).toEqual(['3']);
      }),
    );

    it(
      'keeps so many rows and days as it is told; sums stay',
      opened(async ({ calls: log }, clock) => {
        log.keep({ retentionDays: 2, maxRows: 100 });
        for (let at = 0; at < 150; at += 1) log.record(callOf({ id: String(at) }));
        expect((await log.page({ limit: 1_000 })).calls).toHaveLength(100);
        clock.jump(3 * DAY);
        log.record(callOf({ id: 'new', at: NOON + 3 * DAY }));
        await clock.advance(120_000);
        log.record(callOf({ id: 'newer', at: NOON + 3 * DAY }));
        expect((await log.page({ limit: 1_000 })).calls.map(({ id }) => id)).toEqual(['newer', 'new']);
        expect(await log.usage({ by: [] })).toMatchObject([{ calls: 152 }]);
        log.keep({ retentionDays: 2, maxRows: 0 });
        log.record(callOf());
        expect((await log.page({})).calls).toEqual([]);
        expect(await log.usage({ by: [] })).toMatchObject([{ calls: 153 }]);
      }),
    );
  });

  describe('usage', () => {
    it(
      'is forgotten after 400 days, also while the log is cut at its front all the time',
      opened(async ({ calls: log }, clock) => {
        log.keep({ retentionDays: 2, maxRows: 10 });
        log.record(callOf());
        await log.usage({ by: [] });
        clock.jump(402 * DAY);
        for (let call = 0; call < 20; call += 1) log.record(callOf({ at: NOON + 402 * DAY }));
        await clock.advance(60_000);
        expect(await log.usage({ by: [] })).toMatchObject([{ calls: 20 }]);
      }),
    );

    it(
      'is summed by what is asked',
      opened(async ({ calls: log }) => {
        log.record(callOf());
        log.record(callOf({ key: 'team-b', status: 503, tokens: undefined, cost: undefined }));
        log.record(callOf({ model: 'gpt-4', at: NOON + DAY, endpoint: 'west' }));
        const nobodys = { key: undefined, model: undefined, endpoint: undefined, attempts: [] };
        log.record(callOf({ ...nobodys, at: NOON + DAY, status: 401 }));
        // A test of the admin's is nobody's usage.
        log.record(callOf({ test: true, status: 500 }));
        expect((await log.page({ status: 500 })).calls).toMatchObject([{ test: true }]);
        const one = { calls: 1, failed: 0, callerErrors: 0, tokensIn: 10, tokensOut: 5, cachedIn: 4, cost: 0.25 };
        expect(await log.usage({ by: ['key'] })).toEqual([
          { key: '', ...one, callerErrors: 1 },
          { key: 'team-a', calls: 2, failed: 0, callerErrors: 0, tokensIn: 20, tokensOut: 10, cachedIn: 8, cost: 0.5 },
          { key: 'team-b', calls: 1, failed: 1, callerErrors: 0, tokensIn: 0, tokensOut: 0, cachedIn: 0, cost: 0 },
        ]);
        expect(await log.usage({ by: ['day', 'model'], from: '2030-02-01' })).toEqual([
          { day: '2030-02-01', model: '', ...one, callerErrors: 1 },
          { day: '2030-02-01', model: 'gpt-4', ...one },
        ]);
        expect(await log.usage({ by: ['endpoint'], to: '2030-01-31', key: 'team-a' })).toEqual([
          { endpoint: 'east', ...one },
        ]);
        expect(await log.usage({ by: [] })).toMatchObject([{ calls: 4, failed: 1, callerErrors: 1 }]);
        expect(await log.usage({ by: [], from: '2031-01-01' })).toEqual([
          { calls: 0, failed: 0, callerErrors: 0, tokensIn: 0, tokensOut: 0, cachedIn: 0, cost: 0 },
        ]);
      }),
    );

    it(
      'tells a bounded number of models apart',
      opened(async ({ calls: log }) => {
        for (let at = 0; at < 1_050; at += 1) log.record(callOf({ model: `made-up-${at}` }));
        log.record(callOf({ model: 'made-up-7' }));
        const rows = await log.usage({ by: ['model'] });
        expect(rows).toHaveLength(1_001);
        expect(rows.find(({ model }) => model === '(others)')?.calls).toBe(50);
        expect(rows.find(({ model }) => model === 'made-up-7')?.calls).toBe(2);
      }),
    );
  });
}
