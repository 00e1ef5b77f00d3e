// What processes tell each other survives the way there and back; what nobody of us would tell is left out.
import { describe, expect, it } from 'vitest';
import { keep, kept } from '../../src/pool/kept-facts.ts';
import { type Fact, factOf, MOST_FACTS, read, written } from '../../src/pool/sync-message.ts';

const place = { endpoint: 'openai', address: 'https://api.openai.com/v1', account: '' };
const FACTS: readonly Fact[] = [
  { ...place, is: 'cooldown', scope: 'model', key: 'gpt-5', ms: 8_000, reason: '429', pause: true, inRow: 0 },
  { ...place, is: 'cooldown', scope: 'endpoint', key: '', ms: 1_000, reason: 'out of credit', pause: false, inRow: 3 },
  { ...place, is: 'disproved', model: 'gpt-5', operation: 'post /chat/completions', age: 12.5 },
  { ...place, is: 'ejected', model: undefined, ms: 5_000, failingFor: 20, sure: true },
  { ...place, is: 'ejected', model: 'gpt-5', ms: 5_000, failingFor: 20, sure: false },
  { ...place, is: 'restored', model: undefined },
  { ...place, account: '0a1b2c3d', is: 'load', running: 7 },
];

it('arrives as it was told', () => {
  expect(read(written({ from: 'me', facts: FACTS }))).toEqual({ from: 'me', facts: FACTS });
});

describe('a message that is', () => {
  const rest = { v: 1, from: 'x', facts: [FACTS[6]] };
  it.each<[string, string]>([
    ['empty', ''],
    ['no JSON', '{'],
    ['a number', '7'],
    ['null', 'null'],
    ['a list', '[1]'],
    ['without a version', JSON.stringify({ ...rest, v: undefined })],
    ['of a version that is a text', JSON.stringify({ ...rest, v: '1' })],
    ['from nobody', JSON.stringify({ ...rest, from: undefined })],
    ['from an object', JSON.stringify({ ...rest, from: {} })],
    ['from an endless name', JSON.stringify({ ...rest, from: 'x'.repeat(1_000) })],
    ['without facts', JSON.stringify({ ...rest, facts: undefined })],
    ['of facts that are no list', JSON.stringify({ ...rest, facts: { 0: FACTS[6] } })],
  ])('%s is none', (_, text) => expect(read(text)).toBeUndefined());

  it('of another version is said to be so', () => {
    for (const [v, said] of [
      [2, "'2'"],
      [0, "'0'"],
      [1.5, "'1.5'"],
    ])
      expect(read(JSON.stringify({ ...rest, v }))).toEqual({ version: said });
  });

  it('longer than any of us would send is read up to that', () => {
    const facts = Array.from({ length: 5_000 }, () => FACTS[6] as Fact);
    expect(read(written({ from: 'x', facts }))).toMatchObject({ facts: { length: MOST_FACTS } });
  });
});

describe('a fact', () => {
  it.each(FACTS)('$is lacks nothing and holds nothing else', (fact) => {
    expect(factOf({ ...fact, more: 'x', __proto__: { ms: 1 } })).toEqual(fact);
    for (const name of Object.keys(fact))
      if (name !== 'account' && !(name === 'model' && fact.is !== 'disproved')) {
        const { [name as keyof Fact]: _, ...lacking } = fact;
        expect(factOf(lacking), name).toBeUndefined();
      }
  });

  it.each<[string, object]>([
    ['no kind', { ...FACTS[0], is: 'drained' }],
    ['a kind of every object', { ...FACTS[0], is: 'constructor' }],
    ['a scope of its own', { ...FACTS[0], scope: 'figures' }],
    ['no name', { ...FACTS[0], endpoint: '' }],
    ['a name that is a list', { ...FACTS[0], endpoint: ['openai'] }],
    ['an endless reason', { ...FACTS[0], reason: 'x'.repeat(513) }],
    ['a time below 0', { ...FACTS[0], ms: -1 }],
    ['a time as text', { ...FACTS[0], ms: '8000' }],
    ['no number', { ...FACTS[2], age: Number.NaN }],
    ['an endless time', { ...FACTS[2], age: Number.POSITIVE_INFINITY }],
    ['a flag as number', { ...FACTS[3], sure: 1 }],
    ['a key in place of an account', { ...FACTS[6], account: 'sk-1234' }],
    ['half a call', { ...FACTS[6], running: 0.5 }],
    ['a million million calls', { ...FACTS[6], running: 1e12 }],
  ])('with %s is none', (_, fact) => expect(factOf(fact)).toBeUndefined());

  it('imposes no pause of more than ten minutes', () => {
    expect(factOf({ ...FACTS[0], ms: 1e15 })).toMatchObject({ ms: 600_000 });
  });
});

