// Step 0 of a call: free, pinned, or at home.
import { beforeEach, describe, expect, it } from 'vitest';
import { Affinity } from '../../src/affinity/affinity.ts';
import { type RoutingPool, routeOf } from '../../src/affinity/route.ts';
import type { Endpoint } from '../../src/endpoint/endpoint.ts';
import { AffinityError } from '../../src/errors.ts';
import { manualClock } from '../../src/testing/index.ts';
import { aCall, anEndpoint } from '../support/parts.ts';

let endpoints: Endpoint[];
let pool: RoutingPool;
let affinity: Affinity;
const twins = (names: string) => (one: Endpoint, other: Endpoint) =>
  [one, other].every(({ name }) => names.includes(name));
beforeEach(() => {
  const clock = manualClock();
  endpoints = ['a', 'b', 'c'].map((name) => anEndpoint(clock, { name }));
  pool = { endpoints, named: (name) => endpoints.find((endpoint) => endpoint.name === name), sameAccount: () => false };
  affinity = new Affinity(clock);
  affinity.learn(['file-b'], 'b');
  affinity.learn(['file-c', 'vs-c'], 'c');
  affinity.learn(['file-gone'], 'gone');
});

type Wanted = Parameters<typeof aCall>[0];
const route = (wanted: Wanted, settings: { home?: string; spread?: boolean } = {}) => {
  const found = routeOf(aCall(wanted), pool, affinity, { home: 'a', spread: false, ...settings });
  return Object.fromEntries(
    Object.entries(found).map(([key, value]) => [
      key,
      Array.isArray(value) ? value.map(({ id }) => id).join() : (value as Endpoint).name,
    ]),
  );
};
const swap = (name: string, changes: Parameters<typeof anEndpoint>[1]) => {
  endpoints = endpoints.map((endpoint) =>
    endpoint.name === name ? anEndpoint(manualClock(), { name, ...changes }) : endpoint,
  );
  pool = { ...pool, endpoints, named: (each) => endpoints.find((endpoint) => endpoint.name === each) };
};

describe('a call', () => {
  it.each<[string, Wanted, Record<string, string>]>([
    ['without ids is free', {}, {}],
    ['for embeddings is free', { path: '/embeddings' }, {}],
    ['that makes a thread goes home first', { path: '/threads', model: undefined }, { prefer: 'a' }],
    ['that makes a conversation is free', { path: '/conversations', model: undefined }, {}],
    ['with an id goes to its owner', { path: '/responses', ownerIds: ['file-b'] }, { only: 'b' }],
    ['with two ids of one owner goes there', { ownerIds: ['file-c', 'vs-c'] }, { only: 'c' }],
    [
      'with a known and an unknown id goes to the owner',
      { ownerIds: ['file-x', 'file-c'] },
      { only: 'c', unknown: 'file-x' },
    ],
    ['with an unknown id goes home', { ownerIds: ['resp_x'] }, { only: 'a', unknown: 'resp_x', seek: 'resp_x' }],
    ['with two unknown ids seeks both', { ownerIds: ['x', 'y'] }, { only: 'a', unknown: 'x,y', seek: 'x,y' }],
    [
      'with a soft id goes to its owner',
      { ownerIds: [{ id: 'file-b', readAt: undefined, soft: true }] },
      { only: 'b' },
    ],
    [
      'with an unknown soft id is free, unless somebody else knows it',
      { ownerIds: [{ id: 'x', readAt: undefined, soft: true }] },
      { seek: 'x' },
    ],
    ['that makes a file goes home first', { path: '/files', model: undefined }, { prefer: 'a' }],
    ['that lists files stays at home', { path: '/files', method: 'get', model: undefined }, { only: 'a' }],
    [
      'with an id in its path goes to the owner',
      { path: '/files/file-b', method: 'get', ownerIds: ['file-b'] },
      { only: 'b' },
    ],
    ['with a pin goes there', { pin: 'c' }, { only: 'c' }],
    ['with a pin and an id of that endpoint goes there', { pin: 'c', ownerIds: ['file-c'] }, { only: 'c' }],
    ['with a pin and an unknown id goes to the pin', { pin: 'c', ownerIds: ['x'] }, { only: 'c', unknown: 'x' }],
    ['that makes a file on a pinned client goes to the pin', { path: '/files', pin: 'b' }, { only: 'b' }],
  ])('%s', (_, wanted, expected) => {
    expect(route(wanted)).toEqual(expected);
  });

  it('that makes an account object spreads where the user said so; lists still stay at home', () => {
    expect(route({ path: '/files' }, { spread: true })).toEqual({});
    expect(route({ path: '/files', method: 'get' }, { spread: true })).toEqual({ only: 'a' });
  });
});

