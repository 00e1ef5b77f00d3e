// What `balancer.with` and `balancer.run` take, and what they answer to the rest.
import { describe, expect, expectTypeOf, it } from 'vitest';
import { unsteered } from '../../src/call/steering.ts';
import {
  resolveSteering,
  type SteeringInput,
  type SteeringOptions,
  shownNames,
} from '../../src/config/steering-options.ts';
import { ConfigurationError } from '../../src/errors.ts';

const pool = [
  { name: 'a', tags: ['eu', 'gpu'] },
  { name: 'b', tags: ['us'] },
  { name: 'c', tags: [] },
];
const steer = (options: unknown, outer = unsteered) => resolveSteering(options as SteeringOptions, outer, 'with', pool);
const refused = (options: unknown, endpoints = pool) => {
  try {
    resolveSteering(options as SteeringOptions, unsteered, 'run', endpoints);
  } catch (error) {
    if (error instanceof ConfigurationError) return [error.code, error.message];
    throw error;
  }
  return undefined;
};

describe('steering', () => {
  it('is taken over, its tags in order', () => {
    expect(steer({ endpoint: 'a', tags: ['gpu', 'eu'], session: 's', importance: 'high' })).toEqual({
      ...{ endpoint: 'a', tags: ['eu', 'gpu'], session: 's', importance: 'high' },
    });
    expect(steer({})).toEqual({ tags: [] });
    expect(steer({ hedge: false })).toEqual({ tags: [], hedge: false });
    expect(steer({ hedge: { budget: 0.2 } }).hedge).toEqual({ budget: 0.2, quantile: 0.95, minDelay: 50 });
  });

  it('is laid over what counts already', () => {
    expect(steer({ tags: ['gpu'], session: undefined }, { tags: ['eu'], session: 's' })).toEqual({
      ...{ tags: ['eu', 'gpu'], session: 's' },
    });
  });

  it.each<[unknown, string, string]>([
    [undefined, 'invalid_value', 'run: must be an object, got undefined'],
    [{ endpoint: 7 }, 'invalid_value', "run.endpoint: must be an endpoint's name, got 7"],
    [{ endpoint: '' }, 'invalid_value', "run.endpoint: must be an endpoint's name, got an empty string"],
    [{ tags: 'eu' }, 'invalid_value', 'run.tags: must be an array of labels, got a string'],
    [{ tags: [''] }, 'invalid_value', 'run.tags[0]: must be a label, got an empty string'],
    [{ session: '' }, 'invalid_value', "run.session: must be a session's id, got an empty string"],
    [
      { importance: 'hihg' },
      'invalid_value',
      "run.importance: must be an importance: 'low', 'normal', 'high'; got a string; did you mean high?",
    ],
    [{ hedge: true }, 'invalid_value', 'run.hedge: must be an object or false, got true'],
    [{ hedge: { budget: 2 } }, 'invalid_value', 'run.hedge.budget: must be a number from 0 to 1, got 2'],
    [{ tag: ['eu'] }, 'unknown_option', 'run.tag: unknown option; did you mean tags?'],
    [{ tags: ['moon'] }, 'unknown_tag', 'run.tags: names a tag that no endpoint has; known are eu, gpu, us'],
    [
      { tags: ['eu', 'gup'] },
      'unknown_tag',
      'run.tags: names a tag that no endpoint has; did you mean gpu?; known are eu, gpu, us',
    ],
    [{ tags: ['eu', 'us'] }, 'unknown_tag', 'run.tags: no endpoint has all of these tags: eu, us'],
    [{ endpoint: 'b', tags: ['eu'] }, 'conflicting_options', "run.endpoint: 'b' does not have the tag 'eu'"],
  ])('%j is refused', (options, code, message) => {
    expect(refused(options)).toEqual([code, message]);
  });

  it('says so when nobody has tags at all', () => {
    expect(refused({ tags: ['eu'] }, [])).toEqual([
      'unknown_tag',
      'run.tags: names a tag that no endpoint has; no endpoint has tags',
    ]);
  });

  it('shows the first of many names', () => {
    const many = Array.from({ length: 21 }, (_, index) => `e${index}`);
    expect(shownNames(many)).toMatch(/^e0, .*, e19, …$/);
    expect(shownNames(many.slice(1))).toMatch(/^e1, .*, e20$/);
  });

  it('has the same shape for compilers and at run time', () => {
    expectTypeOf<keyof SteeringInput>().toEqualTypeOf<keyof SteeringOptions>();
    expectTypeOf<SteeringInput['hedge']>().toEqualTypeOf<SteeringOptions['hedge']>();
    expectTypeOf<SteeringInput['importance']>().toEqualTypeOf<SteeringOptions['importance']>();
  });
});
