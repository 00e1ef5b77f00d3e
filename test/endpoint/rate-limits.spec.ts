// What headers say about waiting, absurd values included (fault rows 29 to 33).
import { describe, expect, it } from 'vitest';
import { exhaustedReset, LONGEST_HINT, parseGoDuration, retryHint, usedUp } from '../../src/endpoint/rate-limits.ts';
import { fc, runs } from '../support/property.ts';

const NOW = Date.parse('2026-01-01T00:00:00Z');
const http = (ms: number) => new Date(NOW + ms).toUTCString();
const hint = (headers: Record<string, string>) => retryHint(new Headers(headers), NOW);

describe('parseGoDuration', () => {
  it.each<[string, number | undefined]>([
    ['6m0s', 360_000],
    ['120ms', 120],
    ['1.5s', 1_500],
    ['1h2m3.5s', 3_723_500],
    ['0s', 0],
    ['2m59.56s', 179_560],
    ['', undefined],
    ['6', undefined],
    ['6m0', undefined],
    ['-6s', undefined],
    ['6 s', undefined],
    ['6d', undefined],
    ['.5s', undefined],
    ['1e3s', undefined],
    ['s', undefined],
    ['6m0s\n', undefined],
  ])('%j is %s ms', (text, ms) => {
    expect(parseGoDuration(text)).toBe(ms);
  });

  it('reads what it is given in parts', () => {
    const part = fc.nat(999);
    fc.assert(
      fc.property(part, part, part, part, (h, m, s, ms) => {
        expect(parseGoDuration(`${h}h${m}m${s}s${ms}ms`)).toBe(h * 3_600_000 + m * 60_000 + s * 1_000 + ms);
      }),
    );
  });

  it('takes no time over long nonsense', () => {
    const start = performance.now();
    expect(parseGoDuration(`${'1m'.repeat(20_000)}x`)).toBeUndefined();
    expect(parseGoDuration(`${'1'.repeat(50_000)}x`)).toBeUndefined();
    expect(performance.now() - start).toBeLessThan(500);
  });
});

describe('retryHint', () => {
  it.each<[string, Record<string, string>, number | undefined]>([
    ['no header', {}, undefined],
    ['milliseconds', { 'retry-after-ms': '1500' }, 1_500],
    ['fractions of milliseconds', { 'retry-after-ms': '0.5' }, 0.5],
    ['seconds', { 'retry-after': '8' }, 8_000],
    ['fractions of seconds', { 'retry-after': '0.25' }, 250],
    ['blanks around', { 'retry-after': ' 8 ' }, 8_000],
    ['zero: at once', { 'retry-after': '0' }, 0],
    ['zero milliseconds', { 'retry-after-ms': '0', 'retry-after': '30' }, 0],
    ['both: milliseconds win', { 'retry-after-ms': '100', 'retry-after': '30' }, 100],
    ['both, milliseconds being nonsense', { 'retry-after-ms': 'soon', 'retry-after': '30' }, 30_000],
    ['both, milliseconds negative', { 'retry-after-ms': '-1', 'retry-after': '30' }, 30_000],
    ['negative', { 'retry-after': '-1' }, undefined],
    ['empty', { 'retry-after': '' }, undefined],
    ['NaN', { 'retry-after': 'NaN' }, undefined],
    ['Infinity', { 'retry-after': 'Infinity' }, undefined],
    ['an exponent', { 'retry-after': '1e3' }, undefined],
    ['hexadecimal', { 'retry-after': '0x10' }, undefined],
    ['a comma', { 'retry-after': '1,5' }, undefined],
    ['two values', { 'retry-after': '1, 2' }, undefined],
    ['words', { 'retry-after': 'tomorrow' }, undefined],
    ['words with a number', { 'retry-after': 'in 60 seconds' }, undefined],
    ['words with a number that looks like a year', { 'retry-after': 'about 3600' }, undefined],
    ['ten years', { 'retry-after': '315360000' }, LONGEST_HINT],
    ['ten years in ms', { 'retry-after-ms': '315360000000' }, LONGEST_HINT],
    ['more digits than a number has', { 'retry-after': '9'.repeat(400) }, LONGEST_HINT],
    ['exactly the longest', { 'retry-after': '600' }, 600_000],
    ['a date', { 'retry-after': http(30_000) }, 30_000],
    ['a date in the past', { 'retry-after': http(-1_000) }, undefined],
    ['this very moment', { 'retry-after': http(0) }, undefined],
    ['a date in 2036', { 'retry-after': 'Tue, 01 Jan 2036 00:00:00 GMT' }, LONGEST_HINT],
    ['a date by the server’s clock', { 'retry-after': http(90_000), date: http(60_000) }, 30_000],
    ['a date past by the server’s clock', { 'retry-after': http(90_000), date: http(120_000) }, undefined],
    ['a date beside a server date that is none', { 'retry-after': http(5_000), date: 'yesterday' }, 5_000],
    ['an impossible date', { 'retry-after': 'Tue, 99 Jan 2036 00:00:00 GMT' }, undefined],
    ['another date with a time of day', { 'retry-after': '2026-01-01T00:00:30Z' }, 30_000],
    ['a date without a time of day', { 'retry-after': '2030-01-01' }, undefined],
  ])('%s', (_, headers, ms) => {
    expect(hint(headers)).toBe(ms);
  });

  it('is within 0 and ten minutes, or nothing, for any text', () => {
    const value = fc.oneof(
      fc.string().filter((text) => /^[\x20-\x7e]*$/.test(text)),
      fc.double().map(String),
      fc.integer().map(String),
      fc.date({ noInvalidDate: true }).map((date) => date.toUTCString()),
    );
    fc.assert(
      fc.property(value, value, value, (first, second, date) => {
        const ms = hint({ 'retry-after-ms': first, 'retry-after': second, date });
        if (ms === undefined) return;
        expect(ms).toBeGreaterThanOrEqual(0);
        expect(ms).toBeLessThanOrEqual(LONGEST_HINT);
      }),
      runs(300),
    );
  });
});

