// The promise: the whole API behaves like one account. Whatever an endpoint made is found there again by every later call, wherever
// the call names it; also when the pool heard of it from a list or a stream only.
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chat } from '../support/calls.ts';
import { openStage, type Stage } from '../support/stage.ts';
import { make, STATEFUL_OBJECTS, type Step, take } from '../support/stateful-objects.ts';

const NAMES = ['a', 'b', 'c'] as const;
type Name = (typeof NAMES)[number];

let stage: Stage<Name>;
beforeAll(async () => {
  stage = await openStage({ a: [], b: [], c: [] }, { strategy: 'round-robin' });
});
afterAll(() => stage[Symbol.asyncDispose]());

const visits = () => NAMES.map((name) => stage.servers[name].calls);
/** Which servers were asked while `work` ran. */
async function asked(work: () => PromiseLike<unknown>): Promise<string> {
  const before = visits();
  await work();
  return NAMES.flatMap((name, index) => Array<string>(visits()[index]! - before[index]!).fill(name)).join(' ');
}
const plain = (name: Name) => new OpenAI({ apiKey: stage.keys[name], baseURL: stage.servers[name].url, maxRetries: 0 });

describe.each(STATEFUL_OBJECTS)('$name', ({ name, listed, used }) => {
  it('is found where it was made', async () => {
    for (const owner of NAMES) {
      const ids = await make(stage.client.balancer.pin(owner), name);
      for (const step of used)
        expect([step, await asked(() => take(stage.client, step, ids))], `made at ${owner}`).toEqual([step, owner]);
    }
  });

  it.runIf(listed)('is found when it was only seen in a list', async () => {
    for (const owner of NAMES) {
      const ids = await make(plain(owner), name);
      await take(stage.client.balancer.pin(owner), ['get', listed as string], ids);
      const [first] = used;
      expect(await asked(() => take(stage.client, first!, ids)), `made at ${owner}`).toBe(owner);
    }
  });
});

/** Reads events until one tells what is looked for. */
async function until(events: AsyncIterable<unknown>, tells: (event: Loose) => unknown): Promise<string> {
  for await (const event of events) {
    const told = tells(event as Loose);
    if (typeof told === 'string') return told;
  }
  throw new Error('No event told it.');
}
type Loose = Record<string, Record<string, unknown>>;
const body = { model: 'gpt-5', input: 'hi', stream: true };

describe('what only a stream told', () => {
  it.each<[string, string, object, (event: Loose) => unknown, Step]>([
    ['a response', '/responses', body, ({ response }) => response?.id, ['get', '/responses/{told}']],
    [
      'an item',
      '/responses',
      body,
      (event) => String(event.type) === 'response.output_item.done' && event.item?.id,
      ['post', '/responses', { model: 'gpt-5', input: [{ type: 'item_reference', id: '{told}' }] }],
    ],
    [
      'encrypted reasoning',
      '/responses',
      { ...body, store: false, include: ['reasoning.encrypted_content'] },
      (event) => String(event.type) === 'response.output_item.done' && event.item?.encrypted_content,
      [
        'post',
        '/responses',
        { model: 'gpt-5', input: [{ type: 'reasoning', summary: [], encrypted_content: '{told}' }] },
      ],
    ],
    [
      'a container',
      '/responses',
      { ...body, tools: [{ type: 'code_interpreter', container: { type: 'auto' } }] },
      (event) => String(event.type) === 'response.output_item.done' && event.item?.container_id,
      ['get', '/containers/{told}'],
    ],
    [
      'a thread',
      '/threads/runs',
      { assistant_id: '{assistant}', stream: true },
      ({ data }) => data?.thread_id,
      ['get', '/threads/{told}/messages'],
    ],
  ])('%s is found, the stream left right after', async (_, path, sent, tells, step) => {
    for (const owner of NAMES) {
      const client = stage.client.balancer.pin(owner);
      const ids = path === '/threads/runs' ? await make(client, 'assistant') : {};
      const filled = JSON.parse(JSON.stringify(sent).replace('{assistant}', ids.assistant ?? '')) as object;
      const events = (await client.post(path, { body: filled, stream: true })) as AsyncIterable<unknown>;
      const told = await until(events, tells);
      expect(await asked(() => take(stage.client, step, { told }))).toBe(owner);
    }
  });

  it('a run and a message of it are found', async () => {
    for (const owner of NAMES) {
      const client = stage.client.balancer.pin(owner);
      const { assistant } = await make(client, 'assistant');
      const stream = client.beta.threads.createAndRunStream({ assistant_id: assistant! });
      const { thread_id, id } = await stream.finalRun();
      const [message] = await stream.finalMessages();
      expect(await asked(() => stage.client.beta.threads.runs.retrieve(id, { thread_id }))).toBe(owner);
      expect(await asked(() => stage.client.beta.threads.messages.retrieve(message!.id, { thread_id }))).toBe(owner);
    }
  });
});

