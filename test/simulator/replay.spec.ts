// Recorded calls under another strategy: the same to the bit each time, near to what that strategy does live, and wrong files
// are named with the line.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { recordDecisions } from '../../src/index.ts';
import { faultServer } from '../../src/testing/index.ts';
import { ask } from '../support/admin.ts';
import { endpointOf, gatewayWith } from '../support/gateway.ts';
import { contender } from './contenders.ts';
import { replay } from './replay.ts';
import { figuresOf } from './replay-figures.ts';
import { replayTrace } from './replay-trace.ts';
import { simulate } from './run.ts';
import { type ScenarioName, scenarios } from './scenarios.ts';
import { readTrace, TraceError } from './trace.ts';

/** Calls of one strategy in a scenario, as a client would have written them down. */
async function recorded(scenario: ScenarioName, strategy: string, seed = 1, ms = 60_000): Promise<string> {
  const lines: string[] = [];
  const observers = [recordDecisions({ write: (line: string) => lines.push(line) })];
  const { options } = contender(strategy);
  await simulate({ scenario: scenarios[scenario], options: { ...options, observers }, clients: 1, seed, ms });
  return lines.join('');
}

const optionsOf = (name: string) => contender(name).options as Parameters<typeof replay>[1];

/** How far one figure is from another, as a share of that. */
const off = (is: number, should: number) => Math.abs(is / should - 1);

describe('a replay', () => {
  it('gives the same calls to the bit for the same strategy and seed, and others for another seed', async () => {
    const trace = readTrace(await recorded('slow', 'random', 2, 20_000), 'calls');
    const one = await replay(trace, optionsOf('random'), 7);
    const again = await replay(trace, optionsOf('random'), 7);
    const other = await replay(trace, optionsOf('random'), 8);
    expect(JSON.stringify(again.lines)).toBe(JSON.stringify(one.lines));
    expect(JSON.stringify(other.lines)).not.toBe(JSON.stringify(one.lines));
    expect(one.lines).toHaveLength(trace.calls.length);
  });

  // The error that is stated in the README.
  it.each<[ScenarioName, string, string]>([
    ['slow', 'round-robin', 'least-latency'],
    ['fast-500s', 'round-robin', 'least-latency'],
    ['rate-limited', 'round-robin', 'headroom'],
    ['healthy-0.6', 'random', 'least-busy'],
  ])('of %s says what a live A/B says: %s → %s', async (scenario, before, after) => {
    const trace = readTrace(await recorded(scenario, before), 'before');
    const live = figuresOf(readTrace(await recorded(scenario, after), 'after'));
    const told = figuresOf((await replay(trace, optionsOf(after))).trace);
    expect(off(told.p50, live.p50)).toBeLessThan(0.1);
    expect(off(told.first50, live.first50)).toBeLessThan(0.1);
    expect(off(told.p99, live.p99)).toBeLessThan(0.25);
    expect(off(told.first99, live.first99)).toBeLessThan(0.25);
    expect(Math.abs(told.tooMany - live.tooMany)).toBeLessThanOrEqual(2);
    expect(Math.abs(told.failovers - live.failovers)).toBeLessThanOrEqual(5);
    expect(told.failed).toBe(0);
  });

  it('shows that the slow endpoint was worth leaving', async () => {
    const trace = readTrace(await recorded('slow', 'round-robin'), 'before');
    const was = figuresOf(trace);
    const told = figuresOf((await replay(trace, optionsOf('least-latency'))).trace);
    expect(told.first99).toBeLessThan(was.first99 / 3);
    expect(told.served.c ?? 0).toBeLessThan((was.served.c as number) / 4);
  });

  it('is printed with what it costs, and with what it cannot know', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'trace-')), 'calls.jsonl');
    writeFileSync(file, `${await recorded('healthy-0.6', 'priority', 1, 5_000)}{"v":1,"at":1`);
    const prices = { 'gpt-5': { input: 1, output: 10 } };
    const run = { file, contenders: [contender('round-robin')], seed: 1, prices };
    const printed = await replayTrace(run);
    const text = printed.join('\n');
    expect(text).toMatch(/calls\.jsonl:\d+ was cut or is no JSON; left out\./);
    expect(text).toContain('served nothing in the trace: modelled like the others.');
    expect(text).toMatch(/^ +recorded +round-robin$/m);
    for (const row of ['p50', 'p99', 'first content p99', '429s', 'failovers', 'tokens', 'cost', 'served by a'])
      expect(text).toMatch(new RegExp(`^${row} .*\\d`, 'm'));
    expect(await replayTrace(run)).toEqual(printed);
  });
});

