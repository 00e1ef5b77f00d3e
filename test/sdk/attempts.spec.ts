// Which call a thing came from: for `attemptsOf` and `explain`, across copies of the package, holding nothing alive.
import { describe, expect, it, vi } from 'vitest';
import { attemptsOf, explain, remember, type Told } from '../../src/sdk/attempts.ts';
import { aReport, collectGarbage } from '../support/parts.ts';

const told: Told = {
  reports: [aReport({ endpoint: 'a', verdict: 'server-error', status: 500 }), aReport({ endpoint: 'b' })],
};

describe('attemptsOf', () => {
  it.each([
    ['an object', {}],
    ['a list', []],
    ['a promise', Promise.resolve()],
    ['a response', new Response()],
    ['an error', new Error('x')],
    ['a function', () => undefined],
    ['something frozen', Object.freeze({})],
  ])('knows %s it was told of', (_, thing) => {
    remember(thing, told);
    expect(attemptsOf(thing)).toEqual(told.reports);
  });

  it.each([undefined, null, 'text', 7, true, Symbol('x'), 1n])(
    'has nothing on the primitive %s, told of or not',
    (thing) => {
      remember(thing, told);
      expect(attemptsOf(thing)).toEqual([]);
    },
  );

  it('has nothing on strangers, nor on copies', () => {
    const thing = { id: 1 };
    remember(thing, told);
    expect([attemptsOf({}), attemptsOf({ ...thing })]).toEqual([[], []]);
  });

  it('hands out copies: nobody can change the story', () => {
    const thing = {};
    remember(thing, told);
    attemptsOf(thing)[0]!.status = 200;
    attemptsOf(thing).pop();
    expect(attemptsOf(thing)).toEqual(told.reports);
  });

  it('follows the story: what happens later is told as well', () => {
    const [thing, story] = [{}, { reports: [aReport({ verdict: 'pending' })] }];
    remember(thing, story);
    story.reports[0] = aReport({ verdict: 'ok' });
    expect(attemptsOf(thing)[0]!.verdict).toBe('ok');
  });

  it('knows what the other copy of the package was told of', async () => {
    vi.resetModules();
    const other = await import('../../src/sdk/attempts.ts');
    const thing = {};
    other.remember(thing, told);
    expect(other.attemptsOf).not.toBe(attemptsOf);
    expect(attemptsOf(thing)).toEqual(told.reports);
  });

  it('keeps neither the thing nor its story alive', async () => {
    const weak: WeakRef<object>[] = [];
    (() => {
      const [thing, story] = [{}, { reports: [aReport()] }];
      remember(thing, story);
      weak.push(new WeakRef(thing), new WeakRef(story));
    })();
    await collectGarbage();
    expect(weak.map((each) => each.deref())).toEqual([undefined, undefined]);
  });
});

it('explain tells it in one line, and nothing for strangers', () => {
  const thing = {};
  remember(thing, told);
  expect([explain(thing), explain({}), explain(undefined)]).toEqual([
    'a 500 server error in 12 ms → b 200 in 12 ms',
    '',
    '',
  ]);
});
