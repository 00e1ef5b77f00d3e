// The promise: what the pool's accounts hold is one list: every object once, pages and cursors as the API has them.
import { describe, expect, it } from 'vitest';
import { account, clientOf } from '../support/lists.ts';
import { fc, runs } from '../support/property.ts';

type Order = 'asc' | 'desc';

const sizes = fc.oneof(fc.constantFrom(0, 1), fc.integer({ min: 0, max: 40 }));
/** Accounts with objects of a few different times, so that many are equal. */
const pools = fc.array(fc.tuple(sizes, fc.integer({ min: 1, max: 30 })), { minLength: 2, maxLength: 4 }).map((shapes) =>
  Object.fromEntries(
    shapes.map(([size, step], place) => {
      const name = 'abcd'[place] as string;
      const things = Array.from({ length: size }, (_, index) => ({
        id: `file-${name}-${index}`,
        created_at: 1_000 + Math.floor(index / step),
      }));
      return [name, account(things)];
    }),
  ),
);

/** The union as one account would show it: by time, equal times by the endpoint's place. */
function unionOf(accounts: Record<string, { things: readonly { id: string; created_at?: number }[] }>, order: Order) {
  const each = Object.values(accounts).map(({ things }) => (order === 'asc' ? [...things] : things.toReversed()));
  const time = (thing: { created_at?: number }) => (thing.created_at ?? 0) * (order === 'asc' ? 1 : -1);
  return each
    .flat()
    .sort((one, other) => time(one) - time(other))
    .map(({ id }) => id);
}

describe('merged lists', () => {
  it('equal the union for all page sizes, both orders, every object once', async () => {
    await fc.assert(
      fc.asyncProperty(
        pools,
        fc.integer({ min: 1, max: 100 }),
        fc.constantFrom<Order>('asc', 'desc'),
        async (accounts, limit, order) => {
          const client = clientOf(accounts);
          const ids: string[] = [];
          for await (const page of (await client.files.list({ limit, order })).iterPages()) {
            expect(page.data.length).toBeLessThanOrEqual(limit);
            ids.push(...page.data.map(({ id }) => id));
          }
          expect(ids).toEqual(unionOf(accounts, order));
        },
      ),
      runs(30),
    );
  });
});
