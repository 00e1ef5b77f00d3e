// What remembered ids take of the memory is bounded, however many there are, also while a store takes none of them.
import { expect, it } from 'vitest';
import { runChild } from '../support/child.ts';

const CHILD = new URL('./children/full.ts', import.meta.url);

it.each([false, true])(
  '50,000 ids take less than 20 MiB, and more ids take no more; with a store that hangs: %s',
  { timeout: 120_000 },
  async (shared) => {
    const { full, known } = await runChild<{ full: number[]; known: string }>(CHILD, { ids: 150_000, shared }, 110_000);
    expect(known).toBe('endpoint');
    // 11 MiB on Node 24, and 14 MiB with the 10,000 that wait for the store.
    for (const mib of full) expect(mib).toBeLessThan(20);
    expect(full[2]! - full[1]!).toBeLessThan(1);
  },
);