describe('a trace', () => {
  const line = { v: 1, id: 'x', at: 5, ms: 7, operation: 'chat', stream: false, ok: true };
  const attempt = { endpoint: 'a', verdict: 'ok', status: 200, ms: 7, billed: 'yes' };
  const decision = { ms: 0, eligible: ['a'], excluded: [], picked: 'a', reason: 'round-robin' };
  const good = JSON.stringify({ ...line, attempts: [attempt], decisions: [decision] });

  it.each<[string, string, RegExp]>([
    ['of nothing', '', /^f\.jsonl holds no recorded call\. recordDecisions\('f\.jsonl'\) writes them\.$/],
    ['of text', 'hello\nworld', /^f\.jsonl holds no recorded call.*; f\.jsonl:1 was cut or is no JSON/],
    ['of other JSON', `${good}\n{"level":"info"}\n`, /^f\.jsonl:2 is no recorded call: it lacks at or ms\.$/],
    [
      'of a later version',
      `${good}\n\n${good.replace('"v":1', '"v":2')}`,
      /^f\.jsonl:3 has version 2; this simulator reads version 1\.$/,
    ],
    ['of numbers', '3\n', /^f\.jsonl:1 is no JSON object\.$/],
    [
      'without decisions',
      JSON.stringify({ ...line, attempts: [attempt] }),
      /^f\.jsonl:1 is no recorded call: it lacks attempts or decisions\.$/,
    ],
    [
      'of odd attempts',
      JSON.stringify({ ...line, attempts: [{}], decisions: [] }),
      /^f\.jsonl:1 has an attempt without endpoint or ms\.$/,
    ],
    [
      'of odd decisions',
      JSON.stringify({ ...line, attempts: [attempt], decisions: [{}] }),
      /^f\.jsonl:1 has a decision without/,
    ],
  ])('%s is refused by name and line', (_, text, problem) => {
    expect(() => readTrace(text, 'f.jsonl')).toThrow(TraceError);
    expect(() => readTrace(text, 'f.jsonl')).toThrow(problem);
  });

  it('that is not there is named', async () => {
    await expect(replayTrace({ file: '/no/such.jsonl', contenders: [], seed: 1, prices: undefined })).rejects.toThrow(
      '/no/such.jsonl cannot be read',
    );
  });

  it('may be a page of a gateway’s log', async () => {
    await using a = await faultServer({ name: 'a', script: [503] });
    await using b = await faultServer({ name: 'b' });
    await using gateway = await gatewayWith({
      endpoints: [endpointOf(a), endpointOf(b)],
      groups: { big: { strategy: 'round-robin', endpoints: ['a', 'b'].map((endpoint) => ({ endpoint, model: 'x' })) } },
    });
    for (let call = 0; call < 3; call++) {
      const body = JSON.stringify({ model: 'big', messages: [{ role: 'user', content: 'hi' }] });
      const headers = { 'content-type': 'application/json' };
      await (await fetch(`${gateway.url}/v1/chat/completions`, { method: 'POST', headers, body })).arrayBuffer();
    }
    const { text } = await ask(gateway, 'GET', '/admin/log');
    const trace = readTrace(text, 'log.json');
    expect(trace.calls).toHaveLength(3);
    expect(trace.endpoints.map(({ name }) => name).sort()).toEqual(['a', 'b']);
    const { lines } = await replay(trace, optionsOf('least-busy'));
    expect(lines.every(({ ok }) => ok)).toBe(true);
  });
});