it('a realtime call is found by the header that names it, also through asResponse()', async () => {
  for (const owner of NAMES) {
    const client = stage.client.balancer.pin(owner);
    const made = () => client.post('/realtime/calls', { body: { sdp: 'v=0' }, __binaryResponse: true } as object);
    for (const reply of [(await made()) as Response, await made().asResponse()]) {
      const id = reply.headers.get('location')?.split('/').at(-1);
      expect(id).toMatch(/^rtc_/);
      for (const action of ['accept', 'refer', 'hangup'])
        expect(await asked(() => stage.client.post(`/realtime/calls/${id}/${action}`, { body: {} }))).toBe(owner);
    }
  }
});

describe('a chat', () => {
  const model = 'gpt-5';
  const hi = { role: 'user', content: 'hi' } as const;
  const seal = (name: string) => `sealed by ${name} ${'.'.repeat(400)}`;
  const details = (data: string) => [{ type: 'reasoning.encrypted', data }];
  const ask = (client: OpenAI, messages: object[]) =>
    client.chat.completions.create({ model, messages: messages as [typeof hi] });

  it('goes on where its audio is', async () => {
    for (const owner of NAMES) {
      const message = { role: 'assistant', content: null, audio: { id: `audio_${owner}`, data: '', transcript: 'x' } };
      stage.servers[owner].script([{ status: 200, body: { id: 'x', choices: [{ message, finish_reason: 'stop' }] } }]);
      await ask(stage.client.balancer.pin(owner), [hi]);
      stage.servers[owner].script([]);
      expect(
        await asked(() => ask(stage.client, [hi, { role: 'assistant', audio: { id: `audio_${owner}` } }, hi])),
      ).toBe(owner);
    }
  });

  it.each([false, true])('goes on where its encrypted reasoning can be read; streamed: %s', async (stream) => {
    for (const owner of NAMES) {
      const said = { role: 'assistant', content: 'x', reasoning_details: details(seal(`${owner}${stream}`)) };
      const choice = stream ? { delta: said } : { message: said };
      const answer = { id: 'x', choices: [{ index: 0, ...choice, finish_reason: 'stop' }] };
      stage.servers[owner].script(stream ? [{ stream: [answer] }] : [{ status: 200, body: answer }]);
      const client = stage.client.balancer.pin(owner);
      if (stream) for await (const _ of await client.chat.completions.create({ model, messages: [hi], stream }));
      else await ask(client, [hi]);
      stage.servers[owner].script([]);
      expect(await asked(() => ask(stage.client, [hi, said, hi]))).toBe(owner);
    }
  });

  it('with reasoning that nobody here sealed goes anywhere', async () => {
    const said = { role: 'assistant', content: 'x', reasoning_details: details(seal('nobody')) };
    const served = new Set<string>();
    for (let round = 0; round < 3; round++) served.add(await asked(() => ask(stage.client, [hi, said, hi])));
    expect([...served].sort()).toEqual(['a', 'b', 'c']);
  });
});

describe('a fine-tuned model', () => {
  const model = 'ft:gpt-5:org::1';
  const job = { id: 'ftjob-1', object: 'fine_tuning.job', fine_tuned_model: model };
  const learn = (from: Stage<Name>, owner: Name) => {
    from.servers[owner].script([{ status: 200, body: job }]);
    return from.client.balancer.pin(owner).fineTuning.jobs.retrieve('ftjob-1');
  };
  const rounds = async (on: Stage<Name>) => {
    const before = NAMES.map((name) => on.servers[name].calls);
    for (let round = 0; round < 6; round++) await chat(on.client, { model });
    return NAMES.map((name, index) => on.servers[name].calls - before[index]!);
  };
  const rr = { strategy: 'round-robin' } as const;

  it('of unknown origin is a name like any other', async () => {
    await using pool = await openStage({ a: [], b: [], c: [] }, rr);
    expect(await rounds(pool)).toEqual([2, 2, 2]);
  });

  it('is asked where it was made', async () => {
    await using pool = await openStage({ a: [], b: [], c: [] }, rr);
    await learn(pool, 'b');
    expect(await rounds(pool)).toEqual([0, 6, 0]);
  });

  it('is asked elsewhere too when another endpoint names it', async () => {
    const c = { script: [], modelMap: { [model]: 'my-copy' } };
    await using pool = await openStage({ a: [], b: [], c }, rr);
    await learn(pool, 'b');
    expect(await rounds(pool)).toEqual([2, 2, 2]);
  });

  it('is free again when its endpoint is gone: another key of the account may be there', async () => {
    await using pool = await openStage({ a: [], b: [], c: [] }, rr);
    await learn(pool, 'b');
    await pool.client.balancer.drain('b');
    expect(await rounds(pool)).toEqual([3, 0, 3]);
  });
});
