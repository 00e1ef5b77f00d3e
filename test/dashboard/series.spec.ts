// What the charts draw and the tiles say, from the seconds of the admin API.
import { describe, expect, it } from 'vitest';
import type { UsageRow } from '../../src/gateway/dashboard/call-shapes.ts';
import { cell, usageTable } from '../../src/gateway/dashboard/csv.ts';
import {
  callLines,
  callsByEndpoint,
  figuresOf,
  firstTokenLines,
  gathered,
  KEPT,
  merge,
  OTHERS,
  SHARE_STEP,
  shareLines,
} from '../../src/gateway/dashboard/series.ts';
import type { Second } from '../../src/gateway/dashboard/shapes.ts';
import { dayLines, daysBetween, totals } from '../../src/gateway/dashboard/usage-sums.ts';

const none = { p50: null, p95: null };
const second = (t: number, calls: number, more: Partial<Second> = {}): Second => ({
  ...{ t, calls, failed: 0, callerErrors: 0, ttft: none, ms: none, byEndpoint: {} },
  ...more,
});

describe('seconds', () => {
  it('are merged by time: told again they are replaced, the oldest go', () => {
    const kept = [second(1, 1), second(2, 1)];
    expect(merge(kept, [second(2, 5), second(3, 2)]).map(({ t, calls }) => [t, calls])).toEqual([
      [1, 1],
      [2, 5],
      [3, 2],
    ]);
    const many = Array.from({ length: KEPT + 5 }, (_, t) => second(t, 1));
    expect(merge([], many).map(({ t }) => t)).toEqual(Array.from({ length: KEPT }, (_, t) => t + 5));
    expect(merge(kept, [])).toBe(kept);
  });

  it('without calls are zero in calls and a gap in times', () => {
    const seconds = [second(10, 4, { failed: 1, ttft: { p50: 20, p95: 40 } })];
    expect(callLines(seconds, 11, 3)).toEqual([
      [9, 10, 11],
      [0, 4, 0],
      [0, 1, 0],
    ]);
    expect(firstTokenLines(seconds, 11, 3)).toEqual([
      [9, 10, 11],
      [null, 20, null],
      [null, 40, null],
    ]);
  });
});

describe('shares', () => {
  const seconds = [second(11, 4, { byEndpoint: { a: 3, b: 1 } }), second(14, 4, { byEndpoint: { a: 1, b: 3 } })];

  it('are stacked, so that the last line is all', () => {
    expect(shareLines(seconds, ['a', 'b', 'c'], 16, 2 * SHARE_STEP)).toEqual([
      [10, 15],
      [null, 0.5],
      [null, 1],
      [null, 1],
    ]);
  });

  it('of more endpoints than there are colours are gathered, but for the busiest', () => {
    const names = Array.from({ length: 9 }, (_, index) => `e${index}`);
    const many = [second(1, 45, { byEndpoint: Object.fromEntries(names.map((name, index) => [name, index + 1])) })];
    const [told, shown] = gathered(many, names, callsByEndpoint(many, 1, 1));
    expect(shown).toEqual([...names.slice(2), OTHERS]);
    expect(told[0]?.byEndpoint).toEqual({ e2: 3, e3: 4, e4: 5, e5: 6, e6: 7, e7: 8, e8: 9, [OTHERS]: 3 });
    expect(gathered(many, names.slice(1), new Map())).toEqual([many, names.slice(1)]);
  });

  it('are of a span', () => {
    expect([...callsByEndpoint(seconds, 14, 3)]).toEqual([
      ['a', 1],
      ['b', 3],
    ]);
  });
});

describe('tiles', () => {
  it('tell of the span alone, busy seconds counting more', () => {
    const seconds = [
      second(1, 100, { failed: 100 }),
      second(10, 3, { callerErrors: 2, ttft: { p50: 900, p95: 900 } }),
      second(11, 8, { failed: 1, ttft: { p50: 100, p95: 300 } }),
    ];
    expect(figuresOf(seconds, 11, 3)).toEqual({
      perSecond: 11 / 3,
      success: 8 / 9,
      callerErrors: 2,
      p50: 100,
      p95: 300,
    });
  });

  it('have no success without calls', () => {
    expect(figuresOf([], 11, 3)).toEqual({ perSecond: 0, success: null, callerErrors: 0, p50: null, p95: null });
  });
});

describe('usage', () => {
  const row = (day: string, key: string, model: string, calls: number, cost: number): UsageRow => ({
    ...{
      day,
      key,
      model,
      calls,
      cost,
      failed: 1,
      callerErrors: 2,
      tokensIn: 10 * calls,
      tokensOut: calls,
      cachedIn: 0,
    },
  });
  const rows = [
    row('2030-01-01', 'a', 'm', 1, 0.5),
    row('2030-01-03', 'a', 'm', 2, 1),
    row('2030-01-03', 'b', 'm', 4, 0),
  ];

  it('has every day between two', () => {
    expect(daysBetween('2029-12-31', '2030-01-02')).toEqual(['2029-12-31', '2030-01-01', '2030-01-02']);
  });

  it('adds up by day, days without calls too', () => {
    const days = daysBetween('2030-01-01', '2030-01-03');
    expect(dayLines(rows, days, 'calls')[1]).toEqual([1, 0, 6]);
    expect(dayLines(rows, days, 'tokens')[1]).toEqual([11, 0, 66]);
  });

  it('adds up over days, what cost most first', () => {
    expect(totals(rows, ['key']).map((sum) => [sum.key, sum.calls, sum.cost, sum.failed, sum.callerErrors])).toEqual([
      ['a', 3, 1.5, 2, 4],
      ['b', 4, 0, 1, 2],
    ]);
  });

  it('is a table that no spreadsheet takes for formulas', () => {
    expect(['=1+1', '+x', '@a', 'a,b', 'say "x"', 'plain', 5, undefined].map(cell)).toEqual([
      "'=1+1",
      "'+x",
      "'@a",
      '"a,b"',
      '"say ""x"""',
      'plain',
      '5',
      '',
    ]);
    expect(usageTable(rows.slice(0, 1))).toBe(
      'day,key,model,calls,failed,callerErrors,tokensIn,tokensOut,cachedIn,cost\r\n2030-01-01,a,m,1,1,2,10,1,0,0.5\r\n',
    );
  });
});
