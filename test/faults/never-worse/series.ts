// The rows that one call cannot show: series of calls, made alike by a plain client and by pools with default options.
import { type OpenAI, OpenAIError } from 'openai';
import type { FaultServer, ServerRequest, Step } from '../../../src/testing/index.ts';

/** What each call of a series came to: nothing, or what it was thrown. */
export type Outcome = { readonly error?: unknown; readonly ms: number };

/** A series of calls and the servers they meet. */
export interface Series {
  readonly row: number;
  readonly what: string;
  /** What endpoint `index` of `count` with the fault does; called once for each, so that it may count for itself. */
  readonly script: (count: number, index: number) => (request: ServerRequest) => Step | undefined;
  /** The key of the endpoint with the fault, made anew for each client. @default a text */
  readonly apiKey?: () => () => Promise<string>;
  /** Makes the calls. Only those that a caller wants answered are handed back. */
  readonly make: (client: OpenAI, servers: readonly FaultServer[]) => Promise<Outcome[]>;
  /** Ms ours may take longer than the plain client's slowest call, and why. */
  readonly longer?: readonly [ms: number, reason: string];
}

const messages = [{ role: 'user' as const, content: 'hi' }];
const GOOD = 'gpt-5';

async function outcome(work: PromiseLike<unknown>): Promise<Outcome> {
  const from = performance.now();
  try {
    await work;
    return { ms: performance.now() - from };
  } catch (error) {
    return { error, ms: performance.now() - from };
  }
}

const chat = (client: OpenAI, model = GOOD, options: OpenAI.RequestOptions = {}) =>
  client.chat.completions.create({ model, messages }, options);

async function streamed(client: OpenAI, options: OpenAI.RequestOptions = {}): Promise<void> {
  let text = '';
  for await (const chunk of await client.chat.completions.create({ model: GOOD, messages, stream: true }, options))
    text += chunk.choices[0]?.delta.content ?? '';
  if (!/-9 $|^Hello from server\.$/.test(text)) throw new Error('It ended like a whole answer.');
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** `count` calls, one after another. */
async function oneByOne(count: number, call: (index: number) => PromiseLike<unknown>): Promise<Outcome[]> {
  const made: Outcome[] = [];
  for (let index = 0; index < count; index++) made.push(await outcome(call(index)));
  return made;
}

/** `count` calls at once. */
const atOnce = (count: number, call: (index: number) => PromiseLike<unknown>): Promise<Outcome[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => outcome(call(index))));

const healthy = () => () => undefined;
const used = (limit: number) => ({
  'x-ratelimit-limit-requests': String(limit),
  'x-ratelimit-remaining-requests': '0',
  'x-ratelimit-reset-requests': '30s',
});

/** Calls that their own caller spoils, between calls that shall be answered. */
const between = (spoil: (client: OpenAI) => Promise<unknown>) => async (client: OpenAI) => {
  const made: Outcome[] = [];
  for (let round = 0; round < 3; round++) {
    await Promise.all(Array.from({ length: 8 }, () => spoil(client).catch(() => undefined)));
    made.push(...(await oneByOne(2, () => chat(client))));
  }
  return made;
};

