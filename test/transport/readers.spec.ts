// Reading a body part by part without a web stream, for those who keep a limit on it: nobody else can tell the difference.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { textWithin } from '../../src/sdk/bounded-body.ts';
import { chunksOf, isTaken } from '../../src/transport/fast-response.ts';
import { fastFetch } from '../../src/transport/index.ts';

const server = createServer((request, response) => {
  if (request.url === '/none') return void response.writeHead(204).end();
  response.write('Grü');
  response.write('ße, ');
  setImmediate(() => (request.url === '/cut' ? response.destroy() : response.end('Welt')));
});
const fast = fastFetch();
let at = '';
beforeAll(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  at = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  await fast.close();
  server.close();
});

const streams = async (act: (response: Response) => unknown, path = '') => {
  const real = globalThis.ReadableStream;
  let made = 0;
  globalThis.ReadableStream = class<R> extends real<R> {
    constructor(...args: ConstructorParameters<typeof real<R>>) {
      super(...args);
      made++;
    }
  } as typeof real;
  try {
    return { value: await act(await fast(`${at}${path}`)), made };
  } finally {
    globalThis.ReadableStream = real;
  }
};

it('a text within a limit is read without a web stream, and once', async () => {
  const { value, made } = await streams(async (response) => {
    expect(isTaken(response)).toBe(false);
    const reading = textWithin(response, 1_000);
    expect(response.bodyUsed).toBe(true);
    return reading;
  });
  expect([value, made]).toEqual(['Grüße, Welt', 0]);
});

it('who comes later finds it taken, as with any other reader', async () => {
  for (const fetch of [fast, globalThis.fetch]) {
    const response = await fetch(at);
    const reader = chunksOf(response) ?? response.body?.getReader();
    expect(`${Buffer.from((await reader?.read())?.value ?? [])}`).toContain('Gr');
    expect([isTaken(response), response.bodyUsed, response.body?.locked]).toEqual([true, true, true]);
    await expect(response.text()).rejects.toThrow(TypeError);
    expect(() => response.body?.getReader()).toThrow(TypeError);
    await reader?.cancel();
  }
});

it('a body that somebody looked at, or put another one in place of, is read through its stream', async () => {
  const looked = await fast(at);
  const { body } = looked;
  expect(isTaken(looked)).toBe(false);
  expect(await textWithin(looked, 1_000)).toBe('Grüße, Welt');
  expect(body?.locked).toBe(true);
  const other = Object.defineProperty(await fast(at), 'body', { value: new Response('another').body });
  expect(await textWithin(other, 1_000)).toBe('another');
});

it('a limit, a cut and an abort are told as through the stream', async () => {
  await expect(textWithin(await fast(at), 5)).rejects.toThrow('larger than maxResponseBytes');
  const [ours, theirs] = await Promise.all(
    [fast, globalThis.fetch].map(async (fetch) =>
      textWithin(await fetch(`${at}/cut`), 1_000).catch((error: Error) => [error.name, error.message]),
    ),
  );
  expect(ours).toEqual(theirs);
  const controller = new AbortController();
  const response = await fast(at, { signal: controller.signal });
  controller.abort();
  await expect(textWithin(response, 1_000)).rejects.toThrow('aborted');
  expect(chunksOf(await fast(`${at}/none`))).toBe(undefined);
});
