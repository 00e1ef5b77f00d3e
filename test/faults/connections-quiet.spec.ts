// Whatever happens to connections: no rejection that nobody handles, no exception out of nowhere, no warning, nothing left in flight.
import { expect, it } from 'vitest';
import { type FaultServer, faultServer, type Script } from '../../src/testing/index.ts';
import { blackHole } from '../support/black-hole.ts';
import { FULL } from '../support/calls.ts';
import { certificate } from '../support/certificate.ts';
import { runChild } from '../support/child.ts';

const FAULTS: Readonly<Record<string, Script>> = {
  reset: 'reset',
  'reset before the body': { step: 'reset', before: 'body' },
  close: 'close',
  'a reset now and then': { repeat: ['ok', 'reset', 'ok', 'ok', 'close'] },
  'a black hole after the request': 'black-hole',
  'a cut body': { step: 'cut-body', after: 20 },
  'a cut stream': { stream: 10, cutAfter: 3 },
  'hints without end': 'only-hints',
  'a 100': 'only-continue',
  'no HTTP': 'garbage',
  'half a header': 'half-headers',
  'two lengths': 'conflicting-length',
  'bare LF': 'bare-lf',
};

interface Seen {
  readonly done: number;
  readonly failed: Readonly<Record<string, number>>;
  readonly inFlight: number;
}

it('a process that meets every fault of connections at once stays quiet', { timeout: 120_000 }, async () => {
  await using stack = new AsyncDisposableStack();
  const serve = async (name: string, script: Script, tls?: ReturnType<typeof certificate>): Promise<FaultServer> =>
    stack.use(await faultServer({ name, script, remember: 0, ...(tls ? { tls } : {}) }));
  const good = await serve('good', []);
  const refusing = await serve('refusing', []);
  await refusing.refuse();
  const secure = await serve('secure', [], certificate());
  const addresses = [refusing.url, secure.url, secure.url.replace('https', 'http'), good.url.replace('http', 'https')];
  for (const script of Object.values(FAULTS)) addresses.push((await serve('bad', script)).url);
  // Node goes on connecting for ten seconds after nobody wants it any more, and so long lives the process.
  if (FULL) addresses.push(stack.use(await blackHole()).url);
  const calls = FULL ? 500 : 50;
  const pools = addresses.map((baseURL) => ({
    endpoints: [
      { name: 'bad', apiKey: 'key-bad', baseURL },
      { name: 'good', apiKey: 'key-good', baseURL: good.url },
    ],
  }));
  const script = new URL('./children/many-calls.ts', import.meta.url);
  const seen = await runChild<Seen[]>(script, { pools, calls }, 100_000);
  for (const [index, { done, failed, inFlight }] of seen.entries()) {
    expect(inFlight, addresses[index]).toBe(0);
    expect(done + Object.values(failed).reduce((sum, count) => sum + count, 0)).toBe(calls);
    for (const name of Object.keys(failed)) expect(name).toMatch(/^API(Connection|ConnectionTimeout|UserAbort)Error$/);
  }
});
