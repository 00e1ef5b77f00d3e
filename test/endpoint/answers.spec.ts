// Whether the others are heard of: an endpoint is silent only while they are.
import { expect, it } from 'vitest';
import { Answers } from '../../src/endpoint/answers.ts';

it('tells when something came from another one', () => {
  const answers = new Answers();
  const [a, b, c] = [{}, {}, {}];
  expect(answers.byOthersSince(a, 0)).toBe(false);
  answers.note(a, 10);
  expect([answers.byOthersSince(a, 0), answers.byOthersSince(b, 9), answers.byOthersSince(b, 10)]).toEqual([
    false,
    true,
    false,
  ]);
  answers.note(b, 20);
  answers.note(b, 30);
  expect([answers.byOthersSince(a, 29), answers.byOthersSince(b, 9), answers.byOthersSince(b, 10)]).toEqual([
    true,
    true,
    false,
  ]);
  answers.note(a, 40);
  expect([answers.byOthersSince(b, 39), answers.byOthersSince(a, 29), answers.byOthersSince(c, 39)]).toEqual([
    true,
    true,
    true,
  ]);
});
