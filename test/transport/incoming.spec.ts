// The body of a reply between who sends and who reads.
import { expect, it } from 'vitest';
import { Incoming } from '../../src/transport/incoming.ts';

const part = (text: string) => Buffer.from(text);
const flow = () => {
  const told: string[] = [];
  const body = new Incoming({
    pause: () => void told.push('pause'),
    resume: () => void told.push('resume'),
    abort: (reason) => void told.push(`abort: ${reason.message}`),
  });
  return { body, told };
};
const texts = async (body: Incoming) => {
  const all: string[] = [];
  for await (const each of body) all.push(`${each}`);
  return all;
};

it('parts come in order, whether they wait or are waited for', async () => {
  const { body } = flow();
  body.push(part('a'));
  body.push(part('b'));
  const reading = texts(body);
  await Promise.resolve();
  body.push(part('c'));
  body.end();
  expect(await reading).toEqual(['a', 'b', 'c']);
  expect(await body.next()).toEqual({ done: true, value: undefined });
});

it('asked for several parts at a time it gives one after the other', async () => {
  const { body } = flow();
  const asked = [body.next(), body.next(), body.next(), body.next()];
  for (const text of ['a', 'b', 'c']) {
    body.push(part(text));
    await Promise.resolve();
  }
  body.end();
  expect((await Promise.all(asked)).map(({ value }) => value && `${value}`)).toEqual(['a', 'b', 'c', undefined]);
});

it('what came before a failure is read before it is told', async () => {
  const { body } = flow();
  body.push(part('a'));
  body.fail(new Error('cut'));
  body.push(part('late'));
  expect(`${(await body.next()).value}`).toBe('a');
  await expect(body.next()).rejects.toThrow('cut');
  await expect(body.bytes()).rejects.toThrow('cut');
});

it.each([0, 1, 3])('the whole of it in one piece, %i parts before it is asked for', async (early) => {
  const { body } = flow();
  const parts = ['x', 'yy', 'zzz'];
  for (const text of parts.slice(0, early)) body.push(part(text));
  const whole = body.bytes();
  for (const text of parts.slice(early)) body.push(part(text));
  body.end();
  expect(`${await whole}`).toBe('xyyzzz');
});

it('holds back who sends while much waits, and not while all of it is wanted', async () => {
  const { body, told } = flow();
  body.push(Buffer.alloc(64 * 1024));
  expect(told).toEqual([]);
  body.push(part('x'));
  expect(told).toEqual(['pause']);
  await body.next();
  expect(told).toEqual(['pause', 'resume']);
  const whole = body.bytes();
  for (let time = 0; time < 10; time++) body.push(Buffer.alloc(64 * 1024));
  body.end();
  expect((await whole).length).toBe(10 * 64 * 1024 + 1);
  expect(told.filter((word) => word === 'pause')).toHaveLength(1);
});

it('left before its end: who waits for a part hears of it, and who sends', async () => {
  const { body, told } = flow();
  body.push(part('a'));
  await body.next();
  const waiting = body.next();
  body.destroy();
  body.destroy();
  await expect(waiting).rejects.toThrow('left before its end');
  expect(told).toEqual(['abort: The body was left before its end']);
});

it('left after its end: nobody is told', async () => {
  const { body, told } = flow();
  body.push(part('a'));
  body.end();
  body.destroy();
  expect(told).toEqual([]);
  expect((await body.next()).done).toBe(true);
});
