// Who asks before the last question is answered is served in turn.
import { describe, expect, it } from 'vitest';
import { inTurn } from '../../src/dispatch/in-turn.ts';

function desk() {
  const waiting: Array<{ resolve: (result: IteratorResult<number>) => void; reject: (error: Error) => void }> = [];
  let [asked, most] = [0, 0];
  const next = inTurn<number>(
    () => waiting.length > 0,
    () =>
      new Promise((resolve, reject) => {
        asked += 1;
        waiting.push({ resolve, reject });
        most = Math.max(most, waiting.length);
      }),
  );
  const answer = async (value: number | Error) => {
    const one = waiting.shift();
    if (value instanceof Error) one?.reject(value);
    else one?.resolve({ value, done: false });
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { next, answer, asked: () => asked, most: () => most };
}

describe('inTurn', () => {
  it('asks at once when nobody waits', async () => {
    const { next, answer, asked } = desk();
    const one = next();
    expect(asked()).toBe(1);
    await answer(1);
    expect((await one).value).toBe(1);
    void next();
    expect(asked()).toBe(2);
  });

  it('asks one after the other, and answers in the order they were asked, also after an error', async () => {
    const { next, answer, most } = desk();
    const asked = [next(), next(), next(), next()].map((result) =>
      result.then(
        ({ value }) => value as number,
        (error: Error) => error.message,
      ),
    );
    const answered = answer(1);
    // Nobody is asked at this moment, but others are before it.
    const late = next();
    await answered;
    await answer(new Error('two'));
    for (const value of [3, 4, 5]) await answer(value);
    expect(await Promise.all(asked)).toEqual([1, 'two', 3, 4]);
    expect([(await late).value, most()]).toEqual([5, 1]);
  });
});
