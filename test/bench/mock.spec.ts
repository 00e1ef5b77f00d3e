// The endpoints of the bench answer as they should; else everybody would be measured on something else.
import { Agent, request } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Child } from './child.ts';
import type { Places } from './mock.ts';
import { CHUNKS, COMPLETION } from './replies.ts';

let mock: Child;
let places: Places;

beforeAll(async () => {
  mock = Child.start('mock.ts', {});
  places = await mock.ask<Places>({ do: 'open' });
});
afterAll(() => mock.end());

const post = (manner: string, body = '{}', port = places.plain[0]) =>
  fetch(`http://127.0.0.1:${port}/${manner}/v1/chat/completions`, { method: 'POST', body });

it('answers at once, and counts', async () => {
  await mock.ask({ do: 'asked' });
  const replies = await Promise.all(places.plain.map((port) => post('chat', 'x'.repeat(3_000_000), port)));
  expect(await Promise.all(replies.map((reply) => reply.text()))).toEqual(places.plain.map(() => COMPLETION));
  expect(await mock.ask({ do: 'asked' })).toBe(places.plain.length);
  expect(await mock.ask({ do: 'asked' })).toBe(0);
});

it('streams every chunk, then the end', async () => {
  const events = (await (await post('stream')).text()).trim().split('\n\n');
  expect(events.filter((event) => event.includes('"content":" word'))).toHaveLength(CHUNKS);
  expect(events.at(-1)).toBe('data: [DONE]');
});

it('is down where it is to be', async () => {
  const reply = await post('down');
  expect([reply.status, ((await reply.json()) as { error: { message: string } }).error.message]).toEqual([503, 'down']);
});

it('holds calls until told', async () => {
  let answered = 0;
  const calls = [1, 2].map(() => post('hold').then(() => answered++));
  await mock.ask({ do: 'holds', count: 2 });
  expect(answered).toBe(0);
  await mock.ask({ do: 'release' });
  await Promise.all(calls);
  expect(answered).toBe(2);
});

it('keeps a connection for the next call', async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const reused = () =>
    new Promise<boolean>((resolve, reject) => {
      const call = request({ port: places.plain[0], path: '/chat/v1', method: 'POST', agent }, (reply) => {
        reply.resume().on('end', () => setImmediate(resolve, call.reusedSocket));
      });
      call.on('error', reject).end('{}');
    });
  expect([await reused(), await reused()]).toEqual([false, true]);
  agent.destroy();
});

it('is not asked in vain: a process that is gone is named, and so is what it cannot do', async () => {
  const child = Child.start('mock.ts', {});
  await expect(child.ask({ do: 'dance' })).rejects.toThrow("no answer to 'dance'");
  await child.end();
  await expect(child.ask({ do: 'asked' })).rejects.toThrow('the process ended with SIGKILL');
});
