// The few calls that the tests of the promises make over and over, and how their outcome is looked at.
import type { ChatCompletion, ChatCompletionChunk } from 'openai/resources/chat/completions';
import type { Stream } from 'openai/streaming';
import type { LoadBalancedOpenAI } from '../../src/index.ts';

/** True when FULL=1 asks for the counts the project promises; otherwise tests take smaller ones. */
export const FULL = process.env.FULL === '1';

type Options = Parameters<LoadBalancedOpenAI['chat']['completions']['create']>[1];
type Body = Record<string, unknown>;

const bodyOf = (body: Body) => ({ model: 'gpt-5', messages: [{ role: 'user' as const, content: 'hi' }], ...body });

/** A plain chat call. */
export function chat(client: LoadBalancedOpenAI, body: Body = {}, options?: Options) {
  return client.chat.completions.create({ ...bodyOf(body), stream: false }, options);
}

/** A streamed chat call. */
export function chatStream(client: LoadBalancedOpenAI, body: Body = {}, options?: Options) {
  return client.chat.completions.create({ ...bodyOf(body), stream: true }, options);
}

/** Which server answered. */
export function servedBy(answer: ChatCompletion): string | undefined {
  return answer.system_fingerprint;
}

/** What came of reading a stream: its text as far as it came, and what broke it. */
export interface Read {
  readonly text: string;
  readonly chunks: readonly ChatCompletionChunk[];
  readonly error: unknown;
}

/** Reads a stream to its end; never throws. */
export async function read(stream: Stream<ChatCompletionChunk>): Promise<Read> {
  const chunks: ChatCompletionChunk[] = [];
  let error: unknown;
  try {
    for await (const chunk of stream) chunks.push(chunk);
  } catch (thrown) {
    error = thrown;
  }
  return { text: chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join(''), chunks, error };
}

/** What a promise that must fail was rejected with. */
export async function failure<E = Error & Record<string, unknown>>(promise: PromiseLike<unknown>): Promise<E> {
  let value: unknown;
  try {
    value = await promise;
  } catch (error) {
    return error as E;
  }
  throw new Error(`It should have failed, but gave ${JSON.stringify(value)?.slice(0, 200)}.`);
}

/** Runs `work` `count` times, `concurrency` at a time, and resolves to the results in the order they began. */
export async function many<T>(
  count: number,
  concurrency: number,
  work: (index: number) => PromiseLike<T>,
): Promise<PromiseSettledResult<T>[]> {
  const results = new Array<PromiseSettledResult<T>>(count);
  let next = 0;
  const runner = async () => {
    for (let index = next++; index < count; index = next++) {
      results[index] = await Promise.resolve(work(index)).then(
        (value) => ({ status: 'fulfilled', value }) as const,
        (reason: unknown) => ({ status: 'rejected', reason }) as const,
      );
    }
  };
  await Promise.all(Array.from({ length: concurrency }, runner));
  return results;
}

/** How often each value occurs. */
export function tally<Value extends string>(values: Iterable<Value>): Record<Value, number> {
  const counts = {} as Record<Value, number>;
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}

/** A promise that the test itself fulfils, such as a step that a server holds back until then. */
export function gate<Value = void>(): { readonly promise: Promise<Value>; open(value: Value): void } {
  let open: (value: Value) => void = () => undefined;
  const promise = new Promise<Value>((resolve) => {
    open = resolve;
  });
  return { promise, open: (value) => open(value) };
}

/** A streamed call, read as text. Two kinds, since their events, preambles and ends differ. */
export interface StreamKind {
  readonly kind: string;
  open(
    client: LoadBalancedOpenAI,
    options?: Options,
  ): PromiseLike<AsyncIterable<unknown> & { controller: AbortController }>;
  /** The text of one event, if it holds any. */
  text(event: unknown): string;
}

/** The kinds of streams. */
export const STREAMS: readonly StreamKind[] = [
  {
    kind: 'chat',
    open: (client, options) => chatStream(client, {}, options),
    text: (event) => (event as ChatCompletionChunk).choices[0]?.delta.content ?? '',
  },
  {
    kind: 'responses',
    open: (client, options) => client.responses.create({ model: 'gpt-5', input: 'hi', stream: true }, options),
    text: (event) =>
      (event as { type: string; delta?: string }).type === 'response.output_text.delta'
        ? (event as { delta: string }).delta
        : '',
  },
];

/** Reads any stream to its end; never throws. */
export async function readAll(stream: AsyncIterable<unknown>, { text }: StreamKind) {
  const events: unknown[] = [];
  let error: unknown;
  try {
    for await (const event of stream) events.push(event);
  } catch (thrown) {
    error = thrown;
  }
  return { events, text: events.map(text).join(''), error };
}
