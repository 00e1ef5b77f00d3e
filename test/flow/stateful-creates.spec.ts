// The promise: nothing is made twice. Every call of the API that leaves an object behind moves to another endpoint only when nothing
// can exist yet; whatever else goes wrong surfaces at once, and the error says that the object may exist.
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { attemptsOf, LoadBalancedOpenAI } from '../../src/index.ts';
import type { Step as ServerStep } from '../../src/testing/index.ts';
import { failure } from '../support/calls.ts';
import { openStage } from '../support/stage.ts';
import { type Ids, make, STATEFUL_OBJECTS, type Step, take } from '../support/stateful-objects.ts';

/** What can be asked of anybody once more, and what acts on an object without making one. */
const REPEATABLE =
  /^\/(responses|chat|completions|images|audio\/speech)\b|\/(cancel|complete|pause|resume|search|submit_tool_outputs|accept|hangup)$|\}$/;

const idless = (step: Step) => !/\{[a-z ]+\}/.test(JSON.stringify(step));
const posts = STATEFUL_OBJECTS.flatMap(({ name, needs = [], made, used }) => [
  { step: made, needs },
  ...used.map((step) => ({ step, needs: [...needs, name] })),
]).filter(({ step: [verb, path] }) => verb === 'post' && !REPEATABLE.test(path));
/** One of each path, with and without ids. */
const creates = [
  ...new Map(posts.map((each) => [`${each.step[1]} ${idless(each.step)}`, each])).values(),
  { step: ['post', '/responses', { model: 'gpt-5', input: 'hi', background: true }] as Step, needs: [] },
  { step: ['post', '/realtime/client_secrets', { session: { type: 'realtime', model: 'gpt-5' } }] as Step, needs: [] },
];
const anew = creates.filter(({ step }) => idless(step));
const bound = creates.filter(({ step }) => !idless(step));

/** Two servers, and a new client for each call, so that no call is spared what another one met. */
async function servers() {
  let broken: ServerStep | undefined;
  const stage = await openStage(
    { a: ({ method }) => (method === 'POST' ? broken : undefined), b: [] },
    { shareState: false },
  );
  const client = () => new LoadBalancedOpenAI(stage.options);
  return {
    ...stage,
    client,
    breaks: (step: ServerStep | undefined) => {
      broken = step;
    },
    /** What each server was asked while `work` ran. */
    async asked(work: () => Promise<unknown>): Promise<{ came: unknown; asked: string[] }> {
      const before = [stage.servers.a.calls, stage.servers.b.calls];
      const came = await work();
      const since = [stage.servers.a.calls - before[0]!, stage.servers.b.calls - before[1]!];
      return { came, asked: ['a', 'b'].flatMap((name, index) => Array<string>(since[index]!).fill(name)) };
    },
  };
}

const named = ({ step }: { step: Step }) => step[1];

it('the table has all of them', () => {
  expect(anew.map(named).sort()).toEqual(
    [
      ...['/agents', '/agents/automations', '/agents/environments', '/agents/environments/templates'],
      ...['/agents/sessions', '/assistants', '/audio/voice_consents', '/audio/voices', '/chatkit/sessions'],
      ...['/containers', '/conversations', '/evals', '/files', '/live/sessions', '/realtime/client_secrets'],
      ...['/responses', '/skills', '/threads', '/uploads', '/vaults', '/vector_stores', '/videos'],
      ...['/videos/characters', '/webhook_endpoints'],
    ].sort(),
  );
  expect(bound.length).toBeGreaterThan(25);
});

