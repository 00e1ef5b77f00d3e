// Rows 14 to 18: a status of success, and a body that is not what was asked for.
import OpenAI from 'openai';
import { expect, it } from 'vitest';
import type { StatusStep, Step } from '../../src/testing/index.ts';
import { chat, failure } from '../support/calls.ts';
import { openStage } from '../support/stage.ts';
import { textOf } from './error-text.ts';
import { row } from './row.ts';
import { type Answer, PLAIN, WAYS } from './ways.ts';

const endpoints = ({ attempts }: Answer) => attempts.map(({ endpoint, verdict }) => `${endpoint} ${verdict}`);

/** In every way of asking, the next endpoint answers, and the first one is to blame without being sent on a break. */
async function movesOn(step: Step, verdict: string): Promise<void> {
  for (const { ask } of WAYS) {
    await using stage = await openStage({ a: [step], b: [] });
    const answer = await ask(stage.client);
    expect([answer.text, answer.error]).toEqual(['Hello from b.', undefined]);
    expect(endpoints(answer)).toEqual([`a ${verdict}`, 'b ok']);
    expect(stage.state('a')).toMatchObject({ failures: 1, successes: 0, cooldowns: [], inFlight: 0 });
    expect([stage.servers.a.calls, stage.servers.b.calls]).toEqual([1, 1]);
    expect(answer.ms).toBeLessThan(250 + answer.lag);
  }
}

/** Alone, in every way of asking: what the caller is told, and that it names neither the key nor what was sent. */
async function alone(step: Step, Class: unknown, unsaid: string): Promise<void> {
  for (const { ask } of WAYS) {
    await using stage = await openStage({ a: { repeat: [step as never] } }, { maxRetries: 0 });
    const { text, error } = await ask(stage.client);
    expect(text).toBe('');
    expect((error as Error | undefined)?.constructor).toBe(Class);
    for (const word of [stage.keys.a, unsaid]) expect(textOf(error)).not.toContain(word);
    expect([stage.servers.a.calls, stage.state('a').failures]).toEqual([1, 1]);
  }
}

/** As often as takes an endpoint out. */
async function ejects(step: Step, times: number): Promise<void> {
  await using stage = await openStage({ a: step, b: [] });
  for (let i = 0; i < times; i++) await chat(stage.client);
  expect(stage.state('a')).toMatchObject({ breaker: 'open', failures: times });
  expect(stage.events.of('endpoint-ejected')).toMatchObject([{ endpoint: 'a' }]);
  await chat(stage.client);
  expect(stage.servers.a.calls).toBe(times);
}

row(14, '200 with a web page', 'fails over, counts', () => {
  it('the next endpoint answers', () => movesOn('html', 'bad-reply'));

  it('alone: an APIConnectionError that does not show the page, never a text as the answer', () =>
    alone('html', OpenAI.APIConnectionError, 'sign in'));

  it('five in a row eject the endpoint', () => ejects('html', 5));

  it('a list or an object that comes as a web page moves on or throws as well', async () => {
    await using stage = await openStage({ a: 'html', b: [] }, { maxRetries: 0 });
    expect((await stage.client.models.list()).data.length).toBeGreaterThan(0);
    // Nobody is known to have it: who shows a page in its place does not.
    expect(await failure(stage.client.files.retrieve('file-1'))).toBeInstanceOf(OpenAI.NotFoundError);
  });
});

/** An error object under a status of success, as vendors were seen to send it. */
const inside = (error: object): StatusStep => ({ status: 200, body: { error: { message: 'Oh.', ...error } } });

row(15, '200 with an error object', 'judged by its inner code', () => {
  it('the next endpoint answers, and it counts', () => movesOn('error-200', 'server-error'));

  it('a rate limit inside is a rate limit, no credit inside is no credit, an unknown model an unknown model', async () => {
    for (const [error, verdict, cooldown] of [
      [{ code: 'rate_limit_exceeded' }, 'rate-limited', { model: 'gpt-5', reason: '429' }],
      [{ code: 429 }, 'rate-limited', { model: 'gpt-5', reason: '429' }],
      [{ code: 'insufficient_quota' }, 'out-of-credit', { model: null, reason: 'out of credit' }],
      [{ code: 'model_not_found' }, 'model-missing', { model: 'gpt-5', reason: 'model not found' }],
    ] as const) {
      for (const { ask } of WAYS) {
        await using stage = await openStage({ a: [inside(error)], b: [] });
        const answer = await ask(stage.client);
        expect([answer.text, ...endpoints(answer)]).toEqual(['Hello from b.', `a ${verdict}`, 'b ok']);
        expect(stage.state('a')).toMatchObject({
          failures: 0,
          breaker: 'closed',
          cooldowns: [{ reason: cooldown.reason }],
        });
      }
    }
  });

  it('the caller’s own fault inside stays with the caller', async () => {
    for (const { ask } of WAYS) {
      await using stage = await openStage({
        a: [inside({ code: 'context_length_exceeded', type: 'invalid_request_error' })],
        b: [],
      });
      const { error } = await ask(stage.client);
      expect(error).toBeInstanceOf(OpenAI.APIError);
      expect(error).toMatchObject({ code: 'context_length_exceeded', type: 'invalid_request_error' });
      expect(stage.servers.b.calls).toBe(0);
      expect(stage.state('a')).toMatchObject({ failures: 0, cooldowns: [] });
    }
  });

  it('alone: an APIError with the inner code', async () => {
    for (const { ask } of WAYS) {
      await using stage = await openStage({ a: inside({ code: 'teapot', type: 'server_error' }) }, { maxRetries: 0 });
      const { error } = await ask(stage.client);
      expect(error).toBeInstanceOf(OpenAI.APIError);
      expect(error).toMatchObject({ status: undefined, code: 'teapot', type: 'server_error' });
      expect((error as Error).message).toContain('Oh.');
      expect(textOf(error)).not.toContain(stage.keys.a);
    }
  });
});

