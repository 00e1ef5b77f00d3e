// The promise: with `hedge` a call that is slow to begin gets a second attempt elsewhere; whoever begins first answers, the
// other is given up, and what that costs is bounded and can be seen.
import { describe, expect, it } from 'vitest';
import { attemptsOf, explain } from '../../src/index.ts';
import { manualClock, type Step } from '../../src/testing/index.ts';
import { chat, chatStream, failure, gate, read, readAll, STREAMS, servedBy } from '../support/calls.ts';
import { openStage, type Stage } from '../support/stage.ts';

/** Answers that took no time at all on a clock that stands still: a hedge starts after `minDelay`, 50 ms. */
const QUICK: Step[] = Array(20).fill('ok');

async function learn(stage: Stage<'a' | 'b'>) {
  for (let call = 0; call < 20; call++) expect(servedBy(await chat(stage.client))).toBe('a');
}

describe('a plain call', () => {
  it('is answered by another endpoint when the first is slow to begin', async () => {
    const clock = manualClock();
    await using stage = await openStage({ a: [...QUICK, 'black-hole'], b: [] }, { clock, hedge: {} });
    await learn(stage);
    const before = stage.client.balancer.snapshot();
    expect(before.hedges).toEqual({ left: 6, sent: 0, won: 0 });
    const call = chat(stage.client);
    const answered = call.then(servedBy);
    await stage.servers.a.until(({ calls }) => calls === 21);
    await clock.advance(49);
    expect(stage.servers.b.calls).toBe(0);
    await clock.advance(1);
    expect(await answered).toBe('b');
    expect(attemptsOf(await call)).toMatchObject([
      { endpoint: 'a', verdict: 'abandoned', billed: 'maybe' },
      { endpoint: 'b', verdict: 'ok', billed: 'yes', beside: 'hedge' },
    ]);
    expect(explain(await call)).toBe('a abandoned in 50 ms → b 200 in 0 ms (hedge)');
    await stage.servers.a.until(({ requests }) => requests[20]?.aborted === true);
    const after = stage.client.balancer.snapshot();
    expect(after.hedges).toEqual({ left: 5, sent: 1, won: 1 });
    expect(after.retryBudget).toBe(before.retryBudget! - 1);
    expect(stage.events.of('attempt-start').at(-1)).toMatchObject({ endpoint: 'b', beside: 'hedge' });
    expect(stage.state('a').inFlight).toBe(0);
    expect(clock.pending).toBe(0);
  });

  it('may still be answered by the first; then the second is given up', async () => {
    const clock = manualClock();
    const first = gate<Step>();
    const script = ({ number }: { number: number }) => (number <= 20 ? 'ok' : first.promise);
    await using stage = await openStage({ a: script, b: 'black-hole' }, { clock, hedge: { budget: 0.5 } });
    await learn(stage);
    const call = chat(stage.client);
    const answered = call.then(servedBy);
    await stage.servers.a.until(({ calls }) => calls === 21);
    await clock.advance(50);
    await stage.servers.b.until(({ calls }) => calls === 1);
    first.open('ok');
    expect(await answered).toBe('a');
    await stage.servers.b.until(({ requests }) => requests[0]?.aborted === true);
    expect(attemptsOf(await call)).toMatchObject([
      { endpoint: 'b', verdict: 'abandoned', billed: 'maybe', beside: 'hedge' },
      { endpoint: 'a', verdict: 'ok' },
    ]);
    expect(stage.client.balancer.snapshot().hedges).toMatchObject({ sent: 1, won: 0 });
    expect(stage.state('b')).toMatchObject({ inFlight: 0, failures: 0, excluded: null });
  });

  it('is hedged for one client of the pool alone', async () => {
    const clock = manualClock();
    await using stage = await openStage({ a: [...QUICK, 'black-hole'], b: [] }, { clock });
    const hedged = stage.client.balancer.with({ hedge: { budget: 0.2, minDelay: 80 } });
    for (let call = 0; call < 20; call++) await chat(hedged);
    const call = chat(hedged).then(servedBy);
    await stage.servers.a.until(({ calls }) => calls === 21);
    await clock.advance(79);
    expect(stage.servers.b.calls).toBe(0);
    await clock.advance(1);
    expect(await call).toBe('b');
  });

  it('ends both when it is aborted', async () => {
    const clock = manualClock();
    await using stage = await openStage({ a: [...QUICK, 'black-hole'], b: 'black-hole' }, { clock, hedge: {} });
    await learn(stage);
    const controller = new AbortController();
    const call = failure(chat(stage.client, {}, { signal: controller.signal }));
    await stage.servers.a.until(({ calls }) => calls === 21);
    await clock.advance(50);
    await stage.servers.b.until(({ calls }) => calls === 1);
    controller.abort();
    expect((await call).constructor.name).toBe('APIUserAbortError');
    await stage.servers.a.until(({ requests }) => requests[20]?.aborted === true);
    await stage.servers.b.until(({ requests }) => requests[0]?.aborted === true);
    expect([stage.state('a').inFlight, stage.state('b').inFlight, clock.pending]).toEqual([0, 0, 0]);
  });

  type Client = Stage<'a' | 'b'>['client'];
  it.each<[string, object, (client: Client) => PromiseLike<unknown>]>([
    ['by default', { hedge: undefined }, (client) => chat(client)],
    ['when hedging is off', { hedge: false }, (client) => chat(client)],
    ['without failover', { failover: false }, (client) => chat(client)],
    ['when it has one attempt', { maxAttempts: 1 }, (client) => chat(client)],
    ['when it is pinned', {}, (client) => chat(client.balancer.pin('a'))],
    ['when this client wants none', {}, (client) => chat(client.balancer.with({ hedge: false }))],
    ['when the code around it wants none', {}, (client) => client.balancer.run({ hedge: false }, () => chat(client))],
    ['when it leaves an object behind', {}, (client) => client.responses.create({ model: 'gpt-5', background: true })],
    [
      'when the model may act by itself',
      {},
      (client) => {
        const tools = [{ type: 'mcp' as const, server_label: 'mail', server_url: 'https://mail.example' }];
        return client.responses.create({ model: 'gpt-5', input: 'Send it.', tools });
      },
    ],
  ])('is not hedged %s', async (_, options, make) => {
    const clock = manualClock();
    await using stage = await openStage(
      { a: [...QUICK, 'black-hole'], b: [] },
      { clock, maxRetries: 0, hedge: {}, ...options },
    );
    await learn(stage);
    const call = Promise.resolve(make(stage.client));
    call.catch(() => undefined);
    await stage.servers.a.until(({ calls }) => calls === 21);
    await clock.advance(10_000);
    expect(stage.servers.b.calls).toBe(0);
    expect(stage.client.balancer.snapshot().hedges.sent).toBe(0);
    await stage.servers.a.close();
    await call.catch(() => undefined);
  });
});

