// T7: a name that leads elsewhere once it was checked. The address that a connection has is what counts.
import dns from 'node:dns';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Agent, request } from 'undici';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { guardConnects, type InsideAddress } from '../../../src/gateway/outside/guard-connects.ts';
import { openUpstream } from '../../../src/gateway/realtime/open-upstream.ts';

const NAME = 'rebound.vendor.com';
let port = 0;
let bytes = 0;
const server = createServer((_, response) => response.end('secret'));
server.on('connection', (socket) => socket.on('data', (data) => (bytes += data.byteLength)));

beforeEach(async () => {
  bytes = 0;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
  // The name was somewhere else when it was checked.
  const lookup = ((_name: string, options: { all?: boolean }, done: (...facts: unknown[]) => void) => {
    if (options.all) done(null, [{ address: '127.0.0.1', family: 4 }]);
    else done(null, '127.0.0.1', 4);
  }) as unknown as typeof dns.lookup;
  vi.spyOn(dns, 'lookup').mockImplementation(lookup);
});

afterEach(async () => {
  vi.restoreAllMocks();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const ask = () => fetch(`http://${NAME}:${port}/v1`, { method: 'POST', body: 'prompt', headers: { 'x-key': 'k' } });

describe('a guarded origin', () => {
  it('is not spoken to when its name leads inside: not a byte is written', async () => {
    const release = guardConnects([`http://${NAME}:${port}`]);
    const error = await ask().catch((reason: Error) => reason);
    expect((error as { cause?: InsideAddress }).cause?.code).toBe('inside_address');
    expect(bytes).toBe(0);
    release();
    // Nobody looks any more: the same name is what it is.
    expect(await (await ask()).text()).toBe('secret');
    expect(bytes).toBeGreaterThan(0);
  });

  it('is looked after whoever makes the connection', async () => {
    const release = guardConnects([`http://${NAME}:${port}`]);
    const dispatcher = new Agent();
    await expect(request(`http://${NAME}:${port}/`, { dispatcher })).rejects.toThrow(/leads to this machine/);
    expect(bytes).toBe(0);
    release();
    await dispatcher.close();
  });

  it('is looked after for sockets as well', async () => {
    const handshake = {
      url: new URL(`ws://${NAME}:${port}/v1/realtime`),
      headers: { 'x-key': 'k' },
      signal: new AbortController().signal,
    };
    const release = guardConnects([`http://${NAME}:${port}`]);
    await expect(openUpstream(handshake, [])).rejects.toThrow(/leads to this machine/);
    expect(bytes).toBe(0);
    release();
    // Nobody looks any more: the server, which is none for sockets, is asked.
    await expect(openUpstream(handshake, [])).rejects.toThrow();
    expect(bytes).toBeGreaterThan(0);
  });

  it('stands for itself: other origins pass, and as long as one needs it, it stays guarded', async () => {
    const [first, second] = [guardConnects([`http://${NAME}:${port}`]), guardConnects([`http://${NAME}:${port}`])];
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(200);
    first();
    first();
    await expect(ask()).rejects.toThrow();
    second();
    expect((await ask()).status).toBe(200);
  });
});