describe('what is kept', () => {
  const facts = FACTS.filter((fact) => fact.is === 'cooldown' || fact.is === 'ejected');
  const { address } = place;

  it('is read again with what is left of it', () => {
    const text = keep({ address, facts }, 1_000_000);
    const left = facts
      .filter(({ ms }) => ms > 1_500)
      .map((fact) => ({
        ...fact,
        ms: fact.ms - 1_500,
        // Nobody succeeded there meanwhile.
        ...(fact.is === 'ejected' && { failingFor: fact.failingFor + 1_500 }),
      }));
    // Those that last longest come first, and those that are over not at all.
    expect(kept(text, 'openai', 1_001_500)).toEqual({ address, facts: expect.arrayContaining(left) });
    expect(kept(text, 'openai', 1_001_500)).toMatchObject({ facts: { length: left.length } });
    expect(kept(text, 'openai', 1_010_000)).toEqual({ address, facts: [] });
  });

  it('is about the endpoint that was asked for, whatever it says, and of a bounded number of facts', () => {
    const many = Array.from(
      { length: 500 },
      (_, i) => ({ ...FACTS[0], key: `m-${i}`, ms: i + 1 }) as (typeof facts)[0],
    );
    const text = keep({ address, facts: many }, 0);
    expect(text.length).toBeLessThan(10_000);
    const found = kept(text, 'azure', 0);
    expect(found).toMatchObject({ facts: { length: 40 } });
    expect(found).toMatchObject({
      facts: expect.arrayContaining([expect.objectContaining({ endpoint: 'azure', ms: 500 })]),
    });
  });

  it('is never longer than what is read, however long the names are that callers make up', () => {
    const long = Array.from(
      { length: 40 },
      (_, i) => ({ ...FACTS[0], key: `${i} ${'"'.repeat(500)}`, ms: i + 1 }) as (typeof facts)[0],
    );
    const text = keep({ address, facts: long }, 0);
    expect(text.length).toBeLessThan(20_000);
    expect(kept(text, 'openai', 0)).toMatchObject({
      facts: expect.arrayContaining([expect.objectContaining({ ms: 40 })]),
    });
  });

  it.each<[string, string]>([
    ['rubbish', 'nobody'],
    ['an id', '"openai"'],
    ['without an address', JSON.stringify({ v: 1, facts: [] })],
    ['without facts', JSON.stringify({ v: 1, address })],
  ])('as %s is nothing', (_, text) => expect(kept(text, 'openai', 0)).toBeUndefined());

  it('by another release is said to be so', () => {
    expect(kept(JSON.stringify({ v: 2, address }), 'openai', 0)).toEqual({ version: "'2'" });
  });

  it('holds facts that are none, or of a time that is none, is without them', () => {
    const odd = [
      null,
      7,
      'x',
      { ...FACTS[6], until: 5 },
      { ...facts[0], until: 'soon' },
      { ...facts[0], until: 1e300 },
    ];
    expect(kept(JSON.stringify({ v: 1, address, facts: odd }), 'openai', 0)).toMatchObject({
      facts: [{ ms: 600_000 }],
    });
  });
});