describe('a soft id', () => {
  const soft = (...ids: string[]) => ids.map((id) => ({ id, readAt: undefined, soft: true }));
  const model = 'ft:gpt-4o:org::1';
  beforeEach(() => affinity.learn([model], 'b'));

  it('gives way to an id that binds', () => {
    expect(route({ ownerIds: [...soft('file-b'), { id: 'file-c', readAt: undefined }] })).toEqual({ only: 'c' });
  });

  it('is followed beside an id that nobody knows', () => {
    expect(route({ ownerIds: [{ id: 'x', readAt: undefined }, ...soft('file-b')] })).toEqual({
      only: 'b',
      unknown: 'x',
    });
  });

  it('of two owners the later one counts: it is the last turn’s', () => {
    expect(route({ ownerIds: soft('file-b', 'file-c', 'x') })).toEqual({ only: 'c' });
  });

  it('whose owner is gone, drained or not used for this binds nothing', () => {
    expect(route({ ownerIds: soft('file-gone') })).toEqual({});
    swap('b', { operations: new Set(['files']) });
    expect(route({ ownerIds: soft('file-b') })).toEqual({});
    endpoints[2]!.drained = true;
    expect(route({ ownerIds: soft('file-c') })).toEqual({});
  });

  it('that is the model is pinned to where it was made', () => {
    expect(route({ model, ownerIds: soft(model) })).toEqual({ only: 'b' });
  });

  it.each([
    ['models', { models: [model] }],
    ['models, by a pattern', { models: ['ft:gpt-4o:*'] }],
    ['modelMap', { modelMap: { [model]: 'my-deployment' } }],
  ])('that is the model is free when another endpoint names it in %s', (_, changes) => {
    swap('c', changes);
    expect(route({ model, ownerIds: soft(model) })).toEqual({});
  });

  it.each([
    ['everything', { models: ['*'] }],
    ['other models', { models: ['ft:other'] }],
    ['everything else, under one name', { modelMap: { '*': 'one' } }],
  ])('that is the model stays pinned when another endpoint serves %s', (_, changes) => {
    swap('c', changes);
    expect(route({ model, ownerIds: soft(model) })).toEqual({ only: 'b' });
  });
});

describe('home', () => {
  it('is what the user named', () => {
    expect(route({ path: '/files' }, { home: 'b' })).toEqual({ prefer: 'b' });
  });

  it.each([
    ['unknown', 'nowhere', undefined, 'a'],
    ['not used for this', 'a', { operations: new Set(['chat']) }, 'b'],
    ['without the model', 'a', { models: ['other'] }, 'b'],
  ])('%s: the first that serves the call', (_, home, changes, expected) => {
    if (changes) swap('a', changes);
    expect(route({ path: '/files' }, { home })).toEqual({ prefer: expected });
  });

  it('drained: the next', () => {
    endpoints[0]!.drained = true;
    expect(route({ path: '/files', method: 'get' })).toEqual({ only: 'b' });
  });

  it('nowhere: free, so that the refusals are told', () => {
    for (const endpoint of endpoints) endpoint.drained = true;
    expect(route({ path: '/files' })).toEqual({});
    expect(route({ ownerIds: ['x'] })).toEqual({});
  });
});

describe('an AffinityError', () => {
  const refused = (wanted: Wanted) => {
    try {
      route(wanted);
    } catch (error) {
      expect(error).toBeInstanceOf(AffinityError);
      return (error as Error).message;
    }
    return 'no error';
  };

  it('names both ids and owners when a call needs two endpoints', () => {
    expect(refused({ ownerIds: ['file-b', 'vs-c'] })).toBe(
      "The ids in this call belong to different endpoints: 'file-b' to 'b', 'vs-c' to 'c'. One call cannot use both: make all of them on one endpoint, with a client pinned to it.",
    );
  });

  it('says that the owner is gone', () => {
    expect(refused({ ownerIds: ['file-gone'] })).toBe(
      "The id 'file-gone' belongs to endpoint 'gone', which is not in the pool. Add it again under that name, or make what the id stands for anew on another endpoint ('a', 'b', 'c').",
    );
  });

  it('counts a drained owner as gone', () => {
    endpoints[1]!.drained = true;
    expect(refused({ ownerIds: ['file-b'] })).toBe(
      "The id 'file-b' belongs to endpoint 'b', which is drained. To go on, make what the id stands for anew on another endpoint ('a', 'c').",
    );
  });

  it('meets a pinned client with another endpoint’s id', () => {
    expect(refused({ pin: 'a', ownerIds: ['file-b'] })).toMatch(
      /^The id 'file-b' belongs to endpoint 'b', but the call is pinned to 'a'\./,
    );
  });

  it('meets a pin that is gone', () => {
    expect(refused({ pin: 'nowhere' })).toBe(
      "The endpoint 'nowhere' this call is pinned to is not in the pool. Pin it to one that takes calls ('a', 'b', 'c'), or make it without a pin.",
    );
    endpoints[2]!.drained = true;
    expect(refused({ pin: 'c' })).toMatch(
      /^The endpoint 'c' this call is pinned to is drained\. Pin it to one that takes calls \('a', 'b'\)/,
    );
  });
});

describe('keys of one account', () => {
  it('own each other’s ids: a call with both goes to the first owner, and a pin on one takes the other’s', () => {
    pool = { ...pool, sameAccount: twins('bc') };
    expect(route({ ownerIds: ['file-b', 'file-c'] })).toEqual({ only: 'b' });
    expect(route({ ownerIds: ['file-c', 'file-b'] })).toEqual({ only: 'c' });
    expect(route({ pin: 'b', ownerIds: ['file-c'] })).toEqual({ only: 'b' });
    expect(() => route({ pin: 'a', ownerIds: ['file-c'] })).toThrow(AffinityError);
  });

  it('a third account among them is a stranger', () => {
    pool = { ...pool, sameAccount: twins('bc') };
    affinity.learn(['file-a'], 'a');
    expect(() => route({ ownerIds: ['file-b', 'file-c', 'file-a'] })).toThrow(AffinityError);
    expect(() => route({ ownerIds: ['file-a', 'file-b', 'file-c'] })).toThrow(AffinityError);
  });

  it('one that is drained does not stand for the other', () => {
    pool = { ...pool, sameAccount: twins('bc') };
    endpoints[2]!.drained = true;
    expect(() => route({ ownerIds: ['file-b', 'file-c'] })).toThrow(AffinityError);
  });
});
