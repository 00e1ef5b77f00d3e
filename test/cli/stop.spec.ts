// SIGTERM while calls run, over connections that are kept, as proxies have them: a call that was taken is answered, and what is
// not taken is refused before it was sent, so that whoever balances over several gateways can send it to another one.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type FaultServer, faultServer } from '../../src/testing/index.ts';
import { freePort } from '../bench/gateways/program.ts';
import { HttpLine } from '../support/http-lines.ts';
import { startCli } from './run-cli.ts';

const LISTENING = /"url":"(http:[^"]+)"/;
const ROUNDS = process.env.FULL ? 20 : 3;
const LINES = 24;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'stop-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Starts a gateway and waits until it listens. */
async function start(endpoint: FaultServer, port = 0) {
  const env = {
    OPENAI_API_KEYS: 'k',
    SERVICE_ENDPOINTS: JSON.stringify({ openai: [endpoint.url] }),
    LOG_LEVEL: 'info',
  };
  const command = startCli(['serve', '--port', String(port)], env, folder);
  const [, url = ''] = await command.printed(LISTENING);
  const stop = async () => {
    command.child.kill('SIGTERM');
    return (await command.over).code;
  };
  return { url, stop };
}

/** Some are quick to come again, some take their time. */
const think = (line: number, call: number) => pause((line * 7 + call * 13) % 40);

it('answers every plain call that it took, however they lie when it is told to stop', async () => {
  await using a = await faultServer({ name: 'a', latency: 25 });
  for (let round = 0; round < ROUNDS; round++) {
    const { url, stop } = await start(a);
    const outcomes: Record<string, number> = {};
    const line = async (number: number) => {
      const client = new HttpLine(url);
      for (let call = 0; ; call++) {
        const { outcome, text } = await client.call('gpt-5');
        outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
        if (outcome !== '200') break;
        expect(JSON.parse(text)).toHaveProperty('choices');
        await think(number, call);
      }
      client.close();
    };
    const before = a.calls;
    const lines = Array.from({ length: LINES }, (_, number) => line(number));
    await a.until(({ calls }) => calls >= before + 8 * LINES);
    expect(await stop()).toBe(0);
    await Promise.all(lines);
    // Each line made calls until its connection was ended, with its last answer; the next one found nobody.
    const { 200: answered = 0, ECONNREFUSED: refused = 0, ...lost } = outcomes;
    expect([lost, refused]).toEqual([{}, LINES]);
    expect(answered).toBe(a.calls - before);
  }
});

it('loses no call while one gateway after the other is replaced, to clients that go on where one is refused', async () => {
  await using a = await faultServer({ name: 'a', latency: 10 });
  const ports = [await freePort(), await freePort()];
  const gateways = await Promise.all(ports.map((port) => start(a, port)));
  const urls = gateways.map(({ url }) => url);
  const outcomes: Record<string, number> = {};
  let replaced = false;
  const line = async (number: number) => {
    const clients = urls.map((url) => new HttpLine(url));
    for (let call = 0; !replaced; call++) {
      let outcome = 'ECONNREFUSED';
      // Twice around: the one that was refused first may be back.
      for (let at = number; outcome === 'ECONNREFUSED' && at < number + 4; at++)
        outcome = (await clients[at % 2]!.call('gpt-5')).outcome;
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
      await think(number, call);
    }
    for (const client of clients) client.close();
  };
  const lines = Array.from({ length: LINES }, (_, number) => line(number));
  for (const [at, port] of ports.entries()) {
    const before = a.calls;
    await a.until(({ calls }) => calls >= before + 4 * LINES);
    expect(await gateways[at]!.stop()).toBe(0);
    gateways[at] = await start(a, port);
  }
  const before = a.calls;
  await a.until(({ calls }) => calls >= before + 4 * LINES);
  replaced = true;
  await Promise.all(lines);
  const { 200: answered = 0, ...lost } = outcomes;
  expect(lost).toEqual({});
  expect(answered).toBeGreaterThan(12 * LINES);
  expect(await Promise.all(gateways.map(({ stop }) => stop()))).toEqual([0, 0]);
});
