// The calls a tracer follows, each alone, over a pool whose first two endpoints fail: however many attempts a call takes, its
// user sees the traces that the plain SDK leaves, no more and no fewer.
import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { explain, LoadBalancedOpenAI } from 'load-balanced-openai';
import { faultServer, type Step } from 'load-balanced-openai/testing';
import OpenAI, { type APIPromise } from 'openai';
import { cutEarly, fault, limited, type Modules, sameAsRaw } from './same-as-raw.ts';

/** What one trace says, whichever library wrote it; `undefined` where it does not say. */
export interface Trace {
  readonly what: string;
  readonly model: unknown;
  readonly input: unknown;
  readonly output: unknown;
  readonly error: unknown;
}

const model = 'gpt-5';
const ask = { model, messages: [{ role: 'user' as const, content: 'Hi' }] };

/** Takes a promise's raw response; where a library left nothing to take it by, the call is over all the same. */
async function took<T, How extends 'withResponse' | 'asResponse'>(how: How, promise: APIPromise<T>) {
  try {
    return await (promise[how]() as ReturnType<APIPromise<T>[How]>);
  } catch (error) {
    const answer: unknown = await promise;
    // A stream that nobody reads would be open until it is collected.
    if (typeof answer === 'object' && answer !== null && Symbol.asyncIterator in answer)
      for await (const _ of answer as AsyncIterable<unknown>) break;
    throw error;
  }
}

/** Each resolves to what its caller sees. */
export const CALLS = {
  chat: async (client: OpenAI) => (await client.chat.completions.create(ask)).choices[0]?.message.content,
  'chat, streamed': async (client: OpenAI) => {
    let text = '';
    const stream_options = { include_usage: true };
    for await (const chunk of await client.chat.completions.create({ ...ask, stream: true, stream_options }))
      text += chunk.choices[0]?.delta.content ?? '';
    return text;
  },
  'chat.completions.parse': async (client: OpenAI) =>
    (await client.chat.completions.parse(ask)).choices[0]?.message.content,
  'chat.completions.stream': (client: OpenAI) => client.chat.completions.stream(ask).finalContent(),
  responses: async (client: OpenAI) => (await client.responses.create({ model, input: 'Hi' })).output_text,
  'responses, streamed': async (client: OpenAI) => {
    let text = '';
    for await (const event of await client.responses.create({ model, input: 'Hi', stream: true }))
      if (event.type === 'response.output_text.delta') text += event.delta;
    return text;
  },
  'responses.stream': async (client: OpenAI) =>
    (await client.responses.stream({ model, input: 'Hi' }).finalResponse()).output_text,
  embeddings: async (client: OpenAI) =>
    (await client.embeddings.create({ model: 'text-embedding-3-small', input: 'Hi' })).data.length,
  withResponse: async (client: OpenAI) => {
    const { data, response } = await took('withResponse', client.chat.completions.create(ask));
    return [response.status, data.choices[0]?.message.content];
  },
  asResponse: async (client: OpenAI) => {
    const response = await took('asResponse', client.chat.completions.create(ask));
    return ((await response.json()) as OpenAI.ChatCompletion).choices;
  },
  withOptions: async (client: OpenAI) =>
    (await client.withOptions({ timeout: 5_000 }).chat.completions.create(ask)).choices[0]?.message.content,
  'asResponse of a stream': async (client: OpenAI) => {
    const response = await took('asResponse', client.chat.completions.create({ ...ask, stream: true }));
    return (await response.text()).match(/"content":"[^"]+"/g);
  },
  'a refused call': async (client: OpenAI) => {
    const error: { status?: unknown; message?: unknown } = await client.chat.completions.create(ask).then(
      () => assert.fail('answered'),
      (thrown) => thrown,
    );
    return { status: error.status, message: error.message };
  },
  'a stream that breaks': async (client: OpenAI) => {
    let text = '';
    try {
      for await (const chunk of await client.chat.completions.create({ ...ask, stream: true }))
        text += chunk.choices[0]?.delta.content ?? '';
    } catch {
      return { text, broke: true };
    }
    return { text, broke: false };
  },
  post: async (client: OpenAI) =>
    (await client.post<OpenAI.ChatCompletion>('/chat/completions', { body: ask })).choices[0]?.message.content,
};

/** What the endpoint that takes the call answers, where it is no plain answer: the plain SDK gets it as well. */
const LAST: Partial<Record<CallName, Step>> = {
  'a refused call': { status: 400, message: 'No.' },
  'a stream that breaks': { stream: 4, cutAfter: 2 },
};

/** The name of one of them. */
export type CallName = keyof typeof CALLS;

