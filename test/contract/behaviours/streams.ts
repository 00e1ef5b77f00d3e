// Streams: what comes out, how they end, and that a connection nobody reads any more is let go.
import { expect } from 'vitest';
import { ALL, ANSWER, ASK, type Bench, behaviour, rejection, soon } from '../support/bench.ts';
import { chatChunk, chatChunks } from '../support/wire.ts';

const WORDS = ['Hello', ' from', ' the', ' pool'];
const STREAM = { ...ASK, stream: true as const };

/** An upstream that says two words and then nothing, with the connection open. */
const endless = (bench: Bench) =>
  bench.on(({ json }) =>
    json.stream
      ? {
          sse: [
            chatChunk('gpt-5', { role: 'assistant', content: '' }),
            ...WORDS.map((content) => chatChunk('gpt-5', { content })),
          ],
          hold: true,
        }
      : undefined,
  );

const textOf = (chunk: { choices: { delta: { content?: string | null } }[] }) => chunk.choices[0]?.delta.content ?? '';

/** Streams. */
export const streams = [
  behaviour('for await gives every chunk as it was sent, in order', ALL, async (bench) => {
    const stream = await bench.client().chat.completions.create(STREAM);
    expect(stream).toBeInstanceOf(bench.sdk.Stream);
    const chunks: unknown[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    const sent = chatChunks('gpt-5', WORDS).filter((event) => typeof event !== 'string');
    expect(JSON.parse(JSON.stringify(chunks))).toEqual(sent);
    expect(await soon(bench.seen[0]!.closed, 'the end')).toBe(true);
  }),

  behaviour('the first words arrive while the upstream is still writing', ALL, async (bench) => {
    endless(bench);
    const stream = await bench.client().chat.completions.create(STREAM);
    let text = '';
    for await (const chunk of stream) {
      text += textOf(chunk);
      if (text === ANSWER) break;
    }
    expect(text).toBe(ANSWER);
  }),

  behaviour('break frees the connection', ALL, async (bench) => {
    endless(bench);
    const stream = await bench.client().chat.completions.create(STREAM);
    for await (const chunk of stream) if (textOf(chunk)) break;
    expect(await soon(bench.seen[0]!.closed, 'the connection')).toBe(false);
    expect(stream.controller.signal.aborted).toBe(true);
    expect(bench.seen).toHaveLength(1);
  }),

  behaviour('controller.abort() ends the iteration without an error and frees the connection', ALL, async (bench) => {
    endless(bench);
    const stream = await bench.client().chat.completions.create(STREAM);
    expect(stream.controller).toBeInstanceOf(AbortController);
    let text = '';
    for await (const chunk of stream) {
      text += textOf(chunk);
      if (text === ANSWER) stream.controller.abort();
    }
    expect(text).toBe(ANSWER);
    expect(await soon(bench.seen[0]!.closed, 'the connection')).toBe(false);
  }),

  behaviour('the signal of the call ends a running stream and frees the connection', ALL, async (bench) => {
    endless(bench);
    const controller = new AbortController();
    const stream = await bench.client().chat.completions.create(STREAM, { signal: controller.signal });
    for await (const chunk of stream) if (textOf(chunk) === ' pool') controller.abort();
    expect(await soon(bench.seen[0]!.closed, 'the connection')).toBe(false);
    expect(bench.seen).toHaveLength(1);
  }),

  behaviour('a stream can be read once; the second reader is told to tee', ALL, async (bench) => {
    const stream = await bench.client().chat.completions.create(STREAM);
    for await (const _ of stream);
    const again = async () => {
      for await (const _ of stream);
    };
    expect((await rejection(again())).message).toContain('tee');
  }),

  behaviour('tee gives two streams of the same chunks', ALL, async (bench) => {
    const stream = await bench.client().chat.completions.create(STREAM);
    const read = async (half: AsyncIterable<{ choices: { delta: { content?: string | null } }[] }>) => {
      let text = '';
      for await (const chunk of half) text += textOf(chunk);
      return text;
    };
    const [left, right] = stream.tee();
    expect(left).toBeInstanceOf(bench.sdk.Stream);
    expect(await Promise.all([read(left), read(right)])).toEqual([ANSWER, ANSWER]);
  }),

  behaviour('toReadableStream gives lines that fromReadableStream reads again', ALL, async (bench) => {
    const stream = await bench.client().chat.completions.create(STREAM);
    const readable = stream.toReadableStream() as ReadableStream;
    expect(readable).toBeInstanceOf(ReadableStream);
    let text = '';
    const controller = new AbortController();
    const again = bench.sdk.Stream.fromReadableStream<Parameters<typeof textOf>[0]>(readable as never, controller);
    for await (const chunk of again) text += textOf(chunk);
    expect(text).toBe(ANSWER);
  }),

  behaviour('cancelling toReadableStream frees the connection', ALL, async (bench) => {
    endless(bench);
    const stream = await bench.client().chat.completions.create(STREAM);
    const reader = (stream.toReadableStream() as ReadableStream<Uint8Array>).getReader();
    await reader.read();
    await reader.cancel();
    expect(await soon(bench.seen[0]!.closed, 'the connection')).toBe(false);
  }),

  behaviour('withResponse of a stream gives the stream and its response', ALL, async (bench) => {
    const { data, response, request_id } = await bench.client().chat.completions.create(STREAM).withResponse();
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    expect(request_id).toBe(`req_${bench.seen[0]?.name}_0`);
    let text = '';
    for await (const chunk of data) text += textOf(chunk);
    expect(text).toBe(ANSWER);
  }),

  behaviour('asResponse of a stream gives the raw events', ALL, async (bench) => {
    const response = await bench.client().chat.completions.create(STREAM).asResponse();
    expect(await response.text()).toMatch(/^data: \{"id":"chatcmpl-1".*data: \[DONE\]\n\n$/s);
  }),

  behaviour('an error event after content throws APIError, with what came before handed out', ALL, async (bench) => {
    const error = { message: 'The server had an error', type: 'server_error', code: 'server_error', param: null };
    bench.on(() => ({ sse: [chatChunk('gpt-5', { content: 'Hel' }), { error }] }));
    const stream = await bench.client().chat.completions.create(STREAM);
    let text = '';
    const read = async () => {
      for await (const chunk of stream) text += textOf(chunk);
    };
    const thrown = await rejection(read());
    expect(thrown).toBeInstanceOf(bench.sdk.APIError);
    expect(thrown).toMatchObject({
      message: error.message,
      code: 'server_error',
      type: 'server_error',
      status: undefined,
    });
    expect(text).toBe('Hel');
    expect(bench.seen).toHaveLength(1);
  }),

  behaviour('chat.completions.stream() emits content and resolves the final completion', ALL, async (bench) => {
    const runner = bench.client().chat.completions.stream(ASK);
    const deltas: string[] = [];
    runner.on('content', (delta) => void deltas.push(delta));
    expect((await runner.finalChatCompletion()).choices[0]?.message.content).toBe(ANSWER);
    expect(await runner.finalContent()).toBe(ANSWER);
    expect(deltas.join('')).toBe(ANSWER);
    expect((await runner.totalUsage()).total_tokens).toBe(5);
    expect(bench.seen).toHaveLength(1);
  }),

  behaviour('chat.completions.stream() can be aborted, which frees the connection', ALL, async (bench) => {
    endless(bench);
    const runner = bench.client().chat.completions.stream(ASK);
    runner.on('content', (_, snapshot) => {
      if (snapshot === ANSWER) runner.abort();
    });
    const error = await rejection(runner.done());
    expect(error).toBeInstanceOf(bench.sdk.APIUserAbortError);
    expect(runner.aborted).toBe(true);
    expect(await soon(bench.seen[0]!.closed, 'the connection')).toBe(false);
  }),

  behaviour('chat.completions.stream() as an iterator and as a readable stream', ALL, async (bench) => {
    const client = bench.client();
    let text = '';
    for await (const chunk of client.chat.completions.stream(ASK)) text += textOf(chunk);
    expect(text).toBe(ANSWER);
    const readable = client.chat.completions.stream(ASK).toReadableStream() as ReadableStream;
    expect(await new Response(readable).text()).toContain(' pool');
  }),
];
