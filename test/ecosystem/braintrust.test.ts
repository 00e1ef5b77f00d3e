// braintrust: `wrapOpenAI(client)` puts a Proxy before each resource and logs a span per call, here into memory.
import { test } from 'node:test';
import { initLogger, _exportsForTestingOnly as testing, wrapOpenAI } from 'braintrust';
import { followCalls, staysOurs } from './support/traced-calls.ts';

testing.setInitialTestState();
await testing.simulateLoginForTests();
const log = testing.useTestBackgroundLogger();
initLogger({ projectName: 'pool', projectId: 'pool-id' });

interface Row {
  readonly span_attributes: { readonly name: string };
  readonly metadata?: { readonly model?: string };
  readonly metrics: Readonly<Record<string, number>>;
  readonly error?: string;
  readonly output?: unknown;
}

const traces = async () =>
  ((await log.drain()) as unknown as Row[]).map(({ span_attributes, metadata, metrics, error, output }) => ({
    what: span_attributes.name,
    model: metadata?.model,
    input: metrics.prompt_tokens,
    output: metrics.completion_tokens,
    error,
    said: output,
  }));

test('one span per call, with its model, its usage and its answer', () =>
  followCalls({
    wrap: wrapOpenAI,
    traces,
    unseen: ['withOptions', 'post'],
    unpriced: ['chat.completions.stream', 'asResponse', 'asResponse of a stream'],
  }));

test('the wrapped client is ours in what only ours has, and tells no key', () =>
  staysOurs({ wrap: wrapOpenAI, traces }));