function block(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

export const SERIES: readonly Series[] = [
  {
    row: 32,
    what: 'good replies say that a window is used up',
    script: () => () => ({ step: 'ok', headers: used(10) }),
    make: (client) => oneByOne(10, () => chat(client)),
  },
  {
    row: 35,
    what: 'a short-lived token has run out',
    script: () => (request) => (request.apiKey === 'stale' ? 401 : undefined),
    apiKey: () => {
      let asked = 0;
      return async () => (asked++ === 2 ? 'stale' : 'fresh');
    },
    make: (client) => oneByOne(6, () => chat(client)),
  },
  {
    row: 38,
    what: 'an object that does not exist is asked for',
    script: () => (request) => (request.route.startsWith('/files/') ? 404 : undefined),
    make: (client) => oneByOne(6, (index) => (index % 2 ? chat(client) : client.files.retrieve('file-gone'))),
  },
  {
    row: 54,
    what: 'the wall clock jumps by hours',
    script: healthy,
    make: async (client) => {
      const now = Date.now;
      let shift = 0;
      Date.now = () => now() + shift;
      try {
        return await oneByOne(8, (index) => {
          shift = (index % 2 ? -1 : 1) * 3_600_000 * index;
          return chat(client);
        });
      } finally {
        Date.now = now;
      }
    },
  },
  {
    row: 55,
    what: 'the event loop stands still for a second',
    script: () => () => ({ step: 'ok', delay: 50 }),
    make: async (client) => {
      const made = atOnce(8, (index) => (index % 2 ? streamed(client) : chat(client)));
      await pause(20);
      block(1_000);
      return [...(await made), ...(await oneByOne(2, () => chat(client)))];
    },
  },
  {
    row: 58,
    what: 'everybody answers 429 for a while',
    script: () => {
      const until = performance.now() + 300;
      return () => {
        const left = Math.ceil(until - performance.now());
        return left > 0 ? { status: 429, retryAfterMs: left + 5 } : undefined;
      };
    },
    make: async (client) => [...(await atOnce(4, () => chat(client))), ...(await oneByOne(4, () => chat(client)))],
    longer: [1_000, 'one after another once the pause is over'],
  },
  {
    row: 60,
    what: 'up for 700 ms, down for 300 ms; a second one at another time',
    script: (_, index) => {
      const from = performance.now() - 350 * index;
      return () => ((performance.now() - from) % 1_000 < 700 ? undefined : 503);
    },
    make: async (client) => {
      const made: Promise<Outcome>[] = [];
      for (let call = 0; call < 30; call++) {
        made.push(outcome(chat(client)));
        await pause(60);
      }
      return Promise.all(made);
    },
    longer: [2_000, 'a breaker may be open, and a call waits for its probe'],
  },
  {
    row: 62,
    what: 'one in five fails with 500',
    script: () => (request) => (request.number % 5 === 0 ? 500 : undefined),
    make: (client) => oneByOne(20, () => chat(client)),
  },
  {
    row: 64,
    what: 'callers abort before the headers',
    script: () => () => ({ step: 'ok', delay: 40 }),
    make: between((client) => chat(client, GOOD, { signal: AbortSignal.timeout(5) }) as Promise<unknown>),
  },
  {
    row: 65,
    what: 'callers have 1 ms',
    script: () => () => ({ step: 'ok', delay: 40 }),
    make: between((client) => chat(client, GOOD, { timeout: 1, maxRetries: 0 }) as Promise<unknown>),
  },
  {
    row: 67,
    what: 'callers leave streams after their first event',
    script: healthy,
    make: between(async (client) => {
      for await (const _ of await client.chat.completions.create({ model: GOOD, messages, stream: true })) break;
    }),
  },
  {
    row: 68,
    what: 'plain calls fail while streams run',
    script: () => (request) =>
      (request.body as { stream?: boolean }).stream
        ? { stream: 10, delay: 300 }
        : request.number < 12
          ? 500
          : undefined,
    make: async (client) => {
      const streams = atOnce(4, () => streamed(client));
      await pause(60);
      await Promise.all(Array.from({ length: 8 }, () => chat(client, GOOD, { maxRetries: 0 }).catch(() => undefined)));
      return streams;
    },
  },
  {
    row: 72,
    what: 'hundreds of calls at once',
    script: healthy,
    make: (client) => atOnce(300, (index) => (index % 2 ? streamed(client) : chat(client))),
  },
  {
    row: 81,
    what: 'every second call fails everywhere',
    script: () => (request) => (request.model === 'poison' ? 500 : undefined),
    make: async (client) => {
      const poison = () => chat(client, 'poison', { maxRetries: 0 }).catch(() => undefined);
      return oneByOne(20, async () => {
        await poison();
        await chat(client);
      });
    },
  },
  {
    row: 84,
    what: 'one model of the endpoint is sick',
    script: () => (request) => (request.model === 'sick' ? 500 : undefined),
    make: async (client) => {
      const sick = Array.from({ length: 10 }, () => chat(client, 'sick', { maxRetries: 0 }).catch(() => undefined));
      const made = await oneByOne(10, () => chat(client));
      await Promise.all(sick);
      return made;
    },
  },
  {
    row: 85,
    what: 'the endpoint has no embeddings',
    script: () => (request) => (request.route === '/embeddings' ? 404 : undefined),
    make: (client) =>
      oneByOne(8, (index) => (index % 2 ? chat(client) : client.embeddings.create({ model: 'e', input: 'hi' }))),
  },
  {
    row: 86,
    what: 'its key is revoked in the middle of the day',
    script: () => (request) => (request.number > 4 ? 401 : undefined),
    make: (client) => oneByOne(10, () => chat(client)),
  },
];

/** What a series came to: the calls that were not answered, whether all was thrown in the SDK's classes, the slowest. */
export function summary(made: readonly Outcome[]) {
  const errors = made.flatMap(({ error }) => (error === undefined ? [] : [error]));
  return {
    lost: errors.length,
    strange: errors.filter((error) => !(error instanceof OpenAIError)),
    slowest: Math.max(...made.map(({ ms }) => ms)),
  };
}