row(16, '200 with nothing, or 204', 'fails over, counts', () => {
  it('the next endpoint answers', async () => {
    await movesOn('empty', 'bad-reply');
    await movesOn('no-content', 'bad-reply');
  });

  it('alone: an APIConnectionError, never undefined as the answer', async () => {
    await alone('empty', OpenAI.APIConnectionError, 'TypeError');
    await alone('no-content', OpenAI.APIConnectionError, 'TypeError');
  });

  it('five in a row eject the endpoint', () => ejects('no-content', 5));

  it('an operation that answers with nothing is done', async () => {
    await using stage = await openStage({ a: ['ok', 'no-content'], b: [] });
    const thread = await stage.client.post<{ id: string }>('/threads', { body: {} });
    expect(await stage.client.delete(`/threads/${thread.id}`)).toBeFalsy();
    expect(stage.servers.b.calls).toBe(0);
    expect(stage.state('a')).toMatchObject({ failures: 0, successes: 2 });
  });
});

row(17, '200 with valid JSON under another content type', 'is an answer', () => {
  it('it is parsed, and counts as a success', async () => {
    for (const type of ['text/plain', 'application/octet-stream', 'text/html']) {
      await using stage = await openStage({
        a: [{ step: 'wrong-content-type', headers: { 'content-type': type } }],
        b: [],
      });
      const answer = await chat(stage.client);
      expect(answer.choices[0]?.message.content).toBe('Hello from a.');
      expect(answer._request_id).toMatch(/^req_a/);
      expect(stage.servers.b.calls).toBe(0);
      expect(stage.state('a')).toMatchObject({ failures: 0, successes: 1 });
    }
  });

  it('a stream under another content type is a stream', async () => {
    for (const { ask } of WAYS.slice(1)) {
      await using stage = await openStage({ a: [{ stream: 3, headers: { 'content-type': 'text/plain' } }], b: [] });
      const answer = await ask(stage.client);
      expect([answer.text, answer.error]).toEqual(['a-0 a-1 a-2 ', undefined]);
    }
  });

  it('an error object under another content type is an error', async () => {
    await using stage = await openStage({
      a: [{ ...inside({ code: 429 }), headers: { 'content-type': 'text/plain' } }],
      b: [],
    });
    expect(endpoints(await PLAIN.ask(stage.client))).toEqual(['a rate-limited', 'b ok']);
  });
});

row(18, '200 with JSON of another shape', 'handed on as the SDK does; a stream that is none moves', () => {
  it('a plain call gets it as it is', async () => {
    await using stage = await openStage({ a: 'wrong-shape', b: [] });
    expect(await chat(stage.client)).toEqual({});
    expect(stage.servers.b.calls).toBe(0);
    expect(stage.state('a')).toMatchObject({ failures: 0, successes: 1 });
  });

  it('an answer that says nothing, and not why, moves and counts', async () => {
    for (const body of [
      { id: 'x', object: 'chat.completion', choices: [] },
      { id: 'x', object: 'chat.completion', choices: [{ index: 0, message: { role: 'assistant', content: '' } }] },
    ]) {
      await using stage = await openStage({ a: [{ status: 200, body }], b: [] });
      expect(endpoints(await PLAIN.ask(stage.client))).toEqual(['a bad-reply', 'b ok']);
      expect(stage.state('a')).toMatchObject({ failures: 1 });
    }
  });

  it('a stream that is an object of another shape moves and counts', async () => {
    for (const { ask } of WAYS.slice(1)) {
      await using stage = await openStage({ a: ['wrong-shape'], b: [] });
      const answer = await ask(stage.client);
      expect([answer.text, ...endpoints(answer)]).toEqual(['Hello from b.', 'a bad-reply', 'b ok']);
      expect(stage.state('a')).toMatchObject({ failures: 1 });
    }
  });
});
