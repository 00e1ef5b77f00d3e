// The promise: what makes several calls about one object stays where the object is: pollers, uploads in parts, runs, background
// responses, uploads into a vector store. Beside other calls of every kind, under round robin, on three endpoints.
import OpenAI from 'openai';
import { describe, expect, it, vi } from 'vitest';
import { AffinityError, type LoadBalancedOpenAI } from '../../src/index.ts';
import type { Script } from '../../src/testing/index.ts';
import { chat, failure, tally } from '../support/calls.ts';
import { openStage, type Stage } from '../support/stage.ts';

const text = (name = 'a.txt') => new File(['hello'], name);
const soon = { pollIntervalMs: 1 };

/** What is left of a background response that is read as a stream. */
const RESUMED = [
  'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n',
  'data: {"type":"response.output_text.delta","sequence_number":3,"delta":"lo"}\n\n',
  'data: {"type":"response.completed","sequence_number":4,"response":{"status":"completed","output":[]}}\n\n',
];

/** Objects are not ready when they are read for the first two times. */
function slow(): Script {
  const seen = new Map<string, number>();
  return ({ method, route, query }) => {
    if (method === 'GET' && query.stream === 'true') return { raw: RESUMED, end: 'close' };
    const [, collection, id] = /\/(files|file_batches|runs)\/([^/]+)$/.exec(route) ?? [];
    if (method !== 'GET' || id === undefined) return undefined;
    const times = (seen.get(route) ?? 0) + 1;
    seen.set(route, times);
    const status = collection === 'files' && route.startsWith('/files') ? 'uploaded' : 'in_progress';
    return times > 2 ? undefined : { status: 200, body: { id, status, thread_id: route.split('/')[2] } };
  };
}

const open = () =>
  openStage({ a: slow(), b: slow(), c: slow() }, { strategy: 'round-robin', affinity: { spread: true } });
/** The endpoint that made an id: the servers put their name into it. */
const maker = (id: string) => /[_-]([abc])-/.exec(id)?.[1] as 'a' | 'b' | 'c';

/** Calls of other kinds, going on until the work is over. */
async function beside(client: LoadBalancedOpenAI, work: Promise<unknown>): Promise<void> {
  let over = false;
  const others = async () => {
    while (!over) {
      await chat(client);
      await client.files.create({ file: text(), purpose: 'batch' });
      await client.responses.create({ model: 'gpt-5', input: 'hi' });
    }
  };
  const done = work.finally(() => {
    over = true;
  });
  await Promise.all([done, others(), others()]);
}

