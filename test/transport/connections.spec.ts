// The connections of the fast transport: few enough that calls wait for one, and none that keeps a process alive.
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type FastFetch, type FastFetchOptions, fastFetch } from '../../src/transport/index.ts';
import { runChild } from '../support/child.ts';

const left: (() => unknown)[] = [];
afterEach(async () => {
  for (const leave of left.splice(0)) await leave();
});

/** A server whose replies are held until they are told, and a fetch with so many connections. */
async function held(options: FastFetchOptions): Promise<{ fetch: FastFetch; at: string; open: ServerResponse[] }> {
  const open: ServerResponse[] = [];
  const server = createServer((_request, response) => void open.push(response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const fetch = fastFetch(options);
  left.push(
    () => server.closeAllConnections(),
    () => server.close(),
    () => fetch.close(),
  );
  return { fetch, at: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, open };
}

describe('a call beyond the connections', () => {
  it('waits for a body that is still read, and goes out when that has ended', async () => {
    const { fetch, at, open } = await held({ connections: 1 });
    const first = fetch(at);
    await expect.poll(() => open.length).toBe(1);
    open[0]?.write('begun');
    const response = await first;
    const second = fetch(at);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(open.length).toBe(1);
    open[0]?.end();
    expect(await response.text()).toBe('begun');
    await expect.poll(() => open.length).toBe(2);
    open[1]?.end('next');
    expect(await (await second).text()).toBe('next');
  });

  it('goes out beside held ones where there is one more connection, in whatever order they end', async () => {
    const { fetch, at, open } = await held({ connections: 3 });
    const holding = [fetch(at), fetch(at)];
    await expect.poll(() => open.length).toBe(2);
    for (let time = 0; time < 5; time++) {
      const quick = fetch(at);
      await expect.poll(() => open.length).toBe(3 + time);
      open.at(-1)?.end('quick');
      expect(await (await quick).text()).toBe('quick');
    }
    open[1]?.end('b');
    open[0]?.end('a');
    expect(await Promise.all(holding.map(async (one) => (await one).text()))).toEqual(
      expect.arrayContaining(['a', 'b']),
    );
  });

  it('is given up at once when it is aborted, and never goes out', async () => {
    const { fetch, at, open } = await held({ connections: 1 });
    const first = fetch(at);
    await expect.poll(() => open.length).toBe(1);
    const controller = new AbortController();
    const waiting = fetch(`${at}/waiting`, { signal: controller.signal }).catch((error: Error) => error.name);
    controller.abort();
    expect(await waiting).toBe('AbortError');
    const third = fetch(at);
    open[0]?.end('first');
    expect(await (await first).text()).toBe('first');
    await expect.poll(() => open.length).toBe(2);
    expect(open[1]?.req.url).toBe('/');
    open[1]?.end('third');
    expect(await (await third).text()).toBe('third');
  });

  it('an abort leaves no listener behind, however the call ended', async () => {
    const { fetch, at, open } = await held({});
    const { signal } = new AbortController();
    let listeners = 0;
    const { addEventListener: add, removeEventListener: remove } = signal;
    signal.addEventListener = (...args: unknown[]) => {
      listeners++;
      return add.apply(signal, args as never);
    };
    signal.removeEventListener = (...args: unknown[]) => {
      listeners--;
      return remove.apply(signal, args as never);
    };
    const whole = fetch(at, { signal });
    const cut = fetch(at, { signal });
    const lost = fetch(at, { signal });
    await expect.poll(() => open.length).toBe(3);
    expect(listeners).toBe(3);
    open[0]?.end('whole');
    open[1]?.write('part');
    await expect.poll(() => listeners).toBe(2);
    const reading = Promise.allSettled([whole, cut, lost].map(async (one) => (await one).text()));
    await cut.catch(() => undefined);
    open[1]?.destroy();
    open[2]?.destroy();
    expect((await reading).map(({ status }) => status)).toContain('rejected');
    expect(listeners).toBe(0);
  });
});

it('a body is taken no faster than it is read', async () => {
  const { fetch, at, open } = await held({});
  const asked = fetch(at);
  await expect.poll(() => open.length).toBe(1);
  const [response] = open as [ServerResponse];
  const total = 40 * 1024 * 1024;
  let sent = 0;
  const more = () => {
    while (sent < total) {
      sent += 65_536;
      if (!response.write(Buffer.alloc(65_536))) return void response.once('drain', more);
    }
    response.end();
  };
  more();
  const body = (await asked).body as ReadableStream<Uint8Array>;
  const reader = body.getReader();
  let read = (await reader.read()).value?.length ?? 0;
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(sent).toBeLessThan(total);
  for (let part = await reader.read(); !part.done; part = await reader.read()) read += part.value.length;
  expect(read).toBe(total);
});

it('idle connections keep no process alive, with a client of the pool and without', async () => {
  const { at, open } = await held({});
  const answering = setInterval(() => {
    for (const response of open.splice(0)) response.setHeader('content-type', 'application/json').end('{"data":[]}');
  }, 5);
  left.push(() => clearInterval(answering));
  const script = new URL('./children/ends-by-itself.ts', import.meta.url);
  expect(await runChild(script, at, 5_000)).toEqual({ plain: '{"data":[]}', pooled: [] });
});
