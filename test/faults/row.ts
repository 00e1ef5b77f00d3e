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
