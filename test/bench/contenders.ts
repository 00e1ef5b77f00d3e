// Who is measured: clients that make the same calls. Ours are the built package, as a user has it.
import type { OpenAI } from 'openai';

/** What a client needs to know. */
export interface Surroundings {
  /** The base URLs of the endpoints; who takes one only takes the first. */
  readonly urls: readonly string[];
  /** In place of the network. */
  readonly fetch?: typeof globalThis.fetch;
}

/** The calls that are measured. */
export interface Client {
  /** One plain call; gives its content. */
  chat(): Promise<string | null | undefined>;
  /** One stream, read to its end; gives how many chunks of content there were. Absent where it has none. */
  stream?(): Promise<number>;
  /** A call with a body of its own. */
  send?(messages: OpenAI.ChatCompletionMessageParam[]): Promise<unknown>;
}

/** One to be measured. */
export interface Contender {
  /** What the tables call it. */
  readonly title: string;
  /** From npm, in the folder of the peers. */
  readonly peer?: true;
  make(surroundings: Surroundings): Promise<Client>;
}

/** About 0.8 KB. */
export const ASK = { model: 'gpt-5', messages: [{ role: 'user' as const, content: 'Say hello. '.repeat(60) }] };

const keys = ({ urls, fetch }: Surroundings) =>
  urls.map((baseURL, index) => ({ baseURL, apiKey: `key-${index}`, ...(fetch && { fetch }) }));

/** What any client of the SDK's class does. */
export function viaSdk(client: OpenAI): Client {
  return {
    chat: async () => (await client.chat.completions.create(ASK)).choices[0]?.message.content,
    send: (messages) => client.chat.completions.create({ ...ASK, messages }),
    async stream() {
      let chunks = 0;
      for await (const chunk of await client.chat.completions.create({ ...ASK, stream: true }))
        if (chunk.choices[0]?.delta.content) chunks++;
      return chunks;
    },
  };
}

async function raw(surroundings: Surroundings): Promise<Client> {
  const { OpenAI } = await import('openai');
  return viaSdk(new OpenAI({ ...keys(surroundings)[0], maxRetries: 0 }));
}

async function ours(surroundings: Surroundings, transport: 'standard' | 'fast' = 'standard'): Promise<Client> {
  const { LoadBalancedOpenAI } = await import('load-balanced-openai');
  return viaSdk(new LoadBalancedOpenAI(keys(surroundings), { transport }));
}

async function observed(surroundings: Surroundings): Promise<Client> {
  const [{ LoadBalancedOpenAI }, { openTelemetry }] = await Promise.all([
    import('load-balanced-openai'),
    import('load-balanced-openai/otel'),
  ]);
  return viaSdk(new LoadBalancedOpenAI(keys(surroundings), { observers: [openTelemetry()] }));
}

async function withFastFetch(surroundings: Surroundings): Promise<Client> {
  const [{ OpenAI }, { fastFetch }] = await Promise.all([import('openai'), import('load-balanced-openai/transport')]);
  return viaSdk(new OpenAI({ ...keys(surroundings)[0], maxRetries: 0, fetch: fastFetch() }));
}

const firstOf = (surroundings: Surroundings) => ({ ...surroundings, urls: surroundings.urls.slice(0, 1) });

/** From the folder of the peers, which is not part of this project: what a file there makes under a name. */
function peer(file: string, name: string): (surroundings: Surroundings) => Promise<Client> {
  return async (surroundings) => {
    const found = (await import(`./peers/${file}.ts`)) as Record<string, (surroundings: Surroundings) => Client>;
    return found[name]!(surroundings);
  };
}

/** All, by name. The first is the base, the last of ours its twin: what these two differ by is noise. */
export const contenders = {
  raw: { title: 'plain `openai` SDK', make: raw },
  standard: { title: 'this package, 3 endpoints', make: (given) => ours(given) },
  again: { title: 'this package, 3 endpoints, again', make: (given) => ours(given) },
  observed: { title: 'the same, told to OpenTelemetry, no SDK registered', make: observed },
  fast: { title: 'this package, 3 endpoints, fast transport', make: (given) => ours(given, 'fast') },
  one: { title: 'this package, 1 endpoint', make: (given) => ours(firstOf(given)) },
  'fast-fetch': { title: 'plain SDK with `fastFetch()`', make: withFastFetch },
  control: { title: 'plain SDK again (control)', make: raw },
  ai: { title: '`ai` + `@ai-sdk/openai`', peer: true, make: peer('ai', 'alone') },
  'ai-fallback': { title: 'the same + `ai-fallback`', peer: true, make: peer('ai', 'withFallback') },
  'ai-retry': { title: 'the same + `ai-retry`', peer: true, make: peer('ai', 'withRetry') },
  'token.js': { title: '`token.js`, 1 endpoint', peer: true, make: peer('wrappers', 'tokenJs') },
  litellm: { title: '`litellm` (npm), 1 endpoint', peer: true, make: peer('wrappers', 'litellm') },
} as const satisfies Readonly<Record<string, Contender>>;

export type ContenderName = keyof typeof contenders;
