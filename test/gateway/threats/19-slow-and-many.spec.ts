// Threat T19: connections that are slow, idle or too many take nothing from those that are in good faith.
import { createServer } from 'node:http';
import { connect, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { settingsOf } from '../../../src/gateway/config/load.ts';
import { capConnections, sourceOf } from '../../../src/gateway/http/connections.ts';
import { listen } from '../../../src/gateway/http/server.ts';
import { faultServer } from '../../../src/testing/index.ts';
import { FULL } from '../../support/calls.ts';
import { chat, endpointOf, gatewayWith } from '../../support/gateway.ts';

/** Opens a connection and says this on it; resolves when it is open, with what is known of its end. */
function open(port: number, said = ''): Promise<{ socket: Socket; ended: Promise<string> }> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(port, '127.0.0.1');
    const ended = new Promise<string>((end) => {
      socket.on('data', (chunk) => {
        text += chunk.toString('latin1', 0, 100);
      });
      socket.on('error', () => undefined).on('close', () => end(text.slice(9, 12)));
    });
    socket.on('connect', () => {
      socket.write(said);
      resolve({ socket, ended });
    });
    void ended.then(() => resolve({ socket, ended }));
  });
}

/** Opens many connections, says a letter on each now and then, and tells how they were ended. */
const CROWD = `
const { connect } = require('node:net');
const { parentPort, workerData: { port, count } } = require('node:worker_threads');
const said = ['POST /v1/chat/completions HTTP/1.1\\r\\nHost: localhost\\r\\nX-Slow: ', 'GET /v1/models HTTP/1.1\\r\\n', 'P'];
let [left, opened] = [count, 0];
const ends = new Set();
for (let index = 0; index < count; index++) {
  let text = '';
  const socket = connect(port, '127.0.0.1', () => {
    socket.write(said[index % said.length]);
    const drip = setInterval(() => socket.write('x'), 1_000);
    socket.on('close', () => clearInterval(drip));
    if (++opened === count) parentPort.postMessage('open');
  });
  socket.on('data', (chunk) => { text += chunk; });
  socket.on('error', () => undefined).on('close', () => {
    ends.add(text.slice(9, 12));
    if (--left === 0) parentPort.postMessage([...ends].sort());
  });
}`;

const percentile = (times: readonly number[], share: number) =>
  [...times].sort((a, b) => a - b)[Math.min(times.length - 1, Math.floor(times.length * share))] as number;

describe('T19: slow connections', () => {
  it('by the thousand hold nobody up, and are ended', async () => {
    await using a = await faultServer({ name: 'a', remember: 0 });
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)] }, { level: 'off' });
    const { port } = gateway.gateway;
    const calls = async () => {
      const times: number[] = [];
      for (let call = 0; call < 300; call++) {
        const from = performance.now();
        await (await gateway.get('/v1/chat/completions', chat('gpt-5'))).text();
        times.push(performance.now() - from);
      }
      return times;
    };
    await calls();
    const quiet = [await calls(), await calls()];
    // In a thread of their own: what they do is not the gateway's work.
    const count = FULL ? 5_000 : 1_000;
    const crowd = new Worker(CROWD, { eval: true, workerData: { port, count } });
    const told: unknown[] = [];
    crowd.on('message', (message) => void told.push(message));
    await expect.poll(() => told.length, { timeout: 10_000 }).toBe(1);
    const busy = [await calls(), await calls()];
    const least = (runs: number[][], share: number) => Math.min(...runs.map((times) => percentile(times, share)));
    expect(least(busy, 0.5)).toBeLessThan(2 * least(quiet, 0.5) + 1);
    expect(least(busy, 0.99)).toBeLessThan(2 * least(quiet, 0.99) + 5);
    await expect.poll(() => told.length, { timeout: 25_000, interval: 200 }).toBe(2);
    expect(told[1]).toEqual(['400', '408']);
    await crowd.terminate();
  });

  it('that read nothing of a whole reply are ended', async () => {
    const open: Socket[] = [];
    const bounds = { caps: () => ({ connections: 100, connectionsPerAddress: 100 }), refused: () => undefined };
    const server = await listen(
      {
        answer: async (_, response) => {
          response.writeHead(200).end(Buffer.alloc(64 * 2 ** 20));
        },
        answerSocket: async () => undefined,
      },
      { host: '127.0.0.1', port: 0 },
      systemClock,
      { ...bounds, idleReader: 300 },
    );
    const read = (stop: boolean) =>
      new Promise<number>((resolve) => {
        let bytes = 0;
        const socket = connect(server.port, '127.0.0.1', () =>
          socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'),
        );
        open.push(socket);
        socket.on('data', (chunk) => {
          bytes += chunk.byteLength;
          if (!stop || bytes > chunk.byteLength) return;
          socket.pause();
          setTimeout(() => socket.resume(), 1_500);
        });
        socket.on('error', () => undefined).on('close', () => resolve(bytes));
      });
    const [stopped, whole] = await Promise.all([read(true), read(false)]);
    expect(whole).toBeGreaterThan(64 * 2 ** 20);
    expect(stopped).toBeLessThan(64 * 2 ** 20);
    for (const socket of open) socket.destroy();
    await server.stop(0, () => undefined);
  });
});

