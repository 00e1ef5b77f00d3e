// Why a call went where it went: who stood to choose and by which figures, who did not, who was picked, how long it waited, why it ended.
import { afterEach, describe, expect, it } from 'vitest';
import { attemptsOf, type Decision, decisionsOf, type LoadBalancedOpenAI } from '../../src/index.ts';
import { CLIENT_STATE, type ClientState } from '../../src/sdk/client-state.ts';
import { rawCall } from '../../src/sdk/raw-call.ts';
import { openStage } from '../support/stage.ts';

interface Asked {
  readonly response: Response | undefined;
  readonly error: unknown;
  readonly decisions: Decision[];
}

/** One chat call. */
async function ask(client: LoadBalancedOpenAI, model = 'gpt-5'): Promise<Asked> {
  const state = (client as unknown as { readonly [CLIENT_STATE]: ClientState })[CLIENT_STATE];
  const body = JSON.stringify({ model, messages: [{ role: 'user', content: 'hi' }] });
  const headers = new Headers({ 'content-type': 'application/json' });
  const request = { method: 'post', path: '/chat/completions', headers, body };
  try {
    const response = await rawCall(state.caller(client), request);
    await response.arrayBuffer();
    return { response, error: undefined, decisions: decisionsOf(response) };
  } catch (error) {
    return { response: undefined, error, decisions: decisionsOf(error) };
  }
}

/** Without the times and figures. */
const plain = (decisions: readonly Decision[]) =>
  decisions.map(({ ms: _, waitMs: __, figures: ___, basis: ____, budget: _____, ...rest }) => rest);

let close: () => Promise<void> = async () => undefined;
afterEach(() => close());

async function stageOf(...given: Parameters<typeof openStage>) {
  const stage = await openStage(...given);
  close = async () => stage[Symbol.asyncDispose]();
  return stage;
}