describe.each(STREAMS)('$kind: a stream', (kind) => {
  /** A pool whose streams begin at once, but for the next one on `a`. */
  const stageWith = async (a: Step, b: Step, clock = manualClock()) => {
    const stage = await openStage({ a: [...Array(20).fill({ stream: 1 }), a], b }, { clock, hedge: {} });
    for (let call = 0; call < 20; call++) await readAll(await kind.open(stage.client), kind);
    return { stage, clock };
  };

  it.each<[string, Step]>([
    ['without headers', 'black-hole'],
    ['with headers and nothing else', { stream: 3, stallAfter: 'headers' }],
    ['with no more than its preamble', { stream: 3, stallAfter: 0 }],
  ])('%s is begun by another endpoint; nothing of the first is seen', async (_, step) => {
    const { stage, clock } = await stageWith(step, { stream: 3 });
    await using _stage = stage;
    const opening = Promise.resolve(kind.open(stage.client));
    await stage.servers.a.until(({ calls }) => calls === 21);
    await clock.advance(50);
    const stream = await opening;
    const { text, events, error } = await readAll(stream, kind);
    expect([text, error]).toEqual(['b-0 b-1 b-2 ', undefined]);
    expect(JSON.stringify(events)).not.toMatch(/"a"|_a_|-a-|a-0/);
    expect(attemptsOf(stream)).toMatchObject([
      { endpoint: 'a', verdict: 'abandoned', billed: 'maybe' },
      { endpoint: 'b', verdict: 'ok', beside: 'hedge' },
    ]);
    await stage.servers.a.until(({ requests }) => requests[20]?.aborted === true);
    expect([stage.state('a').inFlight, stage.state('b').inFlight]).toEqual([0, 0]);
  });

  it('that has begun is never hedged, however slow it goes on', async () => {
    const { stage, clock } = await stageWith({ stream: 3, stallAfter: 1 }, { stream: 3 });
    await using _stage = stage;
    const stream = await kind.open(stage.client);
    await clock.advance(10_000);
    expect(stage.servers.b.calls).toBe(0);
    stream.controller.abort();
  });
});

it('a stream whose reader is on the way keeps its hedge out of sight: one answer, from one endpoint', async () => {
  const clock = manualClock();
  await using stage = await openStage(
    { a: [...Array(20).fill({ stream: 1 }), { stream: 3, stallAfter: 0 }], b: { stream: 2 } },
    { clock, hedge: {} },
  );
  for (let call = 0; call < 20; call++) await read(await chatStream(stage.client));
  const helper = stage.client.chat.completions.stream({ model: 'gpt-5', messages: [{ role: 'user', content: 'hi' }] });
  const text = helper.finalContent();
  await stage.servers.a.until(({ calls }) => calls === 21);
  await clock.advance(50);
  expect(await text).toBe('b-0 b-1 ');
});
