// The memory for new objects: V8 lets it grow to 128 MB where nobody bounds it.
import { expect, it } from 'vitest';
import { runChild } from '../support/child.ts';

const largest = (bounded: boolean) => runChild<number>(new URL('./young-space-load.ts', import.meta.url), { bounded });

it('stays small once it is bounded', async () => {
  const bounded = await largest(true);
  // Some for what is made before a collection is told of.
  expect(bounded).toBeLessThanOrEqual(40);
  // Older versions of V8 stop there by themselves.
  if (Number(process.versions.v8.split('.')[0]) >= 13) expect(await largest(false)).toBeGreaterThan(bounded);
});
