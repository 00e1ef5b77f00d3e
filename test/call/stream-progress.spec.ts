// What a stream has said so far: each of its answers must have ended before it is whole.
import { describe, expect, it } from 'vitest';
import type { StreamKind } from '../../src/call/operations.ts';
import { answersAsked, StreamProgress } from '../../src/call/stream-progress.ts';

const says = (index: number) => ({ choices: [{ index, delta: { content: 'a' }, text: 'a', finish_reason: null }] });
const stops = (...indexes: number[]) => ({
  choices: indexes.map((index) => ({ index, delta: {}, finish_reason: 'stop' })),
});

it.each<[what: string, body: unknown, answers: number]>([
  ['nothing', undefined, 1],
  ['one', { n: 1 }, 1],
  ['several', { n: 3 }, 3],
  ['nonsense', { n: 'x' }, 1],
  ['none', { n: 0 }, 1],
  ['null', { n: null }, 1],
  ['one prompt', { prompt: 'hi' }, 1],
  ['several prompts', { prompt: ['a', 'b'], n: 2 }, 4],
  ['one prompt of tokens', { prompt: [1, 2, 3] }, 1],
  ['several prompts of tokens', { prompt: [[1], [2], [3]] }, 3],
  ['no prompt at all', { prompt: [] }, 1],
  ['a form', Object.assign(new FormData(), {}), 1],
])('the answers asked for by a body with %s', (_, body, answers) => {
  expect(answersAsked(body)).toBe(answers);
});

it('the answers asked for by a form with several', () => {
  const form = new FormData();
  form.set('n', '2');
  expect(answersAsked(form)).toBe(2);
});

describe('a stream', () => {
  it.each<[what: string, kind: StreamKind, answers: number, events: object[], complete: boolean]>([
    ['of one answer is whole at its end', 'chat', 1, [says(0), stops(0)], true],
    ['of two answers is not whole at the end of the first', 'chat', 2, [says(0), says(1), stops(0)], false],
    ['of two answers, one after the other, neither', 'chat', 2, [says(0), stops(0), says(1)], false],
    ['of two answers is whole at the end of both', 'chat', 2, [says(0), stops(0), says(1), stops(1)], true],
    ['of two answers may tell both ends at once', 'chat', 2, [says(0), stops(1, 0)], true],
    ['that tells one end twice has one end', 'chat', 2, [stops(0), stops(0)], false],
    ['of two completions needs both', 'completions', 2, [says(0), stops(1)], false],
    ['of two images needs both', 'media', 2, [{ type: 'image_generation.completed' }], false],
    ['of two images is whole with the second', 'media', 2, Array(2).fill({ type: 'image_generation.completed' }), true],
    ['of a response has one end', 'responses', 2, [{ type: 'response.completed' }], true],
    ['of a run has one end', 'assistants', 1, [{ event: 'thread.run.completed' }], true],
  ])('%s', (_, kind, answers, events, complete) => {
    const progress = new StreamProgress(kind, answers);
    for (const event of events) progress.note(event);
    expect(progress.complete).toBe(complete);
    expect(progress.over).toBe(complete && (kind === 'responses' || kind === 'assistants'));
  });

  it('has said something with its first content, not with its preamble', () => {
    const progress = new StreamProgress('chat', 1);
    const role = { choices: [{ index: 0, delta: { role: 'assistant' } }] };
    expect([progress.note(role), progress.said]).toEqual(['preamble', false]);
    expect([progress.note({ choices: [{ finish_reason: 'error' }] }), progress.said]).toEqual(['bad', false]);
    expect([progress.note(says(0)), progress.said]).toEqual(['content', true]);
  });
});
