// The promise: while no SDK is registered a call pays at most a microsecond. Held by what is done, counted, and what that takes: the
// time of whole calls differs by more from one run to the next (`npm run bench -- otel` measures it).
import { channel } from 'node:diagnostics_channel';
import { expect, it } from 'vitest';
import type { Observer } from '../../src/index.ts';
import { LoadBalancedOpenAI } from '../../src/index.ts';
import { openTelemetry } from '../../src/otel/index.ts';
import { faultServer } from '../../src/testing/index.ts';
import { chat, chatStream, read } from '../support/calls.ts';

/** The least time of one run of `work`, in ns. */
function nanoseconds(work: () => unknown): number {
  const times = 20_000;
  let [least, seen] = [Number.POSITIVE_INFINITY, 0];
  for (let round = 0; round < 30; round++) {
    const begun = process.hrtime.bigint();
    for (let i = 0; i < times; i++) if (work()) seen += 1;
    least = Math.min(least, Number(process.hrtime.bigint() - begun) / times);
  }
  expect(seen % times).toBe(0);
  return least;
}

it('while no SDK is registered a call asks now and then whether one is, and does nothing else', async () => {
  const observer = openTelemetry();
  let [asked, told] = [0, 0];
  const watched: Observer = Object.defineProperty(
    Object.assign(() => void told++, { sending: () => void told++ }),
    'idle',
    {
      get: () => {
        asked += 1;
        return observer.idle;
      },
    },
  );
  await using server = await faultServer({ name: 'a' });
  // No listener beside it: a recorder would have every event made.
  const client = new LoadBalancedOpenAI([{ baseURL: server.url, apiKey: 'key-cost' }], { observers: [watched] });
  for (let call = 0; call < 10; call++) await chat(client);
  const plain = asked / 10;
  asked = 0;
  for (let call = 0; call < 10; call++) await read(await chatStream(client));
  await client.close();
  expect(channel('load-balanced-openai:call-end').hasSubscribers).toBe(false);
  expect(told).toBe(0);
  const ns = nanoseconds(() => observer.idle);
  for (const count of [plain, asked / 10]) {
    expect(count).toBeGreaterThan(0);
    expect(count * ns).toBeLessThan(1_000);
  }
});