type Chain = (client: LoadBalancedOpenAI) => Promise<string>;
const chains: Record<string, Chain> = {
  'vectorStores.files.uploadAndPoll': async (client) => {
    const { id } = await client.vectorStores.create({});
    const file = await client.vectorStores.files.uploadAndPoll(id, text(), soon);
    expect([maker(file.id), file.status]).toEqual([maker(id), 'completed']);
    return id;
  },
  'vectorStores.files.upload, then createAndPoll': async (client) => {
    const { id } = await client.vectorStores.create({});
    const first = await client.vectorStores.files.upload(id, text());
    const again = await client.vectorStores.files.createAndPoll(id, { file_id: first.id }, soon);
    expect([maker(first.id), again.status]).toEqual([maker(id), 'completed']);
    return id;
  },
  'vectorStores.fileBatches.uploadAndPoll': async (client) => {
    const { id } = await client.vectorStores.create({});
    const files = ['1', '2', '3', '4', '5', '6'].map(text);
    const batch = await client.vectorStores.fileBatches.uploadAndPoll(id, { files }, { ...soon, maxConcurrency: 3 });
    expect(batch.status).toBe('completed');
    return id;
  },
  'uploads in parts': async (client) => {
    const { id } = await client.uploads.create({ bytes: 9, filename: 'x', mime_type: 'text/plain', purpose: 'batch' });
    const parts = await Promise.all([1, 2, 3].map(() => client.uploads.parts.create(id, { data: text() })));
    const done = await client.uploads.complete(id, { part_ids: parts.map((part) => part.id) });
    const file = await client.files.waitForProcessing(done.file?.id as string, { pollInterval: 1 });
    expect([maker(file.id), file.status]).toEqual([maker(id), 'processed']);
    return id;
  },
  'files.waitForProcessing': async (client) => {
    const { id } = await client.files.create({ file: text(), purpose: 'batch' });
    expect((await client.files.waitForProcessing(id, { pollInterval: 1 })).status).toBe('processed');
    return id;
  },
  'threads.createAndRunPoll and the messages after it': async (client) => {
    const assistant = await client.beta.assistants.create({ model: 'gpt-5' });
    const run = await client.beta.threads.createAndRunPoll({ assistant_id: assistant.id }, soon);
    expect([maker(run.thread_id), run.status]).toEqual([maker(assistant.id), 'completed']);
    await client.beta.threads.messages.create(run.thread_id, { role: 'user', content: 'and?' });
    const more = { assistant_id: assistant.id };
    const next = await client.beta.threads.runs.createAndPoll(run.thread_id, more, soon);
    const outputs = { thread_id: run.thread_id, tool_outputs: [] };
    await client.beta.threads.runs.submitToolOutputsAndPoll(next.id, outputs, soon);
    return run.thread_id;
  },
  'threads.createAndRunStream and the messages after it': async (client) => {
    const assistant = await client.beta.assistants.create({ model: 'gpt-5' });
    const run = await client.beta.threads.createAndRunStream({ assistant_id: assistant.id }).finalRun();
    const { data } = await client.beta.threads.messages.list(run.thread_id);
    expect([maker(run.thread_id), data.length]).toEqual([maker(assistant.id), 1]);
    await client.beta.threads.runs.stream(run.thread_id, { assistant_id: assistant.id }).finalMessages();
    return run.thread_id;
  },
  'a background response: polled, resumed as a stream, cancelled': async (client) => {
    const { id, status } = await client.responses.create({ model: 'gpt-5', input: 'hi', background: true });
    expect(status).toBe('queued');
    for (let poll = 0; poll < 3; poll++) expect((await client.responses.retrieve(id)).id).toBe(id);
    const types: string[] = [];
    for await (const event of await client.responses.retrieve(id, { stream: true, starting_after: 2 }))
      types.push(event.type);
    expect(types).toContain('response.completed');
    expect((await client.responses.cancel(id)).status).toBe('cancelled');
    return id;
  },
  'turns on previous_response_id': async (client) => {
    let { id } = await client.responses.create({ model: 'gpt-5', input: 'hi' });
    const first = id;
    for (let turn = 0; turn < 4; turn++)
      ({ id } = await client.responses.create({ model: 'gpt-5', input: 'and?', previous_response_id: id }));
    expect(maker(id)).toBe(maker(first));
    return first;
  },
  'rounds of tools on stored state': async (client) => {
    const tools = [{ type: 'function', name: 'add', parameters: {}, strict: false } as const];
    let { id } = await client.responses.create({ model: 'gpt-5', input: 'hi', tools });
    const first = id;
    for (let round = 0; round < 3; round++) {
      const input = [{ type: 'function_call_output', call_id: `call_${round}`, output: '3' } as const];
      const stream = client.responses.stream({ model: 'gpt-5', input, tools, previous_response_id: id });
      ({ id } = await stream.finalResponse());
      expect(maker(id)).toBe(maker(first));
    }
    return first;
  },
  'turns in a conversation': async (client) => {
    const { id } = await client.conversations.create({});
    for (let turn = 0; turn < 4; turn++) {
      const answer = await client.responses.create({ model: 'gpt-5', input: 'and?', conversation: id });
      expect(maker(answer.id)).toBe(maker(id));
    }
    return id;
  },
  'a stream left after its first event': async (client) => {
    let id = '';
    for await (const event of await client.responses.create({ model: 'gpt-5', input: 'hi', stream: true })) {
      if (event.type === 'response.created') id = event.response.id;
      break;
    }
    expect((await client.responses.retrieve(id)).id).toBe(id);
    return id;
  },
};

const RUNS = 6;

