// The soak in small: it finds nothing left, and says so. `npm run soak` makes 100,000 calls.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { FULL } from '../support/calls.ts';

const SOAK = fileURLToPath(new URL('./soak.ts', import.meta.url));
const ALIAS = new URL('../support/sdk-alias.ts', import.meta.url).href;
// All of them with the newest SDK only: what is left behind is ours, and the older ones take minutes each.
const CALLS = FULL && (process.env.OPENAI ?? 'openai') === 'openai' ? 100_000 : 2_000;

it('after aborts, drops, errors and breaks nothing is left', { timeout: 1_800_000 }, async () => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--expose-gc', '--unhandled-rejections=strict', '--import', ALIAS, SOAK, String(CALLS)],
    {
      timeout: 1_790_000,
      env: {
        PATH: process.env.PATH,
        OPENAI: process.env.OPENAI ?? 'openai',
        TRANSPORT: process.env.TRANSPORT ?? 'standard',
      },
    },
  );
  if (FULL) console.log(stdout);
  expect(stdout.trim().split('\n').at(-1)).toBe('nothing is left');
});
