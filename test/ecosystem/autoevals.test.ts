// autoevals: scorers take a `client`. Once braintrust is loaded they wrap it, after they made a throw-away client of its
// class, with a dummy key alone, to see whether it is wrapped already.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EmbeddingSimilarity, Factuality } from 'autoevals';
import type OpenAI from 'openai';
import { fault, limited, sameAsRaw } from './support/same-as-raw.ts';

const verdict = {
  step: 'ok',
  toolCalls: [{ name: 'select_choice', arguments: { choice: 'B', reasons: 'Yes.' } }],
} as const;
const question = { input: 'Who?', output: 'Ada', expected: 'Ada' };

// Its own copy of the SDK is an older one: the types differ, with the plain SDK as well.
const scorers = (client: OpenAI) => {
  const options = { client: client as never, model: 'gpt-5' };
  return [
    () => Factuality({ ...question, ...options, useCoT: true }),
    () => EmbeddingSimilarity({ ...question, ...options, model: 'text-embedding-3-small' } as never),
    () => Factuality({ ...question, ...options }),
  ];
};

const graded = () =>
  sameAsRaw({
    // A reset on a used connection is tried again where it happened. The two embeddings of the second scorer go out at the same time.
    script: [fault(500), verdict, 'ok', 'ok', fault('reset'), fault(limited), verdict],
    journey: ['a failed', 'b', 'a', 'a', 'a failed', 'a failed', 'b'],
    async work({ client }) {
      const scores: unknown[] = [];
      for (const score of scorers(client)) scores.push(await score());
      return scores;
    },
  });

test('scorers over a pool that fails in the middle of them', async () => {
  const scores = (await graded()) as { name: string; score: number }[];
  assert.deepEqual(
    scores.map(({ name, score }) => [name, score]),
    [
      ['Factuality', 0.6],
      ['EmbeddingSimilarity', 1],
      ['Factuality', 0.6],
    ],
  );
});

test('the same with braintrust, which wraps the client and logs each call once', async () => {
  const { _exportsForTestingOnly: testing, initLogger } = await import('braintrust');
  testing.setInitialTestState();
  await testing.simulateLoginForTests();
  const log = testing.useTestBackgroundLogger();
  initLogger({ projectName: 'pool', projectId: 'pool-id' });
  assert.equal((await graded()).length, 3);
  const rows = (await log.drain()) as { span_attributes?: { name?: string; purpose?: string }; error?: unknown }[];
  const calls = rows.map(({ span_attributes, error }) => ({ ...span_attributes, error }));
  const each = ['Chat Completion', 'Embedding', 'Embedding', 'Chat Completion'];
  assert.deepEqual(
    calls.map(({ name, error }) => [name, error]),
    // Once for the plain SDK, once for the pool.
    [...each, ...each].map((name) => [name, undefined]),
  );
});