describe('T19: too many connections', () => {
  it('are ended above the cap, which another configuration changes, and counted', async () => {
    await using a = await faultServer({ name: 'a' });
    const configuration = (connections: number) => ({ endpoints: [endpointOf(a)], limits: { connections } });
    await using gateway = await gatewayWith(configuration(20));
    const { port } = gateway.gateway;
    const first = await Promise.all(Array.from({ length: 20 }, () => open(port)));
    const more = await Promise.all(Array.from({ length: 5 }, () => open(port)));
    expect(await Promise.all(more.map(({ ended }) => ended))).toEqual(['', '', '', '', '']);
    await expect(gateway.get('/health/live')).rejects.toThrow();
    gateway.gateway.reload(settingsOf(configuration(30), {}, 'test'));
    expect((await gateway.get('/v1/chat/completions', chat('gpt-5'))).status).toBe(200);
    expect(await (await gateway.get('/metrics')).text()).toMatch(/refused.*too_many_connections.* [1-9]/);
    for (const { socket } of first) socket.destroy();
    await Promise.all(first.map(({ ended }) => ended));
    expect((await open(port)).socket.writable).toBe(true);
  });

  it('of one address are ended, and others’ are not; connections of this machine count in all only', async () => {
    const refused: string[] = [];
    const server = createServer();
    let [from, here] = ['203.0.113.7', 0];
    // The address is all that is looked at, and there is one machine only.
    server.on('connection', (socket) => Object.defineProperty(socket, 'remoteAddress', { value: from }));
    capConnections(
      server,
      () => ({ connections: 12, connectionsPerAddress: 3 }),
      (source) => void refused.push(source),
    );
    server.on('connection', (socket) => {
      if (socket.destroyed) return;
      here += 1;
      socket.on('close', () => {
        here -= 1;
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const sockets: Socket[] = [];
    const connections = async (address: string, count: number) => {
      from = address;
      for (let index = 0; index < count; index++) {
        const before = here + refused.length;
        sockets.push((await open(port)).socket);
        await expect.poll(() => here + refused.length).toBeGreaterThan(before);
      }
    };
    await connections('203.0.113.7', 5);
    expect([here, refused]).toEqual([3, ['203.0.113.7', '203.0.113.7']]);
    await connections('::ffff:203.0.113.7', 1);
    await connections('2001:db8::1', 3);
    await connections('2001:db8:0:0:ffff::2', 1);
    expect([here, refused.slice(2)]).toEqual([6, ['203.0.113.7', '2001:db8:0:0::/64']]);
    await connections('127.0.0.1', 6);
    expect(here).toBe(12);
    await connections('127.0.0.1', 1);
    expect([here, refused.at(-1)]).toEqual([12, '127.0.0.1']);
    for (const socket of sockets) socket.destroy();
    await expect.poll(() => here).toBe(0);
    await connections('203.0.113.7', 3);
    expect(here).toBe(3);
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });

  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['2001:0db8:0000:0000:1:2:3:4', '2001:db8:0:0::/64'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::', '2001:db8:1:2::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    [undefined, ''],
  ])('know %s as %s', (address, source) => {
    expect(sourceOf(address)).toBe(source);
  });
});
