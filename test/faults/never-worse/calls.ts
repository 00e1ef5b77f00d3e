// The calls that the comparison makes: the same few lines for the plain client and for ours, read to their end.
import type OpenAI from 'openai';
import type { ChatCompletionChunk } from 'openai/resources/chat/completions';

/** What a call left in the hands of its caller. */
export interface Got {
  /** The text of the answer, of a stream as far as it came; `undefined` when the answer holds none. */
  readonly text: string | undefined;
  /** The value itself, of a stream its events. */
  readonly value: unknown;
}

type Options = { signal: AbortSignal };
type Make = (client: OpenAI, options: Options) => Promise<Got>;

const messages = [{ role: 'user' as const, content: 'hi' }];

async function readAll<Event>(stream: AsyncIterable<Event>, textOf: (event: Event) => string): Promise<Got> {
  const value: Event[] = [];
  for await (const event of stream) value.push(event);
  return { value, text: value.map(textOf).join('') };
}

const chunkText = (chunk: ChatCompletionChunk) => chunk.choices[0]?.delta?.content ?? '';

/** The kinds of calls, by name. */
export const CALLS = {
  chat: async (client, options) => {
    const value = await client.chat.completions.create({ model: 'gpt-5', messages }, options);
    return { value, text: value?.choices?.[0]?.message.content ?? undefined };
  },
  'chat stream': async (client, options) => {
    const stream = await client.chat.completions.create({ model: 'gpt-5', messages, stream: true }, options);
    return readAll(stream, chunkText);
  },
  responses: async (client, options) => {
    const value = await client.responses.create({ model: 'gpt-5', input: 'hi' }, options);
    return { value, text: value?.output_text };
  },
  'responses stream': async (client, options) => {
    const stream = await client.responses.create({ model: 'gpt-5', input: 'hi', stream: true }, options);
    return readAll(stream, (event) => (event.type === 'response.output_text.delta' ? event.delta : ''));
  },
  embeddings: async (client, options) => {
    const value = await client.embeddings.create({ model: 'text-embedding-3-small', input: 'hi' }, options);
    return { value, text: value?.data?.[0]?.embedding.length ? 'an embedding' : undefined };
  },
  files: async (client, options) => {
    const file = new File(['{}'], 'a.jsonl');
    const value = await client.files.create({ file, purpose: 'batch' }, options);
    return { value, text: value?.bytes === 2 ? 'a file' : undefined };
  },
} satisfies Record<string, Make>;

/** A kind of call. */
export type Kind = keyof typeof CALLS;
