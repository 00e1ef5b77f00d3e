// How a row of the fault table is written down. `table.ts` makes the table of all rows out of what these tests are called.
import { describe } from 'vitest';

/**
 * One row: `row(12, 'RST in the middle of a JSON body', 'fails over, counts', () => { it('the next endpoint answers', …) })`.
 * @param number of the row, the same for good.
 * @param fault what goes wrong.
 * @param verdict what becomes of the call and of the endpoint, in a few words.
 * @param tests the promises, each an `it` that reads on its own: they are the last column of the table.
 */
export function row(number: number, fault: string, verdict: string, tests: () => void): void {
  describe(`row ${number} · ${fault} · ${verdict}`, tests);
}

/** Row 74 is told in two files: the store of the gateway, and the one that processes share. */
export const STORE_DOWN = {
  fault: 'a store is locked, full, replaced or gone: that of the gateway, or the Redis that processes share',
  verdict:
    'calls go on and are written later; keys of the gateway’s store hold for a minute, then open nothing; it recovers by itself',
};
