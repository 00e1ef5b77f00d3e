// What `balancer.take` is given: the same shape for compilers and at run time, and what it answers to the rest.
import { describe, expect, expectTypeOf, it } from 'vitest';
import { unsteered } from '../../src/call/steering.ts';
import { resolveTake, type TakeInput, type TakeOptions } from '../../src/config/take-options.ts';
import { ConfigurationError } from '../../src/errors.ts';

const pool = [
  { name: 'a', tags: ['eu'] },
  { name: 'b', tags: [] },
];
const resolved = (options: unknown, outer = unsteered) => resolveTake(options as TakeOptions, outer, pool);

describe('take options', () => {
  it('are taken over, with the steering around them', () => {
    const { signal } = new AbortController();
    expect(resolved({})).toEqual({ operation: 'realtime', steering: { tags: [] } });
    expect(
      resolved({ model: 'm', id: 'i', operation: 'responses', maxWait: 0, signal, session: 's' }, { tags: ['eu'] }),
    ).toEqual({
      ...{ model: 'm', id: 'i', operation: 'responses', maxWait: 0, signal },
      steering: { tags: ['eu'], session: 's' },
    });
  });

  it.each<[unknown, string]>([
    [null, 'take: must be an object, got null'],
    [{ model: '' }, "take.model: must be a model's name, got an empty string"],
    [{ model: 5 }, "take.model: must be a model's name, got 5"],
    [{ id: '' }, 'take.id: must be an id, got an empty string'],
    [{ operation: 'chatt' }, 'did you mean chat?'],
    [{ operation: 7 }, "take.operation: must be an operation's name, got 7"],
    [{ maxWait: Number.NaN }, 'take.maxWait: must be a duration in ms of 0 or more, got NaN'],
    [{ signal: {} }, 'take.signal: must be an AbortSignal, got an object'],
    [{ hedge: false }, 'take.hedge: unknown option'],
    [{ timeout: 5 }, 'take.timeout: unknown option'],
    [{ tags: ['us'] }, 'take.tags: names a tag that no endpoint has; known are eu'],
    [{ endpoint: 'b', tags: ['eu'] }, "take.endpoint: 'b' does not have the tag 'eu'"],
  ])('%j', (options, message) => {
    expect(() => resolved(options)).toThrow(ConfigurationError);
    expect(() => resolved(options)).toThrow(message);
  });

  it('have the types that the schema has', () => {
    type Same = {
      [Key in keyof TakeOptions]-?: TakeInput[Key & keyof TakeInput] extends TakeOptions[Key] ? true : Key;
    };
    expectTypeOf<keyof TakeInput>().toEqualTypeOf<keyof TakeOptions>();
    expectTypeOf<Same[keyof Same]>().toEqualTypeOf<true>();
  });
});