describe('stays where its object is', () => {
  it.each(Object.entries(chains))('%s', async (_, chain) => {
    await using stage = await open();
    const { client, servers } = stage;
    const ids: string[] = [];
    await beside(client, Promise.all(Array.from({ length: RUNS }, async () => void ids.push(await chain(client)))));
    expect(ids).toHaveLength(RUNS);
    // Beside others the turns are not exactly even, but nobody has them all.
    expect(Object.keys(tally(ids.map(maker))).length).toBeGreaterThan(1);
    // Whoever is asked for what another one made says 404.
    const strangers = Object.entries(servers).flatMap(([name, { requests }]) =>
      requests.filter(({ route }) => /[_-][abc]-/.test(route) && maker(route) !== name),
    );
    expect(strangers).toEqual([]);
  });
});

describe('uploads into a vector store', () => {
  const made = ({ servers }: Stage<'a' | 'b' | 'c'>) =>
    Object.fromEntries(
      Object.entries(servers).map(([name, { requests }]) => [
        name,
        requests.filter(({ method, route }) => method === 'POST' && route === '/files').length,
      ]),
    );
  const elsewhere = () =>
    openStage({ a: [], b: { script: [], server: { objects: { vector_stores: 1 } } }, c: [] }, { maxRetries: 0 });

  it('go to the owner of a store that was made elsewhere, which is looked for once', async () => {
    await using stage = await elsewhere();
    const { vectorStores, files } = stage.client;
    const batch = vectorStores.fileBatches.uploadAndPoll('vs_b-1', { files: ['1', '2', '3'].map(text) }, soon);
    const alone = vectorStores.files.uploadAndPoll('vs_b-1', text(), soon);
    const other = files.create({ file: text(), purpose: 'assistants' });
    await Promise.all([batch, alone, other]);
    expect(made(stage)).toEqual({ a: 1, b: 4, c: 0 });
    const reads = stage.servers.c.requests.filter(({ route }) => route === '/vector_stores/vs_b-1');
    expect(reads).toHaveLength(1);
  });

  it('refuse files of another endpoint beside them, and a store of another one than the pinned', async () => {
    await using stage = await elsewhere();
    const { client } = stage;
    const { id } = await client.files.create({ file: text(), purpose: 'assistants' });
    const both = { files: [text()], fileIds: [id] };
    const mixed = await failure(client.vectorStores.fileBatches.uploadAndPoll('vs_b-1', both, soon));
    expect(mixed).toBeInstanceOf(AffinityError);
    expect(mixed.message).toContain(id);
    const pinned = client.balancer.pin('c').vectorStores.files.upload('vs_b-1', text());
    expect(await failure(pinned)).toBeInstanceOf(AffinityError);
    expect(made(stage)).toEqual({ a: 1, b: 1, c: 0 });
  });

  it('also where spies and tracers sit on the methods', async () => {
    await using stage = await elsewhere();
    const { client } = stage;
    const spy = vi.spyOn(client.vectorStores.files, 'upload');
    const proto = Object.getPrototypeOf(client.vectorStores.files) as typeof client.vectorStores.files;
    const traced = vi.spyOn(proto, 'uploadAndPoll');
    await client.vectorStores.files.uploadAndPoll('vs_b-1', text(), soon);
    expect([spy.mock.calls.length, traced.mock.calls.length]).toEqual([1, 1]);
    traced.mockRestore();
    const wrapped = new Proxy(client.vectorStores.files, {});
    await wrapped.upload('vs_b-1', text());
    expect(made(stage)).toEqual({ a: 0, b: 2, c: 0 });
    // Nothing of it shows on the resource.
    expect(Object.keys(client.vectorStores.files)).toEqual(Object.keys(new OpenAI({ apiKey: 'x' }).vectorStores.files));
  });

  it("keep the caller's own options, and say nothing of the store to the server", async () => {
    await using stage = await elsewhere();
    const options = Object.freeze({ headers: Object.freeze({ 'x-own': 'yes' }), maxRetries: 0 });
    await stage.client.vectorStores.files.upload('vs_b-1', text(), options);
    const uploads = stage.servers.b.requests.filter(({ method }) => method === 'POST');
    expect(uploads.map(({ headers }) => headers['x-own'])).toEqual(['yes', 'yes']);
    expect(JSON.stringify(uploads[0]?.body)).not.toContain('vs_b-1');
  });
});