describe('nothing can exist: it moves', () => {
  it.each<[what: string, step: ServerStep | 'refused']>([
    ['a refused connection', 'refused'],
    ['401', 401],
    ['403', 403],
    ['404 of the model', { status: 404, code: 'model_not_found' }],
    ['404 of the operation', { status: 404, body: { detail: 'Not Found' } }],
    ['405', 405],
    ['429', { status: 429, retryAfterMs: 1 }],
    ['503', 503],
  ])('%s', async (_, how) => {
    await using there = await servers();
    if (how === 'refused') await there.servers.a.refuse();
    else there.breaks(how);
    for (const { step } of anew) {
      const { came, asked } = await there.asked(() => take(there.client(), step, {}));
      expect([step[1], asked], 'asked').toEqual([step[1], how === 'refused' ? ['b'] : ['a', 'b']]);
      expect(attemptsOf(came).map(({ endpoint }) => endpoint)).toEqual(['a', 'b']);
    }
  });
});

describe('it may exist: the error surfaces at once', () => {
  const outcomes: [what: string, step: ServerStep][] = [
    ['500', 500],
    ['502', 502],
    ['504', 504],
    ['408', 408],
    ['a reset', 'reset'],
    ['a redirect', { redirect: '/elsewhere', status: 303 }],
  ];

  it.each(outcomes)('%s', async (_, how) => {
    await using there = await servers();
    there.breaks(how);
    for (const { step } of anew) {
      const { came, asked } = await there.asked(() => failure(Promise.resolve(take(there.client(), step, {}))));
      expect(came).toBeInstanceOf(OpenAI.OpenAIError);
      expect([step[1], asked, came]).toMatchObject([step[1], ['a'], { maybeExecuted: true }]);
    }
  });

  it.each(outcomes.slice(0, 1))('%s, also of what names ids', async (_, how) => {
    await using there = await servers();
    for (const { step, needs } of bound) {
      there.breaks(undefined);
      const client = there.client();
      let ids: Ids = {};
      for (const need of needs) ids = await make(client.balancer.pin('a'), need, ids);
      there.breaks(how);
      const { came, asked } = await there.asked(() => failure(take(client, step, ids)));
      expect([step[1], asked, came]).toMatchObject([step[1], ['a'], { maybeExecuted: true }]);
    }
  });
});

describe('streamed uploads', () => {
  const MIB = 1_048_576;
  const part = (facts: string) => Buffer.from(`--edge\r\ncontent-disposition: form-data; ${facts}\r\n\r\n`);
  /** A form that can be read once. By hand, since old versions of the SDK read files into memory themselves. */
  async function* form(mebibytes: number) {
    yield part('name="purpose"');
    yield Buffer.from('batch\r\n');
    yield part('name="file"; filename="x.jsonl"');
    for (let sent = 0; sent < mebibytes; sent++) yield Buffer.alloc(MIB, 'x');
    yield Buffer.from('\r\n--edge--\r\n');
  }
  const upload = (client: LoadBalancedOpenAI, mebibytes: number) =>
    client.post<{ id: string; bytes: number }>('/files', {
      body: ReadableStream.from(form(mebibytes)),
      headers: { 'content-type': 'multipart/form-data; boundary=edge' },
    });

  it('up to 32 MiB move, whole', async () => {
    await using there = await servers();
    there.breaks({ status: 429, retryAfterMs: 1 });
    const made = await upload(there.client(), 20);
    expect([made.id, made.bytes]).toEqual(['file-b-1', 20 * MIB]);
  });

  it('beyond that the first error surfaces, and nobody gets an empty file', async () => {
    await using there = await servers();
    there.breaks({ status: 429, retryAfterMs: 1 });
    const error = await failure(upload(there.client(), 33));
    expect(error).toBeInstanceOf(OpenAI.RateLimitError);
    expect(attemptsOf(error)).toMatchObject([{ endpoint: 'a', status: 429 }]);
    expect(there.servers.b.calls).toBe(0);
    there.breaks(undefined);
    expect((await upload(there.client(), 33)).bytes).toBe(33 * MIB);
  });

  it('beyond that also an endpoint that cannot be reached is the end: what was read cannot be read again', async () => {
    await using there = await servers();
    await there.servers.a.refuse();
    expect(await failure(upload(there.client(), 33))).toBeInstanceOf(OpenAI.APIConnectionError);
    expect(there.servers.b.calls).toBe(0);
  });
});
