// Calls written down line by line: whole, without keys and prompts, bounded, and never at the cost of a call.
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ConfigurationError, type RecordedCall, recordDecisions } from '../../src/index.ts';
import { openStage } from '../support/stage.ts';

const fileIn = () => join(mkdtempSync(join(tmpdir(), 'recorded-')), 'calls.jsonl');
const linesOf = (file: string) =>
  readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as RecordedCall);

let close: () => Promise<void> = async () => undefined;
afterEach(() => close());

async function stageWith(recorder: ReturnType<typeof recordDecisions>) {
  const stage = await openStage({ a: [503], b: [] }, { observers: [recorder] });
  close = async () => stage[Symbol.asyncDispose]();
  return stage;
}

const SECRET = 'nobody may read this';
const ask = { model: 'gpt-5', messages: [{ role: 'user' as const, content: SECRET }] };

describe('recordDecisions', () => {
  it('writes a call once, however often it was added', async () => {
    const lines: string[] = [];
    const recorder = recordDecisions({ write: (text: string) => lines.push(text) });
    const { client } = await stageWith(recorder);
    const clone = client.withOptions({ timeout: 5_000 });
    for (const each of [client, clone]) for (const name of ['*', 'call-end'] as const) each.balancer.on(name, recorder);
    await client.chat.completions.create(ask);
    await clone.chat.completions.create(ask);
    expect(lines).toHaveLength(2);
  });

  it('writes each call with its attempts, tokens and decisions', async () => {
    const file = fileIn();
    const recorder = recordDecisions(file);
    const { client, keys } = await stageWith(recorder);
    await client.chat.completions.create(ask);
    const stream = await client.chat.completions.create({ ...ask, stream: true });
    for await (const _ of stream);
    await recorder.close();
    const [first, second] = linesOf(file) as [RecordedCall, RecordedCall];
    expect(first).toMatchObject({ v: 1, operation: 'chat', model: 'gpt-5', stream: false, ok: true });
    expect(first.attempts.map(({ endpoint, verdict }) => [endpoint, verdict])).toEqual([
      ['a', 'overloaded'],
      ['b', 'ok'],
    ]);
    expect(first.attempts.at(-1)?.tokens).toMatchObject({ input: expect.any(Number), output: expect.any(Number) });
    expect(first.decisions.map(({ picked }) => picked)).toEqual(['a', 'b']);
    expect(Math.abs(first.at + first.ms - Date.now())).toBeLessThan(60_000);
    expect(second).toMatchObject({ stream: true, firstMs: expect.any(Number) });
    const text = readFileSync(file, 'utf8');
    for (const hidden of [SECRET, keys.a, keys.b]) expect(text).not.toContain(hidden);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(recorder.lost).toBe(0);
  });

  it('begins a new file where one is large enough, and keeps so many', async () => {
    const file = fileIn();
    const recorder = recordDecisions(file, { maxBytes: 3_000, keep: 2 });
    const { client } = await stageWith(recorder);
    // Also where many calls end in the same moment, whose lines go out together.
    await Promise.all(Array.from({ length: 24 }, () => client.chat.completions.create(ask)));
    await recorder.close();
    expect(existsSync(`${file}.1`)).toBe(true);
    expect(existsSync(`${file}.2`)).toBe(true);
    expect(existsSync(`${file}.3`)).toBe(false);
    for (const each of [file, `${file}.1`, `${file}.2`]) {
      expect(statSync(each).size).toBeLessThanOrEqual(3_000);
      expect(linesOf(each).length).toBeGreaterThan(0);
    }
  });

  it('goes on in a file that ended in the middle of a line', async () => {
    const file = fileIn();
    appendFileSync(file, '{"v":1,"id":"cut');
    const recorder = recordDecisions(file);
    const { client } = await stageWith(recorder);
    await client.chat.completions.create(ask);
    await recorder.close();
    const lines = readFileSync(file, 'utf8').split('\n');
    expect(lines[0]).toBe('{"v":1,"id":"cut');
    expect(JSON.parse(lines[1] as string)).toMatchObject({ v: 1, ok: true });
  });

  it.skipIf(!existsSync('/dev/full'))('loses lines and no call where the disk is full', async () => {
    const recorder = recordDecisions('/dev/full');
    const { client } = await stageWith(recorder);
    for (let call = 0; call < 5; call++) await client.chat.completions.create(ask);
    await recorder.close();
    expect(recorder.lost).toBe(5);
  });

  it('loses lines where the file cannot be made, and where its target throws', async () => {
    const nowhere = recordDecisions(join(fileIn(), 'no', 'such', 'folder.jsonl'));
    const throwing = recordDecisions({
      write: () => {
        throw new Error('gone');
      },
    });
    const stage = await openStage({ a: [] }, { observers: [nowhere, throwing] });
    close = async () => stage[Symbol.asyncDispose]();
    await stage.client.chat.completions.create(ask);
    await nowhere.close();
    await throwing.close();
    expect([nowhere.lost, throwing.lost]).toEqual([1, 1]);
    await stage.client.chat.completions.create(ask);
    expect([nowhere.lost, throwing.lost]).toEqual([1, 1]);
  });

  it('loses lines where the file cannot be put aside, and goes on once it can', async () => {
    const file = fileIn();
    mkdirSync(join(`${file}.1`, 'in the way'), { recursive: true });
    const recorder = recordDecisions(file, { maxBytes: 1_024 });
    const { client } = await stageWith(recorder);
    const ten = async () => {
      for (let call = 0; call < 10; call++) {
        await client.chat.completions.create(ask);
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    await ten();
    await vi.waitFor(() => expect(recorder.lost).toBeGreaterThan(0));
    expect(statSync(file).size).toBeLessThanOrEqual(1_024);
    rmSync(`${file}.1`, { recursive: true });
    await ten();
    await recorder.close();
    expect(linesOf(file).length).toBeGreaterThan(0);
    expect(statSync(`${file}.1`).isFile()).toBe(true);
  });

  it('counts lines as lost that its target takes and then fails to write', async () => {
    const recorder = recordDecisions({ write: () => Promise.reject(new Error('gone')) });
    const { client } = await stageWith(recorder);
    await client.chat.completions.create(ask);
    await vi.waitFor(() => expect(recorder.lost).toBe(1));
  });

  it('holds no more than so much of what waits', async () => {
    const recorder = recordDecisions(fileIn());
    const model = 'm'.repeat(250);
    const facts = { operation: 'chat', model, stream: false, ok: true, ms: 1, firstMs: undefined, error: undefined };
    const event = {
      type: 'call-end' as const,
      at: 1,
      callId: 'x'.repeat(100_000),
      ...facts,
      attempts: [],
      decisions: [],
    };
    for (let call = 0; call < 100; call++) recorder({ ...event });
    expect(recorder.lost).toBeGreaterThan(50);
    await recorder.close();
  });

  it.each([
    ['', {}, /name a file/],
    ['f', { maxBytes: 10 }, /maxBytes must be 1024 or more, not 10/],
    ['f', { keep: -1 }, /keep must be a whole number from 0 to 1000, not -1/],
    ['f', { maxBytes: Number.NaN }, /maxBytes/],
  ])('refuses %j with %j', (file, options, problem) => {
    expect(() => recordDecisions(file, options)).toThrow(ConfigurationError);
    expect(() => recordDecisions(file, options)).toThrow(problem);
  });
});
