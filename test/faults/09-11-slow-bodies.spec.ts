// Rows 9 to 11: the headers came, and the body does not, or hardly.
import OpenAI from 'openai';
import { expect, it, vi } from 'vitest';
import { attemptsOf, LoadBalancedOpenAI } from '../../src/index.ts';
import { faultServer, manualClock, type StatusStep, type Step } from '../../src/testing/index.ts';
import { chat, servedBy } from '../support/calls.ts';
import { openStage, type Stage } from '../support/stage.ts';
import { textOf } from './error-text.ts';
import { row } from './row.ts';
import { type Answer, PLAIN, WAYS } from './ways.ts';

/** The client let go of the connection, and nothing counts as running any more. */
async function freed({ servers, state }: Stage): Promise<void> {
  await servers.a?.until(({ requests }) => requests.at(-1)?.aborted === true);
  await vi.waitFor(() => expect(state('a').inFlight).toBe(0));
}

const endpoints = ({ attempts }: Answer) => attempts.map(({ endpoint, verdict }) => `${endpoint} ${verdict}`);

for (const { number, fault, step } of [
  { number: 9, fault: 'headers, then the body stalls', step: 'stall-body' },
  { number: 11, fault: 'the body drips, a byte at a time', step: { step: 'drip', every: 100 } },
] as const) {
  row(number, fault, 'another endpoint comes to its aid; counts when it is slower than usual', () => {
    it('half of the timeout later at most, another endpoint answers', async () => {
      await using stage = await openStage({ a: [step], b: [] }, { timeout: 1_000 });
      const answer = await PLAIN.ask(stage.client);
      expect(answer.text).toBe('Hello from b.');
      expect(endpoints(answer)).toEqual(['a abandoned', 'b ok']);
      expect(answer.ms).toBeGreaterThanOrEqual(499);
      expect(answer.ms).toBeLessThan(500 + 50 + answer.lag);
      await freed(stage);
      // Nobody knows yet what is usual there.
      expect(stage.state('a')).toMatchObject({ failures: 0, cooldowns: [], breaker: 'closed' });
      expect([stage.servers.a.calls, stage.servers.b.calls]).toEqual([1, 1]);
    });

    it('where the usual time is known, 20 s later, and the endpoint is to blame', async () => {
      const clock = manualClock();
      await using stage = await openStage({ a: [{ step: 'ok', times: 25 }, step], b: [] }, { clock, timeout: 60_000 });
      const { client, servers } = stage;
      for (let i = 0; i < 25; i++) await chat(client);
      const asking = Promise.resolve(chat(client));
      await vi.waitFor(() => expect([servers.a.calls, clock.next]).toEqual([26, 20_000]));
      await clock.advance(19_999);
      expect(servers.b.calls).toBe(0);
      await clock.advance(1);
      expect(servedBy(await asking)).toBe('b');
      await freed(stage);
      expect(stage.state('a')).toMatchObject({ failures: 1, successes: 25 });
    });

    it('an attemptTimeout of one’s own cuts it, and it counts', async () => {
      for (const { ask } of WAYS) {
        await using stage = await openStage({ a: [step], b: [] }, { attemptTimeout: 200 });
        const answer = await ask(stage.client);
        expect(answer.text).toBe('Hello from b.');
        expect(endpoints(answer)).toEqual(['a timed-out', 'b ok']);
        expect(answer.ms).toBeGreaterThanOrEqual(199);
        expect(answer.ms).toBeLessThan(200 + 50 + answer.lag);
        await freed(stage);
        expect(stage.state('a')).toMatchObject({ failures: 1 });
      }
    });

    it('alone: a timeout at the deadline, after one request', async () => {
      await using stage = await openStage({ a: [step] });
      const answer = await PLAIN.ask(stage.client, { timeout: 300, maxRetries: 2 });
      expect(answer.error).toBeInstanceOf(OpenAI.APIConnectionTimeoutError);
      expect(textOf(answer.error)).not.toContain(stage.keys.a);
      expect(answer.ms).toBeGreaterThanOrEqual(299);
      expect(answer.ms).toBeLessThan(300 + 50 + answer.lag);
      await freed(stage);
      expect([stage.servers.a.calls, stage.state('a').failures]).toEqual([1, 0]);
    });
  });
}