/** How a tracer is followed. */
export interface Following {
  /** Turns a client into what the user calls; left out where the tracer needs no telling. */
  wrap?(client: OpenAI): OpenAI;
  /** The traces since it was asked last. */
  traces(): Promise<readonly Trace[]> | readonly Trace[];
  /** Calls that the tracer does not see, also of the plain SDK; every other call leaves one trace. */
  readonly unseen?: readonly CallName[];
  /** Calls whose trace says nothing of the usage, also with the plain SDK. */
  readonly unpriced?: readonly CallName[];
  /** Calls that the library breaks, with the plain SDK and with ours alike. */
  readonly fail?: Partial<Record<CallName, RegExp>>;
  /** Calls that the library breaks with the plain SDK only. */
  readonly failWithRawOnly?: Partial<Record<CallName, RegExp>>;
  /** Calls that the tracer sees of our client and not of the plain SDK. */
  readonly seenOfOursOnly?: readonly CallName[];
  /** Calls at which the library ends the process, with the plain SDK as well. */
  readonly deadly?: readonly CallName[];
  /** The SDK and the library as the tracer met them. */
  readonly modules?: Modules;
}

/** Makes every call both ways and looks at the traces. */
export async function followCalls(following: Following): Promise<void> {
  for (const name of Object.keys(CALLS) as CallName[]) {
    if (following.deadly?.includes(name)) continue;
    await followCall(name, following).catch((error: Error) => {
      throw new Error(`${name}: ${error.message}`, { cause: error });
    });
  }
}

async function followCall(name: CallName, following: Following): Promise<void> {
  const { wrap = (client) => client, traces, modules, fail, failWithRawOnly } = following;
  const { unseen = [], unpriced = [], seenOfOursOnly = [] } = following;
  const streamed = /stream/.test(name) && name !== 'asResponse of a stream';
  const fails = name in LAST;
  const failsWithRaw = fail?.[name];
  let seen: readonly Trace[] = [];
  await sameAsRaw({
    script: [fault(500), fault(streamed ? cutEarly : limited), LAST[name] ?? 'ok'],
    journey: ['a failed', 'b failed', 'c'],
    async work({ client }) {
      await traces();
      const value = await CALLS[name](wrap(client));
      seen = (await traces()).map((trace) =>
        // Ours says of a broken stream what broke, where the SDK's says "terminated".
        name === 'a stream that breaks' ? { ...trace, error: trace.error !== undefined } : trace,
      );
      return seenOfOursOnly.includes(name) ? value : { value, traces: seen };
    },
    ...(modules && { modules }),
    ...(failsWithRaw && { failsWithRaw }),
    ...(failWithRawOnly?.[name] && { failsWithRawOnly: failWithRawOnly[name] }),
  });
  if (failsWithRaw) return;
  const count = unseen.includes(name) ? 0 : 1;
  assert.equal(seen.length, count, `traces: ${JSON.stringify(seen)}`);
  for (const { model: named, input, error } of fails ? [] : seen) {
    assert.match(String(named), /^(gpt-5|text-embedding-3-small)$/);
    if (!unpriced.includes(name)) assert.ok(Number(input) > 0, `usage: ${input}`);
    assert.equal(error ?? null, null);
  }
}

/** Our client under the tracer is still ours in what only ours has, and tells no key. */
export async function staysOurs({ wrap = (client) => client, modules }: Following): Promise<void> {
  const { OpenAI: Sdk, LoadBalancedOpenAI: Ours } = modules ?? { OpenAI, LoadBalancedOpenAI };
  await using server = await faultServer();
  const endpoints = ['a', 'b'].map((name) => ({ name, baseURL: server.url, apiKey: `sk-${name}` }));
  const client = new Ours(endpoints);
  const wrapped = wrap(client) as LoadBalancedOpenAI;
  for (const each of [client, wrapped]) {
    assert.ok(each instanceof Ours && each instanceof Sdk);
    assert.deepEqual(
      each.balancer.snapshot().endpoints.map(({ name }) => name),
      ['a', 'b'],
    );
    for (const shown of [each, each.chat, each.balancer])
      assert.doesNotMatch(
        inspect(shown, { depth: 9, showHidden: true, showProxy: true }) + JSON.stringify(shown),
        /sk-/,
      );
    for (const steered of [
      each.balancer.pin('b'),
      each.withOptions({ timeout: 5_000 }).balancer.with({ endpoint: 'b' }),
    ]) {
      const answer = await steered.chat.completions.create(ask);
      assert.equal(explain(answer).split(' ')[0], 'b');
    }
    // Awaited inside: some wrappers make the call when somebody awaits it.
    await each.balancer.run({ endpoint: 'b' }, async () => await each.responses.create({ model, input: 'Hi' }));
  }
  for (const { headers } of server.requests) assert.equal(headers.authorization, 'Bearer sk-b');
  await wrapped.close();
}

/** Makes every call under the tracer that `TRACER` names, and says so. */
export async function followTraced(modules: Modules): Promise<void> {
  const { following }: { following: Following } = await import(process.env.TRACER ?? '');
  try {
    await followCalls({ ...following, modules });
    await staysOurs({ ...following, modules });
  } catch (error) {
    console.error(error);
    // What is left open would keep the process.
    process.exit(1);
  }
  console.log('Every call was followed.');
}
