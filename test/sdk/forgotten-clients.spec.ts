// What equal clients share outlives them; they themselves are gone with the last who knows them.
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { LoadBalancedOpenAI } from '../../src/index.ts';

it('does not hold clients that nobody holds, however many pools there were', async () => {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  const build = (number: number) =>
    new WeakRef(
      new LoadBalancedOpenAI(
        ['a', 'b'].map((name) => ({ name, apiKey: `key-${name}-${number}`, baseURL: 'http://127.0.0.1:9/v1' })),
        { waitingRoom: { maxWait: 100 }, panic: { k: 2 }, strategy: 'least-busy' },
      ),
    );
  const clients = Array.from({ length: 40 }, (_, number) => build(number));
  for (let at = 0; at < 5; at++) {
    await turn();
    gc();
  }
  expect(clients.filter((client) => client.deref()).length).toBeLessThan(3);
});
