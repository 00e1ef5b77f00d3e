// The SDK's helpers that make requests of their own: tool runners, parsers, Responses, assistants, pollers.
import { expect } from 'vitest';
import { ALL, ANSWER, ASK, type Bench, behaviour, POOLS } from '../support/bench.ts';
import { chatChunk, chatCompletion, DONE } from '../support/wire.ts';

const schema = {
  type: 'object',
  properties: { city: { type: 'string' } },
  required: ['city'],
  additionalProperties: false,
};
const json_schema = { name: 'place', strict: true, schema };
const weather = (asked: unknown[]) => ({
  type: 'function' as const,
  function: {
    name: 'weather',
    description: 'The weather',
    parameters: schema,
    parse: JSON.parse as (text: string) => { city: string },
    function: (args: { city: string }) => {
      asked.push(args);
      return 'sunny';
    },
  },
});
/** Thrown by stream() since openai 7 only. */
export const CUT_STREAM = 'a stream cut by length ends in LengthFinishReasonError';
/** Filled by stream() since some later openai 6. */
export const STREAMED_OUTPUT_TEXT = 'the final response of responses.stream() has output_text';

const served = (bench: Bench) => new Set(bench.seen.map((request) => request.name));

/** Helpers. */
export const helpers = [
  behaviour('runTools runs the tool between two rounds', ALL, async (bench) => {
    const asked: unknown[] = [];
    const runner = bench.client().chat.completions.runTools({ ...ASK, tools: [weather(asked)] });
    expect(await runner.finalContent()).toBe(ANSWER);
    expect(asked).toEqual([{ city: 'Paris' }]);
    expect(bench.seen).toHaveLength(2);
    expect(bench.seen[1]?.json.messages).toMatchObject([
      { role: 'user' },
      { role: 'assistant', tool_calls: [{ id: 'call_1' }] },
      { role: 'tool', tool_call_id: 'call_1', content: 'sunny' },
    ]);
    expect(bench.seen[0]?.headers['x-stainless-helper-method']).toBe('runTools');
  }),

  behaviour('runTools as a stream does the same', ALL, async (bench) => {
    const asked: unknown[] = [];
    const runner = bench.client().chat.completions.runTools({ ...ASK, stream: true, tools: [weather(asked)] });
    let text = '';
    for await (const chunk of runner) text += chunk.choices[0]?.delta.content ?? '';
    expect(text).toBe(ANSWER);
    expect(asked).toEqual([{ city: 'Paris' }]);
    expect(bench.seen).toHaveLength(2);
  }),

  behaviour('a tool call streamed in pieces comes out whole', ALL, async (bench) => {
    const { function: tool } = weather([]);
    const tools = [{ type: 'function' as const, function: { name: tool.name, parameters: schema } }];
    const message = await bench
      .client()
      .chat.completions.stream({ ...ASK, tools })
      .finalMessage();
    expect(message.tool_calls?.[0]).toMatchObject({
      id: 'call_1',
      function: { name: 'weather', arguments: '{"city":"Paris"}' },
    });
  }),

  behaviour('chat.completions.parse parses the answer by its schema', ALL, async (bench) => {
    const call = bench
      .client()
      .chat.completions.parse({ ...ASK, response_format: { type: 'json_schema', json_schema } });
    const { data, request_id } = await call.withResponse();
    expect(data.choices[0]?.message.parsed).toEqual({ city: 'Paris' });
    expect(request_id).toBe(`req_${bench.seen[0]?.name}_0`);
  }),

  behaviour(
    "an answer cut by length is the caller's LengthFinishReasonError, after one request",
    ALL,
    async (bench) => {
      bench.on(() => ({ json: chatCompletion('gpt-5', '{"ci', {}, 'length') }));
      const call = bench
        .client()
        .chat.completions.parse({ ...ASK, response_format: { type: 'json_schema', json_schema } });
      await expect(call).rejects.toThrow(/length limit/);
      expect(bench.seen).toHaveLength(1);
    },
  ),

  behaviour(CUT_STREAM, ALL, async (bench) => {
    bench.on(() => ({
      sse: [chatChunk('gpt-5', { role: 'assistant', content: '{"ci' }), chatChunk('gpt-5', {}, 'length'), DONE],
    }));
    const runner = bench
      .client()
      .chat.completions.stream({ ...ASK, response_format: { type: 'json_schema', json_schema } });
    await expect(runner.done()).rejects.toThrow(/length limit/);
    expect(bench.seen).toHaveLength(1);
  }),

  behaviour('responses.create gives the response with output_text', ALL, async (bench) => {
    const response = await bench.client().responses.create({ model: 'gpt-5', input: 'Say hello' });
    expect(response.output_text).toBe(ANSWER);
    expect(response._request_id).toBe(`req_${bench.seen[0]?.name}_0`);
  }),

  behaviour('responses.create as a stream gives every event in order', ALL, async (bench) => {
    const stream = await bench.client().responses.create({ model: 'gpt-5', input: 'Say hello', stream: true });
    const types: string[] = [];
    for await (const event of stream) types.push(event.type);
    expect(types[0]).toBe('response.created');
    expect(types.filter((type) => type === 'response.output_text.delta')).toHaveLength(4);
    expect(types.at(-1)).toBe('response.completed');
  }),

  behaviour('responses.stream() emits deltas and resolves the final response', ALL, async (bench) => {
    const runner = bench.client().responses.stream({ model: 'gpt-5', input: 'Say hello' });
    let text = '';
    runner.on('response.output_text.delta', (event) => {
      text += event.delta;
    });
    const final = await runner.finalResponse();
    expect(text).toBe(ANSWER);
    expect(final.output).toMatchObject([{ type: 'message', content: [{ text: ANSWER }] }]);
    expect(final.status).toBe('completed');
  }),

  behaviour(STREAMED_OUTPUT_TEXT, ALL, async (bench) => {
    const final = await bench.client().responses.stream({ model: 'gpt-5', input: 'Say hello' }).finalResponse();
    expect(final.output_text).toBe(ANSWER);
  }),

  behaviour('responses.stream() as an iterator', ALL, async (bench) => {
    const types: string[] = [];
    for await (const event of bench.client().responses.stream({ model: 'gpt-5', input: 'Say hello' }))
      types.push(event.type);
    expect([types[0], types.at(-1)]).toEqual(['response.created', 'response.completed']);
  }),

  behaviour('responses.parse parses the answer by its schema', ALL, async (bench) => {
    const text = { format: { type: 'json_schema' as const, ...json_schema } };
    const response = await bench.client().responses.parse({ model: 'gpt-5', input: 'Where?', text });
    expect(response.output_parsed).toEqual({ city: 'Paris' });
  }),

  behaviour('a response is read, listed, cancelled and deleted where it was made', ALL, async (bench) => {
    const client = bench.client();
    await client.chat.completions.create(ASK);
    const { id } = await client.responses.create({ model: 'gpt-5', input: 'x' });
    const at = bench.seen.at(-1)?.name;
    expect((await client.responses.retrieve(id)).id).toBe(id);
    expect((await client.responses.cancel(id)).id).toBe(id);
    expect((await client.responses.inputItems.list(id)).data).toHaveLength(2);
    expect((await client.responses.create({ model: 'gpt-5', input: 'y', previous_response_id: id })).id).toBeTruthy();
    await client.responses.delete(id);
    expect(new Set(bench.seen.slice(1).map((request) => request.name))).toEqual(new Set([at]));
  }),

  behaviour('createAndPoll on a thread: create and every poll at one endpoint', ALL, async (bench) => {
    const client = bench.client();
    await client.chat.completions.create(ASK);
    const thread = await client.beta.threads.create();
    const { status } = await client.beta.threads.runs.createAndPoll(thread.id, { assistant_id: 'asst_any' });
    expect(status).toBe('completed');
    expect(bench.seen.length).toBeGreaterThanOrEqual(5);
    expect(new Set(bench.seen.slice(1).map((request) => request.name)).size).toBe(1);
  }),

  behaviour('a poller on an id nobody here made stays on one endpoint', ALL, async (bench) => {
    const client = bench.client();
    await client.chat.completions.create(ASK);
    const { status } = await client.beta.threads.runs.createAndPoll('thread_any', { assistant_id: 'asst_any' });
    expect(status).toBe('completed');
    const creates = bench.seen.filter(({ method }) => method === 'POST').slice(1);
    expect(creates).toHaveLength(1);
    const polls = bench.seen.filter(({ method }) => method === 'GET').slice(-2);
    expect(new Set([...creates, ...polls].map((request) => request.name)).size).toBe(1);
  }),

  behaviour('threads.runs.stream gives the events of the assistants API', ALL, async (bench) => {
    const client = bench.client();
    const thread = await client.beta.threads.create();
    const runner = client.beta.threads.runs.stream(thread.id, { assistant_id: 'asst_any' });
    let text = '';
    runner.on('textDelta', (delta) => {
      text += delta.value ?? '';
    });
    expect((await runner.finalRun()).status).toBe('completed');
    expect(text).toBe(ANSWER);
    expect(served(bench).size).toBe(1);
  }),

  behaviour(
    'vectorStores: uploadAndPoll puts file, attachment and polls at the owner of the store',
    ALL,
    async (bench) => {
      const client = bench.client();
      await client.chat.completions.create(ASK);
      const store = await client.vectorStores.create({});
      const file = await bench.sdk.toFile(Buffer.from('content'), 'a.txt');
      const done = await client.vectorStores.files.uploadAndPoll(store.id, file);
      expect(done.status).toBe('completed');
      expect(new Set(bench.seen.slice(1).map((request) => request.name)).size).toBe(1);
    },
  ),

  behaviour('vectorStores: a file batch of two files, all at the owner of the store', ALL, async (bench) => {
    const client = bench.client();
    const store = await client.vectorStores.create({});
    const files = await Promise.all(['a', 'b'].map((name) => bench.sdk.toFile(Buffer.from(name), `${name}.txt`)));
    const done = await client.vectorStores.fileBatches.uploadAndPoll(store.id, { files });
    expect(done.status).toBe('completed');
    expect(served(bench).size).toBe(1);
  }),

  behaviour('files.waitForProcessing asks the endpoint that has the file', ALL, async (bench) => {
    const client = bench.client();
    await client.chat.completions.create(ASK);
    const file = await client.files.create({
      purpose: 'batch',
      file: await bench.sdk.toFile(Buffer.from('{}'), 'a.jsonl'),
    });
    expect((await client.files.waitForProcessing(file.id)).status).toBe('processed');
    expect(new Set(bench.seen.slice(1).map((request) => request.name)).size).toBe(1);
  }),

  behaviour('each round of runTools may go to another endpoint', POOLS, async (bench) => {
    const rounds = bench.client().chat.completions.runTools({ ...ASK, tools: [weather([])] });
    await rounds.done();
    expect(served(bench).size).toBe(Math.min(2, bench.upstreams.length));
  }),
];
