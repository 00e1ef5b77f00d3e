// Clients that take calls in OpenAI's form for many vendors. They know one endpoint each, and do not balance.
import { completion } from 'litellm';
import { TokenJS } from 'token.js';
import { ASK, type Client, type Surroundings } from '../contenders.ts';

interface Chunk {
  readonly choices: readonly { readonly delta: { readonly content?: string | null } }[];
}

async function count(chunks: AsyncIterable<unknown>): Promise<number> {
  let found = 0;
  for await (const chunk of chunks) if ((chunk as Chunk).choices[0]?.delta.content) found++;
  return found;
}

// Both look at the model's name to tell whose it is.
const BODY = { ...ASK, model: 'gpt-4o' as const };

/** token.js. */
export function tokenJs({ urls }: Surroundings): Client {
  const { chat } = new TokenJS({ apiKey: 'key-0', baseURL: urls[0]! });
  const provider = 'openai';
  return {
    chat: async () => (await chat.completions.create({ ...BODY, provider })).choices[0]?.message.content,
    stream: async () => count(await chat.completions.create({ ...BODY, provider, stream: true })),
  };
}

/** The package `litellm` on npm. */
export function litellm({ urls }: Surroundings): Client {
  const given = { ...BODY, apiKey: 'key-0', baseUrl: urls[0]! };
  return {
    chat: async () => (await completion({ ...given, stream: false })).choices[0]?.message.content,
    stream: async () => count(await completion({ ...given, stream: true })),
  };
}
