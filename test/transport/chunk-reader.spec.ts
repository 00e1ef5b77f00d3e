// A body of the fast transport, taken chunk by chunk without a web stream.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fastFetch } from '../../src/transport/fast-fetch.ts';
import { chunksOf } from '../../src/transport/fast-response.ts';

let server: Server;
let url: string;
let gone: Promise<void>;
beforeEach(async () => {
  let left: () => void;
  gone = new Promise((resolve) => {
    left = resolve;
  });
  server = createServer((request, response) => {
    response.on('close', () => left());
    if (request.url === '/none') return void response.writeHead(204).end();
    response.write('one');
    if (request.url === '/cut') setTimeout(() => response.destroy(), 5);
    else if (request.url === '/whole') response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

describe('chunksOf', () => {
  it('gives the chunks and the end; nobody else can read them', async () => {
    await using fetch = fastFetch();
    const response = await fetch(`${url}/whole`);
    const chunks = chunksOf(response);
    expect(Buffer.from((await chunks?.read())?.value ?? []).toString()).toBe('one');
    expect((await chunks?.read())?.done).toBe(true);
    expect([response.bodyUsed, chunksOf(response)]).toEqual([true, undefined]);
    await expect(response.text()).rejects.toThrow(TypeError);
  });

  it('breaks as the standard fetch does', async () => {
    await using fetch = fastFetch();
    const chunks = chunksOf(await fetch(`${url}/cut`));
    await chunks?.read();
    await expect(chunks?.read()).rejects.toThrow(new TypeError('terminated'));
  });

  it('ends with the reason of an abort', async () => {
    await using fetch = fastFetch();
    const controller = new AbortController();
    const chunks = chunksOf(await fetch(`${url}/open`, { signal: controller.signal }));
    await chunks?.read();
    const pending = chunks?.read();
    controller.abort(new Error('enough'));
    await expect(pending).rejects.toThrow('enough');
    await expect(chunks?.read()).rejects.toThrow('enough');
    await gone;
  });

  it('frees the connection of whom wants no more', async () => {
    await using fetch = fastFetch();
    const chunks = chunksOf(await fetch(`${url}/open`));
    await chunks?.read();
    await chunks?.cancel();
    await gone;
  });

  it('leaves a body alone that is none, that came otherwise, or that somebody has', async () => {
    await using fetch = fastFetch();
    expect(chunksOf(await fetch(`${url}/none`))).toBeUndefined();
    expect(chunksOf(new Response('x'))).toBeUndefined();
    const seen = await fetch(`${url}/whole`);
    expect(seen.body?.locked).toBe(false);
    expect(chunksOf(seen)).toBeUndefined();
    expect(await seen.text()).toBe('one');
  });
});
