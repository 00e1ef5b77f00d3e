// Gateways are measured as what they are: what they answer is looked at, and their CPU and memory are their own.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Child } from './child.ts';
import { Field, present } from './gateways/field.ts';
import { freePort, Program, TICK } from './gateways/program.ts';
import type { Places } from './mock.ts';
import { findingsOf } from './parts/gateway.ts';

let mock: Child;
let places: Places;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bench-'));
  mock = Child.start('mock.ts', {});
  places = await mock.ask<Places>({ do: 'open' });
});
afterAll(async () => {
  await mock.end();
  rmSync(folder, { recursive: true });
});

const newFolder = () => mkdtempSync(join(folder, 'program-'));
const urls = (manner: string) => places.plain.slice(0, 3).map((port) => `http://127.0.0.1:${port}/${manner}/v1`);

it.skipIf(process.platform !== 'linux').each(['chat', 'stream', 'body'] as const)(
  'lets a gateway take %s in turns with none at all, every call reaching an endpoint',
  async (ask) => {
    const field = new Field(['direct', 'pass-through']);
    try {
      await mock.ask({ do: 'asked' });
      await field.warm(ask, urls(ask === 'stream' ? 'stream' : 'chat'), 3);
      const { direct, 'pass-through': behind } = await field.turns(ask, 2, 2, 1);
      // Two opened lines and at least four calls a turn, over the warm one and two; warming opened three and called three.
      expect(await mock.ask<number>({ do: 'asked' })).toBeGreaterThanOrEqual(2 * (3 + 3 + 3 * (2 + 4)));
      for (const turn of [...(direct ?? []), ...(behind ?? [])]) {
        expect(turn.rate).toBeGreaterThan(0);
        expect(turn.p50).toBeGreaterThan(0);
        expect(turn.p99).toBeGreaterThanOrEqual(turn.p50);
      }
      expect([direct?.length, behind?.length]).toEqual([2, 2]);
      expect([direct?.[0]?.rss, (behind?.[0]?.rss ?? 0) > 20 * 2 ** 20]).toEqual([0, true]);
    } finally {
      await field.end();
    }
  },
);

it('does not measure one that answers with something else', async () => {
  const field = new Field(['pass-through']);
  await expect(field.warm('chat', urls('down'), 1)).rejects.toThrow('HTTP 503');
  await field.end();
  const other = new Field(['pass-through']);
  await expect(other.warm('stream', urls('chat'), 1)).rejects.toThrow('stream: answered with');
  await other.end();
});

it.skipIf(process.platform !== 'linux')('counts the CPU of a process and of those it started', async () => {
  // Until it has used so much, not until so much time is over: a busy machine gives it little of that.
  const busy = 'for (; process.cpuUsage().user < 300_000; );';
  const code = `require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(`${busy} setInterval(() => {}, 1e3)`)}]);
    require('net').createServer().listen(+process.argv[1], '127.0.0.1')`;
  const port = await freePort();
  const program = await Program.start({
    ...{ command: process.execPath, args: ['-e', code, String(port)], folder: newFolder(), port },
  });
  await expect.poll(() => program.cpu(), { timeout: 20_000 }).toBeGreaterThanOrEqual(300 + TICK);
  expect(program.rss()).toBeGreaterThan(60 * 2 ** 20);
  await program.end();
});

it('says what a program said that does not start', async () => {
  const args = ['-e', 'console.log("no port for you"); process.exit(3)'];
  const start = (command: string) => Program.start({ command, args, folder: newFolder(), port: 1 });
  await expect(start(process.execPath)).rejects.toThrow('no port for you');
  await expect(start('no-such-program')).rejects.toThrow('ENOENT');
  expect(readdirSync(folder)).toEqual([]);
});

it('leaves out what is not installed, and what comes from npm when that is not there', () => {
  const path = process.env.PATH;
  process.env.PATH = folder;
  try {
    expect(present(['direct', 'nginx', 'portkey', 'ours'], false)).toEqual(['direct', 'ours']);
  } finally {
    process.env.PATH = path;
  }
  expect(present(['portkey'], true)).toEqual(['portkey']);
});

it('finds ratios round by round, what is added over no gateway, and the noise of two equal ones', () => {
  const turn = (cpu: number, p50: number, rate = 100) => ({ cpu, p50, p99: p50, rate, rss: cpu });
  const found = findingsOf('chat', 1, {
    direct: [turn(0, 1), turn(0, 2)],
    'pass-through': [turn(10, 2), turn(20, 3)],
    control: [turn(11, 2), turn(22, 3)],
    ours: [turn(12, 2, 600), turn(24, 3, 600)],
    portkey: [turn(120, 6), turn(240, 7)],
  });
  const of = (about: string) => found.find((each) => each.about === `gateway.chat.1.${about}`);
  expect(of('cpu.pass-through')).toMatchObject({ value: 1.2, control: 1.1 });
  expect(of('cpu.portkey')?.value).toBe(0.1);
  expect(of('rate.portkey')?.value).toBe(6);
  expect(of('added.portkey')?.value).toBe(0.2);
  expect(of('rss.portkey')?.value).toBe(0.1);
  expect(of('more')?.value).toBeCloseTo(0.003);
  expect(of('rate.nginx')).toBeUndefined();
});