describe('the decisions of a call', () => {
  it('name those who stood to choose, who was picked and by what', async () => {
    const { client } = await stageOf({ a: [], b: [] }, { strategy: 'round-robin' });
    const { decisions } = await ask(client);
    expect(plain(decisions)).toEqual([{ eligible: ['a', 'b'], excluded: [], picked: 'a', reason: 'round-robin' }]);
    expect(decisions[0]?.ms).toBeGreaterThanOrEqual(0);
  });

  it('say why the others did not: drained, of another model, ejected, cooling down, tried', async () => {
    const { client } = await stageOf({
      a: [503],
      b: { script: [], models: ['other'] },
      c: [],
      d: { script: [{ status: 429, headers: { 'retry-after': '30' } }] },
    });
    await client.balancer.drain('c');
    const { decisions, response } = await ask(client);
    expect(
      attemptsOf(response)
        .map(({ endpoint }) => endpoint)
        .slice(0, 2),
    ).toEqual(['a', 'd']);
    const b = { endpoint: 'b', reason: "has no model 'gpt-5' (models)" };
    const c = { endpoint: 'c', reason: 'drained' };
    const failed = { endpoint: 'a', reason: 'failed this call' };
    expect(plain(decisions).slice(0, 2)).toEqual([
      { eligible: ['a', 'd'], excluded: [b, c], picked: 'a', reason: 'priority(round-robin)' },
      { eligible: ['d'], excluded: [failed, b, c], picked: 'd', reason: 'priority(round-robin)' },
    ]);
    const later = await ask(client);
    expect(later.decisions[0]?.excluded.at(-1)).toEqual({
      endpoint: 'd',
      reason: expect.stringMatching(/^cooling down \(429\), for (29|30) s$/),
    });
  });

  it('tell of waits as long as they were, and of what was decided after them', async () => {
    const { client } = await stageOf({ a: [{ status: 429, headers: { 'retry-after-ms': '300' } }] });
    const { decisions } = await ask(client);
    expect(decisions.map(({ picked }) => picked)).toEqual(['a', undefined, 'a']);
    const [first, wait, last] = decisions as [Decision, Decision, Decision];
    expect(wait.eligible).toEqual([]);
    expect(wait.excluded[0]?.reason).toMatch(/^cooling down \(429\)/);
    expect(wait.reason).toMatch(/\S/);
    expect(wait.waitMs).toBeGreaterThanOrEqual(250);
    expect(first.ms + (wait.waitMs ?? 0)).toBeLessThanOrEqual(last.ms + 1);
    expect(first.waitMs).toBeUndefined();
  });

  it('end with nobody where nobody is left, on the error', async () => {
    const { client } = await stageOf({ a: { script: [], models: ['other'] } });
    const { error, decisions } = await ask(client);
    expect(error).toBeInstanceOf(Error);
    expect(plain(decisions)).toEqual([
      {
        eligible: [],
        excluded: [{ endpoint: 'a', reason: "has no model 'gpt-5' (models)" }],
        picked: undefined,
        reason: 'nobody eligible',
      },
    ]);
  });

  it('name another model that was asked in the place of the call’s own', async () => {
    const { client } = await stageOf(
      { a: { script: [], models: ['mini'] } },
      { fallbacks: { 'gpt-5': ['mini'] }, maxRetries: 0 },
    );
    const { decisions } = await ask(client);
    expect(plain(decisions)).toEqual([
      { eligible: ['a'], excluded: [], picked: 'a', reason: 'priority(round-robin)', model: 'mini' },
    ]);
  });

  it('say that a call was pinned', async () => {
    const { client } = await stageOf({ a: [], b: [] });
    const { decisions } = await ask(client.balancer.pin('b') as LoadBalancedOpenAI);
    expect(plain(decisions)).toEqual([
      {
        eligible: ['b'],
        excluded: [{ endpoint: 'a', reason: 'the call belongs to b' }],
        picked: 'b',
        reason: 'pinned',
      },
    ]);
  });

  it('are bounded: 20 names of a list, 16 decisions', async () => {
    const many = Object.fromEntries(Array.from({ length: 25 }, (_, index) => [`e${index}`, [500]] as const));
    const { client } = await stageOf(many, { maxAttempts: 22, retryBudget: false, breaker: false });
    const { decisions, response } = await ask(client);
    expect(attemptsOf(response)).toHaveLength(22);
    expect(decisions).toHaveLength(16);
    expect(Math.max(...decisions.map(({ eligible }) => eligible.length))).toBe(20);
    expect(decisions.at(-1)?.picked).toBe('e15');
  });

  it('tell what each candidate was judged by, and what the strategy went by besides', async () => {
    const { client } = await stageOf({ a: [], b: { script: [], weight: 2 } }, { strategy: 'least-busy' });
    const { decisions } = await ask(client);
    expect(decisions[0]?.figures).toEqual([
      { endpoint: 'a', weight: 1, priority: 0, inFlight: 0, load: 0 },
      { endpoint: 'b', weight: 2, priority: 1, inFlight: 0, load: 0 },
    ]);
    expect(decisions[0]?.basis?.drawn).toBeGreaterThanOrEqual(0);
    expect(decisions[0]?.budget).toBeUndefined();
  });

  it('tell of the retry budget from the second one on, and that it was used up', async () => {
    const { client } = await stageOf(
      { a: [503], b: [503], c: [503] },
      { retryBudget: { ratio: 0, minPerSecond: 0 }, breaker: false, maxRetries: 0 },
    );
    const { decisions } = await ask(client);
    expect(decisions.map(({ picked, reason, budget }) => [picked, reason, budget])).toEqual([
      ['a', expect.any(String), undefined],
      ['b', expect.any(String), 0],
      [undefined, 'the retry budget is used up', 0],
    ]);
    expect(decisions.at(-1)?.eligible).toEqual(['c']);
  });

  it('say when no attempt was left, and nothing of an error that is the caller’s', async () => {
    const { client } = await stageOf({ a: [503], b: [503], c: [400] }, { maxAttempts: 2, maxRetries: 0 });
    const { decisions } = await ask(client);
    expect(decisions.at(-1)).toMatchObject({ eligible: ['c'], reason: 'no attempts left' });
    const other = await ask(client.balancer.pin('c') as LoadBalancedOpenAI);
    expect(other.decisions.map(({ picked }) => picked)).toEqual(['c']);
  });

  it('are there for every call: its result, each of its attempts, its event, its error', async () => {
    const { client, events } = await stageOf({ a: [503], b: ['ok', 400] });
    const completion = await client.chat.completions.create({ model: 'gpt-5', messages: [] });
    const told = decisionsOf(completion);
    expect(told.map(({ picked }) => picked)).toEqual(['a', 'b']);
    expect(attemptsOf(completion).map(({ decision }) => decision)).toEqual(told);
    expect(events.of('call-end')[0]?.decisions).toEqual(told);
    expect(JSON.parse(JSON.stringify(events.of('call-end')[0])).decisions).toEqual(JSON.parse(JSON.stringify(told)));
    const error = await client.balancer
      .pin('b')
      .chat.completions.create({ model: 'gpt-5', messages: [] })
      .catch((met: unknown) => met);
    expect(decisionsOf(error).map(({ reason }) => reason)).toEqual(['pinned']);
  });

  it('hold no key and no prompt', async () => {
    const { client, keys } = await stageOf({ a: [503], b: [] }, { strategy: 'prompt-cache' });
    const secret = 'my secret question '.repeat(300);
    const messages = [{ role: 'user', content: secret } as const];
    const text = JSON.stringify(decisionsOf(await client.chat.completions.create({ model: 'gpt-5', messages })));
    expect(text).toContain('"prefix"');
    for (const hidden of [keys.a, keys.b, 'secret']) expect(text).not.toContain(hidden);
  });

  it('are those of no other thing', () => {
    expect(decisionsOf(undefined)).toEqual([]);
    expect(decisionsOf(7)).toEqual([]);
    expect(decisionsOf({})).toEqual([]);
  });

  it('are copies: whoever changes them changes nothing', async () => {
    const { client } = await stageOf({ a: [], b: [] });
    const { response, decisions } = await ask(client);
    decisions[0]?.eligible.push('x');
    decisions[0]?.figures?.pop();
    expect(decisionsOf(response)[0]?.eligible).toEqual(['a', 'b']);
    expect((await ask(client)).decisions[0]?.eligible).toEqual(['a', 'b']);
  });
});
