// A configuration file that somebody is still writing is not read: what is there already may be right, and say something else.
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, expect, it, vi } from 'vitest';
import { keepCurrent } from '../../src/cli/serve/keep-current.ts';
import { systemClock } from '../../src/clock.ts';
import { Configuration } from '../../src/gateway/configuration.ts';
import { GatewayLog } from '../../src/gateway/http/log.ts';
import { memoryGatewayStore } from '../../src/gateway/store/memory-gateway-store.ts';

const folder = mkdtempSync(join(tmpdir(), 'keep-current-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('waits until the file is whole', async () => {
  const file = join(folder, 'gateway.json');
  const text = JSON.stringify({ endpoints: [{ name: 'a', apiKey: 'k', baseURL: 'http://127.0.0.1:9/v1' }] });
  writeFileSync(file, text);
  const read: string[] = [];
  const find = () => {
    read.push(readFileSync(file, 'utf8'));
    return { source: file, value: JSON.parse(text) as unknown };
  };
  const log = new GatewayLog({ level: 'off', readable: false, write: () => undefined, clock: systemClock });
  const configuration = new Configuration({ find, env: {}, store: memoryGatewayStore() });
  const letGo = keepCurrent(configuration, log);
  read.length = 0;
  writeFileSync(file, '');
  // Longer than it takes until the file is looked at twice.
  for (let piece = 0; piece < 30; piece += 1) {
    await pause(50);
    appendFileSync(file, `${piece}\n`);
  }
  await vi.waitFor(() => expect(read).not.toEqual([]), { timeout: 10_000 });
  letGo();
  expect(read.map((each) => each.split('\n').length - 1)).toEqual([30]);
});