const window = (name: string, remaining: string, reset?: string, limit?: string) => ({
  [`x-ratelimit-remaining-${name}`]: remaining,
  ...(reset === undefined ? {} : { [`x-ratelimit-reset-${name}`]: reset }),
  ...(limit === undefined ? {} : { [`x-ratelimit-limit-${name}`]: limit }),
});

describe('exhaustedReset', () => {
  it.each<[string, Record<string, string>, number | undefined]>([
    ['nothing said', {}, undefined],
    ['requests used up', window('requests', '0', '20s'), 20_000],
    ['tokens used up', window('tokens', '0', '6m0s'), 360_000],
    ['both: the longer', { ...window('requests', '0', '1s'), ...window('tokens', '0', '2m') }, 120_000],
    ['both, the other order', { ...window('requests', '0', '3m'), ...window('tokens', '0', '2s') }, 180_000],
    ['only the one that is used up', { ...window('requests', '5', '10m'), ...window('tokens', '0', '2s') }, 2_000],
    ['none used up', { ...window('requests', '5', '10m'), ...window('tokens', '1', '2s') }, undefined],
    ['seconds without a unit', window('requests', '0', '12'), 12_000],
    ['fractions', window('requests', '0', '7.66s'), 7_660],
    ['0 in other words', window('requests', '0.0', '1s'), 1_000],
    ['no reset', window('requests', '0'), undefined],
    ['a reset of zero', window('requests', '0', '0s'), undefined],
    ['a negative reset', window('requests', '0', '-5s'), undefined],
    ['a reset of nonsense', window('requests', '0', 'soon'), undefined],
    ['an empty reset', window('requests', '0', ''), undefined],
    ['a date', window('requests', '0', http(1_000)), undefined],
    ['a year', window('requests', '0', '8760h'), LONGEST_HINT],
    ['remaining negative', window('requests', '-1', '5s'), undefined],
    ['remaining nonsense', window('requests', 'none', '5s'), undefined],
  ])('%s', (_, headers, ms) => {
    expect(exhaustedReset(new Headers(headers))).toBe(ms);
  });
});

describe('usedUp', () => {
  it.each<[string, Record<string, string>, number | undefined]>([
    ['nothing said', {}, undefined],
    ['room left', window('requests', '5', '12ms', '60'), 0],
    ['all of it left', window('requests', '60', '0s', '60'), 0],
    ['used up', window('requests', '0', '8s', '60'), 8_000],
    ['tokens used up', window('tokens', '0', '1m', '1000'), 60_000],
    ['both: the longer', { ...window('requests', '0', '8s', '60'), ...window('tokens', '0', '20s', '1000') }, 20_000],
    ['for longer than a minute', window('requests', '0', '6m0s', '60'), 60_000],
    [
      'one used up, one not',
      { ...window('requests', '0', '8s', '60'), ...window('tokens', '5', '20s', '1000') },
      8_000,
    ],
    ['no limit', window('requests', '0', '8s'), undefined],
    ['a limit of 0', window('requests', '0', '8s', '0'), undefined],
    ['a negative limit', window('requests', '0', '8s', '-1'), undefined],
    ['more left than the limit', window('requests', '70', '8s', '60'), undefined],
    ['a negative rest', window('requests', '-1', '8s', '60'), undefined],
    ['used up without a reset', window('requests', '0', undefined, '60'), undefined],
    ['used up, the reset being nonsense', window('requests', '0', 'soon', '60'), undefined],
    ['used up, the reset being 0', window('requests', '0', '0s', '60'), undefined],
    [
      'room in one window, nonsense in the other',
      { ...window('requests', '5', '8s', '60'), ...window('tokens', '0', '30s') },
      0,
    ],
    [
      'room in one window, a limit of 0 in the other',
      { ...window('requests', '5', '8s', '60'), ...window('tokens', '0', '30s', '0') },
      0,
    ],
  ])('%s', (_, headers, ms) => {
    expect(usedUp(new Headers(headers))).toBe(ms);
  });
});
