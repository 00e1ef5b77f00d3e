// What is done for a call whose ids nobody is known to own.
import { describe, expect, it } from 'vitest';
import { lookupOf } from '../../src/affinity/lookup.ts';
import type { OwnedId } from '../../src/call/owned-id.ts';
import { manualClock } from '../../src/testing/index.ts';
import { aCall, anEndpoint } from '../support/parts.ts';

const clock = manualClock();
const poolOf = (...changes: Parameters<typeof anEndpoint>[1][]) => {
  const endpoints = changes.map((change, index) => anEndpoint(clock, { name: `e${index}`, ...change }));
  return {
    endpoints,
    named: (name: string) => endpoints.find((endpoint) => endpoint.name === name),
    sameAccount: () => false,
  };
};
const two = poolOf({}, {});
const file = (id: string): OwnedId => ({ id, readAt: `/files/${id}` });

type Wanted = Parameters<typeof aCall>[0] & { path: string };
const look = (wanted: Wanted, unknown?: readonly OwnedId[], pool = two) => {
  const call = aCall({ model: undefined, ...wanted });
  const found = lookupOf(call, unknown ?? call.operation.ids, pool);
  return found === 'ask' ? found : found.map(({ readAt }) => readAt);
};

describe('a call that only reads', () => {
  it.each(['/files/f', '/files/f/content', '/threads/t/runs/r', '/vector_stores/v/files'])(
    'GET %s asks itself',
    (path) => {
      expect(look({ method: 'get', path })).toBe('ask');
    },
  );

  it('does not when an id stands elsewhere than in its path', () => {
    expect(look({ method: 'get', path: '/evals/e/runs' }, [file('f')])).toEqual(['/files/f']);
  });
});

describe('a call that writes reads first', () => {
  it.each<[method: string, path: string, first: string[]]>([
    ['delete', '/files/f', ['/files/f']],
    ['post', '/batches/b/cancel', ['/batches/b']],
    ['post', '/threads/t/runs/r/cancel', ['/threads/t']],
    ['put', '/vector_stores/v', ['/vector_stores/v']],
    ['post', '/uploads/u/cancel', []],
  ])('%s %s', (method, path, first) => {
    expect(look({ method, path })).toEqual(first);
  });

  it('each id once, and eight at most: the others are neighbours', () => {
    const ids = Array.from({ length: 500 }, (_, index) => file(`f${index}`));
    expect(look({ path: '/vector_stores' }, [file('x'), file('x')])).toEqual(['/files/x']);
    expect(look({ path: '/vector_stores' }, ids)).toHaveLength(8);
  });

  it('what cannot be read is left out', () => {
    expect(look({ path: '/responses' }, [{ id: 'u', readAt: undefined }, file('f')])).toEqual(['/files/f']);
  });
});

describe('nothing is looked for', () => {
  it.each<[why: string, pool: ReturnType<typeof poolOf>, change: object]>([
    ['in a pool of one', poolOf({}), {}],
    ['where all but one are used for other things', poolOf({}, { operations: new Set(['chat']) }), {}],
    ['where all but one lack a tag', poolOf({ tags: ['eu'] }, {}), { tags: ['eu'] }],
    ['where nobody serves such calls', poolOf({ operations: new Set(['chat']) }), {}],
  ])('%s', (_, pool, change) => {
    expect(look({ method: 'get', path: '/files/f', ...change }, undefined, pool)).toEqual([]);
    expect(look({ method: 'delete', path: '/files/f', ...change }, undefined, pool)).toEqual([]);
  });

  it('where all but one are drained', () => {
    const pool = poolOf({}, {});
    pool.endpoints[0]!.drained = true;
    expect(look({ method: 'get', path: '/files/f' }, undefined, pool)).toEqual([]);
  });

  it('by the account’s administration', () => {
    expect(look({ method: 'get', path: '/fine_tuning/checkpoints/ft:x/permissions' })).toEqual([]);
  });
});
