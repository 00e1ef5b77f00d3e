// Connections to origins that configurations named once.
import { expect, it } from 'vitest';
import { canConnect, connectionsTo, MOST_ORIGINS } from '../../../src/gateway/direct/connections.ts';
import { faultServer } from '../../../src/testing/index.ts';

it.skipIf(!canConnect)('are kept to a bounded number of them; what runs on the oldest ends there', async () => {
  await using slow = await faultServer({ name: 'slow', latency: 200 });
  const first = connectionsTo(slow.origin);
  expect(connectionsTo(slow.origin)).toBe(first);
  const running = first.request({ path: '/v1/models', method: 'GET' });
  for (let origin = 0; origin < MOST_ORIGINS; origin += 1) connectionsTo(`http://127.0.0.1:${10_000 + origin}`);
  expect(first.closed).toBe(true);
  const { statusCode, body } = await running;
  await body.dump();
  expect(statusCode).toBe(200);
  const again = connectionsTo(slow.origin);
  expect(again).not.toBe(first);
  const next = await again.request({ path: '/v1/models', method: 'GET' });
  await next.body.dump();
  expect(next.statusCode).toBe(200);
});
