// What a `classify` hook may say, and what becomes of it when it says something else.
import { describe, expect, it, vi } from 'vitest';
import type { Outcome } from '../../src/call/outcome.ts';
import { withOwnWord } from '../../src/dispatch/own-word.ts';
import { verdict } from '../../src/dispatch/verdicts.ts';
import { dispatchBench } from '../support/dispatch-bench.ts';
import { apiError } from '../support/parts.ts';

const FAILED: Outcome = { is: 'error', error: apiError(400), phase: 'head', sent: 'maybe' };
const SERVED: Outcome = { is: 'reply', status: 200, headers: new Headers() };
const OURS = verdict('caller-error');

function over(said: unknown, ours = OURS, outcome: Outcome = FAILED) {
  const complaints: string[] = [];
  const result = withOwnWord(ours, said, outcome, ({ message }) => complaints.push(message));
  return { result, complaints };
}

describe('a partial verdict', () => {
  const cooldown = { ms: 5_000, scope: 'model', reason: 'busy', pause: true } as const;

  it.each([
    [{ next: 'another' }],
    [{ health: 'failure', scope: 'endpoint' }],
    [{ cooldown }],
    [{ cooldown: { ...cooldown, ms: undefined, grows: { first: 1, longest: 2 } } }],
    [{ again: false, maybeExecuted: true, ownPause: 0 }],
    [{ reason: 'context-length' }],
  ])('%o is laid over ours', (said) => {
    expect(over(said)).toEqual({ result: { ...OURS, ...said }, complaints: [] });
  });

  it('undefined, and fields that are, leave ours as it is', () => {
    expect(over(undefined)).toEqual({ result: OURS, complaints: [] });
    expect(over({ next: undefined, health: undefined })).toEqual({ result: OURS, complaints: [] });
  });

  it('a name brings its row along; what else is said still counts, and what may have happened stays true', () => {
    expect(over({ name: 'overloaded' }).result).toEqual(verdict('overloaded'));
    expect(over({ name: 'overloaded', health: 'neutral' }).result).toEqual(
      verdict('overloaded', { health: 'neutral' }),
    );
    const ours = verdict('server-error', { again: false });
    expect(over({ name: 'overloaded' }, ours).result).toMatchObject({ maybeExecuted: true, again: false });
    expect(over({ name: 'overloaded', maybeExecuted: false }, ours).result).toMatchObject({ maybeExecuted: false });
  });

  it('an error cannot be returned, nor a good reply taken back', () => {
    expect(over({ name: 'ok' }).result).toMatchObject({ name: 'ok', health: 'success', next: 'throw' });
    expect(over({ next: 'another', health: 'failure' }, verdict('ok'), SERVED).result).toMatchObject({
      next: 'return',
      health: 'failure',
    });
  });
});

describe('anything else is left out, and said', () => {
  it.each<[unknown, string]>([
    [{ next: 'retry' }, "next must be 'throw', 'another', 'same'; it was left out"],
    [{ next: 'return' }, "next must be 'throw', 'another', 'same'; it was left out"],
    [{ health: true }, "health must be 'success', 'failure', 'neutral'; it was left out"],
    [{ name: 'toString' }, 'name must be a name of the table of verdicts; it was left out'],
    [{ again: 'no' }, 'again must be true or false; it was left out'],
    [{ cooldown: 5_000 }, 'cooldown must be { ms, scope: '],
    [{ cooldown: { ms: -1, scope: 'model', reason: 'x', pause: true } }, 'cooldown must be { ms, scope: '],
    [{ cooldown: { ms: 1, scope: 'figures', reason: 'x', pause: true } }, 'cooldown must be { ms, scope: '],
    [{ reason: 'busy' }, "reason must be 'content-filter', "],
    [{ retry: true }, 'retry is no part of a verdict; it was left out'],
    [{ constructor: 1 }, 'constructor is no part of a verdict; it was left out'],
    ['another', 'it returned a string'],
    [true, 'it returned a boolean'],
    [null, 'it returned null'],
  ])('%o', (said, complaint) => {
    expect(over(said)).toEqual({ result: OURS, complaints: [expect.stringContaining(complaint)] });
  });

  it('a promise, even one that rejects', async () => {
    const { result, complaints } = over(Promise.reject(new Error('mine')));
    expect([result, complaints]).toEqual([OURS, ['it returned a promise; it must answer at once']]);
  });

  it('beside what is right', () => {
    const { result, complaints } = over({ next: 'another', health: 'bad' });
    expect([result, complaints.length]).toEqual([{ ...OURS, next: 'another' }, 1]);
  });

  it('in the log, once a minute; a hook that throws as well', async () => {
    for (const [classify, words] of [
      [() => ({ next: 'elsewhere' }) as never, /warn: .*classify: next must be/],
      [vi.fn(() => expect.fail('mine') as never), /warn: .*classify: mine/],
    ] as const) {
      const bench = dispatchBench({ a: [apiError(500)], b: ['ok'] }, { settings: { classify } });
      for (let call = 0; call < 4; call++) expect(await bench.call().outcome).toMatchObject({ served: 'b' });
      const lines = bench.lines.filter((line) => line.includes('classify'));
      expect(lines).toEqual([expect.stringMatching(words)]);
    }
  });
});