row(10, 'headers of an error, then its body stalls', 'judged by the status, a second later', () => {
  /** Asks, and turns the clock once the endpoint under test has the request. */
  async function stalled(step: StatusStep, pool: 'alone' | 'two', ask: (stage: Stage) => Promise<Answer>) {
    const clock = manualClock();
    const scripts: Record<string, Step[]> = { a: [{ ...step, stallBody: true }], ...(pool === 'two' && { b: [] }) };
    const stage = await openStage(scripts, { clock });
    const asking = ask(stage);
    // The deadline, what comes to its aid, and the bound on the error's body.
    await vi.waitFor(() => expect(clock.next).toBe(1_000));
    await clock.advance(999);
    expect([stage.servers.b?.calls ?? 0, stage.state('a').inFlight]).toEqual([0, 1]);
    await clock.advance(1);
    const answer = await asking;
    await freed(stage);
    return { stage, answer };
  }

  it('the next endpoint answers, and the status counts', async () => {
    for (const { ask } of WAYS) {
      const { stage, answer } = await stalled({ status: 500 }, 'two', ({ client }) => ask(client));
      await using _ = stage;
      expect(answer.text).toBe('Hello from b.');
      expect(endpoints(answer)).toEqual(['a server-error', 'b ok']);
      expect(stage.state('a')).toMatchObject({ failures: 1, cooldowns: [] });
    }
  });

  it('also where the endpoint is a client of one’s own', async () => {
    const clock = manualClock();
    await using sick = await faultServer({ script: [{ status: 500, stallBody: true }] });
    await using well = await faultServer({ name: 'b' });
    const pool = [sick, well].map(({ url }) => ({
      client: new OpenAI({ baseURL: url, apiKey: 'k', logLevel: 'off' }),
    }));
    await using client = new LoadBalancedOpenAI(pool, { clock, strategy: 'priority', logLevel: 'off' });
    const asking = chat(client);
    await vi.waitFor(() => expect(clock.next).toBe(1_000));
    await clock.advance(1_000);
    expect(servedBy(await asking)).toBe('b');
    expect(attemptsOf(await asking)).toMatchObject([{ verdict: 'server-error', status: 500 }, { verdict: 'ok' }]);
  });

  it('a rate limit is one for as long as its headers say', async () => {
    const limit = { status: 429, retryAfter: 30 };
    const { stage, answer } = await stalled(limit, 'two', ({ client }) => PLAIN.ask(client));
    await using _ = stage;
    expect(endpoints(answer)).toEqual(['a rate-limited', 'b ok']);
    expect(stage.state('a')).toMatchObject({ failures: 0, cooldowns: [{ model: 'gpt-5', reason: '429' }] });
    expect(stage.state('a').cooldowns[0]?.msLeft).toBeGreaterThanOrEqual(30_000);
  });

  it('the caller’s own fault stays with the caller', async () => {
    for (const { ask } of WAYS) {
      const { stage, answer } = await stalled({ status: 400 }, 'two', ({ client }) => ask(client));
      await using _ = stage;
      expect(answer.error).toBeInstanceOf(OpenAI.BadRequestError);
      expect(stage.servers.b!.calls).toBe(0);
      expect(stage.state('a')).toMatchObject({ failures: 0, cooldowns: [], breaker: 'closed' });
    }
  });

  it('alone: the error of that status, without a body', async () => {
    const { stage, answer } = await stalled({ status: 500 }, 'alone', ({ client }) =>
      PLAIN.ask(client, { maxRetries: 0 }),
    );
    await using _ = stage;
    expect(answer.error).toBeInstanceOf(OpenAI.InternalServerError);
    expect(answer.error).toMatchObject({ status: 500, message: '500 status code (no body)' });
    expect((answer.error as { headers: Headers }).headers.get('x-served-by')).toBe('a');
    expect(stage.servers.a!.calls).toBe(1);
  });

  it('a body that drips is read for 5 s', async () => {
    const clock = manualClock();
    const head = 'HTTP/1.1 500 Oh\r\ncontent-type: text/plain\r\n\r\n';
    const drops = Array.from({ length: 4_000 }, () => ['x', { wait: 5 }]).flat();
    await using stage = await openStage({ a: [{ raw: [head, ...drops] }], b: [] }, { clock });
    const asking = PLAIN.ask(stage.client);
    for (let second = 0; second < 5; second++) {
      // Each drop begins the second of silence anew.
      await vi.waitFor(() => expect(clock.next).toBe(1_000));
      await clock.advance(999);
      expect(stage.servers.b.calls).toBe(0);
    }
    await clock.advance(5);
    expect(endpoints(await asking)).toEqual(['a server-error', 'b ok']);
    await freed(stage);
  });

  it('of a body without end 1 MiB is read, and one that breaks off leaves the status', async () => {
    const head = 'HTTP/1.1 500 Oh\r\ncontent-type: text/plain\r\n\r\n';
    const pieces = Array.from({ length: 64 }, () => Buffer.alloc(65_536, 'x'));
    await using stage = await openStage({ a: [{ raw: [head, ...pieces], end: 'open' }], b: [] });
    const answer = await PLAIN.ask(stage.client);
    expect(endpoints(answer)).toEqual(['a server-error', 'b ok']);
    // Its 4 MiB were not waited for, nor the end that never comes.
    expect(answer.ms).toBeLessThan(5_000);
    await stage.servers.a.until(({ open }) => open === 0);
    const half = 'HTTP/1.1 500 Oh\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"err';
    for (const end of ['reset', 'close'] as const) {
      await using stage = await openStage({ a: [{ raw: half, end }], b: [] });
      const answer = await PLAIN.ask(stage.client);
      expect(endpoints(answer)).toEqual(['a server-error', 'b ok']);
      expect(answer.attempts[0]).toMatchObject({ status: 500 });
    }
  });
});
