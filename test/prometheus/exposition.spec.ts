// The text formats, read back by a reader that takes nothing but what the formats allow.
import { describe, expect, it } from 'vitest';
import { formatFor, textOf } from '../../src/prometheus/exposition.ts';
import { type Filled, merged } from '../../src/prometheus/family.ts';
import { Names } from '../../src/prometheus/names.ts';
import { Histogram, Tally } from '../../src/prometheus/tally.ts';
import { readMetrics } from '../support/exposition.ts';

const seconds = { name: 'wait_seconds', kind: 'histogram', help: 'Waits.', unit: 'seconds' } as const;
const counter = { name: 'things_total', kind: 'counter', help: 'Things,\nby "kind" and \\.' } as const;

describe('a page', () => {
  it('is text 0.0.4, letter by letter', () => {
    const tally = new Tally(['kind']);
    tally.add('a"b\\c');
    tally.add('d', 2.5);
    const waits = new Histogram([0.5, 2]);
    for (const value of [0.5, 0.1, 3]) waits.add(value);
    const page: Filled[] = [
      { family: counter, rows: tally.rows },
      { family: seconds, rows: waits.rows },
    ];
    expect(textOf(page)).toBe(
      [
        '# HELP load_balanced_openai_things_total Things,\\nby "kind" and \\\\.',
        '# TYPE load_balanced_openai_things_total counter',
        'load_balanced_openai_things_total{kind="a\\"b\\\\c"} 1',
        'load_balanced_openai_things_total{kind="d"} 2.5',
        '# HELP load_balanced_openai_wait_seconds Waits.',
        '# TYPE load_balanced_openai_wait_seconds histogram',
        'load_balanced_openai_wait_seconds_bucket{le="0.5"} 2',
        'load_balanced_openai_wait_seconds_bucket{le="2"} 2',
        'load_balanced_openai_wait_seconds_bucket{le="+Inf"} 3',
        'load_balanced_openai_wait_seconds_sum 3.6',
        'load_balanced_openai_wait_seconds_count 3',
        '',
      ].join('\n'),
    );
    expect(textOf(page, 'openmetrics')).toBe(
      [
        '# HELP load_balanced_openai_things Things,\\nby \\"kind\\" and \\\\.',
        '# TYPE load_balanced_openai_things counter',
        'load_balanced_openai_things_total{kind="a\\"b\\\\c"} 1',
        'load_balanced_openai_things_total{kind="d"} 2.5',
        '# HELP load_balanced_openai_wait_seconds Waits.',
        '# TYPE load_balanced_openai_wait_seconds histogram',
        '# UNIT load_balanced_openai_wait_seconds seconds',
        'load_balanced_openai_wait_seconds_bucket{le="0.5"} 2',
        'load_balanced_openai_wait_seconds_bucket{le="2.0"} 2',
        'load_balanced_openai_wait_seconds_bucket{le="+Inf"} 3',
        'load_balanced_openai_wait_seconds_sum 3.6',
        'load_balanced_openai_wait_seconds_count 3',
        '# EOF',
        '',
      ].join('\n'),
    );
  });

  it.each(['prometheus', 'openmetrics'] as const)('comes back whole from %s, whatever stands in labels', (format) => {
    const odd = ['', '"', '\\', '\\n', 'ü {} , = "', '{le="1"} 5', '日本'];
    const names = new Names(100);
    const tally = new Tally(['endpoint', 'kind']);
    for (const value of odd) tally.add(`${names.of(value)}\n${names.of(`${value}\n${value}`)}`);
    const found = readMetrics(textOf([{ family: counter, rows: tally.rows }], format));
    expect([...found.keys()]).toEqual(['load_balanced_openai_things_total']);
    expect(found.get('load_balanced_openai_things_total')?.samples.map(({ labels }) => labels)).toEqual(
      odd.map((value) => ({ endpoint: value, kind: `${value} ${value}` })),
    );
  });

  it.each([
    [undefined, 'prometheus'],
    ['text/plain;version=0.0.4', 'prometheus'],
    ['application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75', 'openmetrics'],
  ])('%s asks for %s', (accept, format) => expect(formatFor(accept)).toBe(format));
});

describe('what is bounded', () => {
  it('series of a counter: the rest is `other`, and the sum is right', () => {
    const tally = new Tally(['a', 'b']);
    for (let index = 0; index < 10_000; index++) tally.add(`${index}\nx`);
    expect(tally.rows).toHaveLength(2_001);
    expect(tally.rows.at(-1)).toEqual({ labels: { a: 'other', b: 'other' }, value: 8_000 });
    expect(tally.total).toBe(10_000);
  });

  it('series of a histogram', () => {
    const histogram = new Histogram([1], ['a']);
    for (let index = 0; index < 1_000; index++) histogram.add(index, `${index}`);
    const counts = histogram.rows.filter(({ suffix }) => suffix === '_count');
    expect(counts).toHaveLength(201);
    expect(counts.at(-1)).toMatchObject({ labels: { a: 'other' }, value: 800 });
  });

  it('names: the first so many, or those of a list; long ones are cut', () => {
    const few = new Names(2);
    expect(['a', 'b', 'c', 'a'].map((name) => few.of(name))).toEqual(['a', 'b', 'other', 'a']);
    expect([few.known('b'), few.known('c')]).toEqual(['b', 'other']);
    const listed = new Names(['x']);
    expect([listed.of('x'), listed.of('y')]).toEqual(['x', 'other']);
    expect(new Names(1).of('y'.repeat(1_000))).toHaveLength(100);
  });

  it('rows that share labels are one', () => {
    const rows = [1, 5, 3].map((value) => ({ labels: { endpoint: 'other' }, value }));
    const by = (merge: 'sum' | 'min' | 'max') => merged({ ...counter, merge }, rows)[0]?.value;
    expect([by('sum'), by('min'), by('max')]).toEqual([9, 1, 5]);
  });
});
