// What happened to a call, in one line.
import { describe, expect, it } from 'vitest';
import { describeAttempts, duration } from '../../src/call/describe.ts';
import { aReport } from '../support/parts.ts';

it.each<[number, string]>([
  [0, '0 ms'],
  [0.4, '0 ms'],
  [612.3, '612 ms'],
  [999, '999 ms'],
  [1_000, '1 s'],
  [8_400, '8 s'],
  [90_450, '90 s'],
  [119_000, '119 s'],
  [119_490, '119 s'],
  [120_000, '2 min'],
  [600_000, '10 min'],
])('%d ms are %s', (ms, text) => {
  expect(duration(ms)).toBe(text);
});

describe('describeAttempts', () => {
  it('tells a failover as the README shows it', () => {
    const attempts = [
      aReport({ endpoint: 'azure-eu', verdict: 'rate-limited', status: 429, ms: 31, retryAfterMs: 8_000 }),
      aReport({ endpoint: 'openai', ms: 612 }),
    ];
    expect(describeAttempts(attempts)).toBe('azure-eu 429 (retry in 8 s) → openai 200 in 612 ms');
    const hedged = [
      aReport({ verdict: 'abandoned', status: undefined, ms: 950 }),
      aReport({ endpoint: 'b', beside: 'hedge' }),
    ];
    expect(describeAttempts(hedged)).toBe('a abandoned in 950 ms → b 200 in 12 ms (hedge)');
  });

  it.each<[string, Parameters<typeof describeAttempts>[0], string]>([
    ['nothing', [], ''],
    ['a status that failed', [aReport({ verdict: 'server-error', status: 500 })], 'a 500 server error in 12 ms'],
    ...(['server-error', 'overloaded', 'timed-out'] as const).map(
      (verdict): [string, Parameters<typeof describeAttempts>[0], string] => [
        `a pause after ${verdict}`,
        [aReport({ verdict, status: 503, retryAfterMs: 2_000 })],
        'a 503 (retry in 2 s)',
      ],
    ),
    [
      'a refusal',
      [aReport({ verdict: 'credentials-refused', status: 401, retryAfterMs: 300_000 })],
      'a 401 (left out for 5 min)',
    ],
    ['a status that was no answer', [aReport({ verdict: 'bad-reply' })], 'a 200 bad reply in 12 ms'],
    ['no status', [aReport({ verdict: 'connection-lost', status: undefined, ms: 2_000 })], 'a connection lost in 2 s'],
    ['an attempt still running', [aReport({ verdict: 'pending', status: undefined })], 'a pending'],
    [
      'a cooldown without a status',
      [aReport({ verdict: 'credentials-refused', status: undefined, retryAfterMs: 60_000 })],
      'a credentials refused (left out for 60 s)',
    ],
  ])('tells %s', (_, attempts, line) => {
    expect(describeAttempts(attempts)).toBe(line);
  });
});
