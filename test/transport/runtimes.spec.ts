// Where the fast transport cannot run it says why, or leaves the work to the standard fetch.
import { expect, it } from 'vitest';
import { runChild } from '../support/child.ts';

const CHILD = new URL('./children/runtimes.ts', import.meta.url);

it.each([
  ['not-installed', /^missing_package: The fast transport needs the package undici, .*: npm install undici\.$/],
  ['too-new', /^missing_package: The fast transport could not load undici on Node \d+.*undici 7 runs on 20\.19/],
])('undici %s', async (what, message) => {
  const { fast, pool } = await runChild<{ fast: string; pool: string }>(CHILD, what);
  expect(fast).toMatch(message);
  expect(pool).toMatch(message);
});

it.each(['deno', 'bun', 'browser'])(
  '%s: the standard fetch does everything, and undici is not asked for',
  async (what) => {
    expect(await runChild(CHILD, what)).toEqual({ fast: 'standard', pool: 'standard' });
  },
);
