// The ways the SDK offers to read a stream to its end.
import { Stream } from 'openai/streaming';
import { expect } from 'vitest';
import { forAwait, type Reader } from './cutting.ts';
import type { AnyStream } from './recordings.ts';

/** What there is to call on a stream besides iterating it. */
type Whole = AnyStream & { tee(): [AnyStream, AnyStream] };

const open = async (...[client, kind, prompt]: Parameters<Reader>) => (await kind.open(client, prompt)) as Whole;

const messages = (content: string) => [{ role: 'user' as const, content }];

/** Each way by its name, those of every kind of stream. */
export const READERS: Readonly<Record<string, Reader>> = {
  'for await': forAwait,
  'next() by hand': async (...call) => {
    const iterator = (await open(...call))[Symbol.asyncIterator]();
    for (;;) {
      const { value, done } = await iterator.next();
      if (done) break;
      call[3](value);
    }
    // The end stays the end.
    expect(await iterator.next()).toEqual({ value: undefined, done: true });
  },
  'toReadableStream()': async (...call) => {
    const readable = (await open(...call)).toReadableStream();
    const again = Stream.fromReadableStream<unknown>(readable, new AbortController());
    for await (const event of again) call[3](event);
  },
  'tee(), both halves': async (...call) => {
    const halves = (await open(...call)).tee();
    const [left, right] = await Promise.all(
      halves.map(async (half) => {
        const events: unknown[] = [];
        try {
          for await (const event of half) events.push(event);
        } catch (error) {
          return { events, error };
        }
        return { events, error: undefined };
      }),
    );
    // Both see the same, to the very error.
    expect(right).toEqual(left);
    left?.events.forEach(call[3]);
    if (left?.error !== undefined) throw left.error;
  },
  'withResponse()': async (client, kind, prompt, note) => {
    const asked = kind.open(client, prompt) as unknown as {
      withResponse(): Promise<{ data: AnyStream; response: Response }>;
    };
    const { data, response } = await asked.withResponse();
    const events: unknown[] = [];
    for await (const event of data) {
      note(event);
      events.push(event);
    }
    // The response is the one of the server whose words were read.
    expect(events.map((event) => kind.text(event)).join('')).toContain(response.headers.get('x-served-by'));
  },
};

/** The helpers that put an answer together while it comes. */
export const HELPERS: Readonly<Record<string, Reader>> = {
  chat: async (client, _kind, prompt, note) => {
    const helper = client.chat.completions.stream({ model: 'gpt-5', messages: messages(prompt) });
    for await (const chunk of helper) note(chunk);
    const { choices } = await helper.finalChatCompletion();
    expect(choices[0]?.finish_reason).toBe('stop');
  },
  responses: async (client, _kind, prompt, note) => {
    const helper = client.responses.stream({ model: 'gpt-5', input: prompt, store: false });
    for await (const event of helper) note(event);
    expect((await helper.finalResponse()).status).toBe('completed');
  },
};
