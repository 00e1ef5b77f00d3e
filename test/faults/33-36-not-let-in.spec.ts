// Rows 33 to 36: the endpoint does not let us in: no money, a bad key, an old token, a forbidden model.
import OpenAI, { AzureOpenAI } from 'openai';
import { expect, it } from 'vitest';
import { attemptsOf, LoadBalancedOpenAI } from '../../src/index.ts';
import { faultServer, manualClock, type Script, type Step } from '../../src/testing/index.ts';
import { chat, chatStream, failure, read, servedBy } from '../support/calls.ts';
import { scenario } from '../support/scenario.ts';
import { openStage } from '../support/stage.ts';
import { saying, textOf } from './error-text.ts';
import { row } from './row.ts';

const MINUTE = 60_000;

const BROKE: readonly [what: string, step: Step][] = [
  ['429 insufficient_quota', { status: 429, code: 'insufficient_quota' }],
  ['429 billing_hard_limit_reached', { status: 429, code: 'billing_hard_limit_reached' }],
  ['400 about the credit balance', { status: 400, message: 'Your credit balance is too low to access the API.' }],
  ['402', 402],
];

row(
  33,
  '429 insufficient_quota, a billing limit, 400 "credit balance too low", 402',
  'fails over, neutral; the endpoint is left alone for 10 min doubling to 1 h',
  () => {
    it('whatever it says it with: the next endpoint answers, and calls for other models go there too', async () => {
      for (const [what, step] of BROKE) {
        await using stage = await openStage({ a: { repeat: [step] }, b: [] });
        const [first] = attemptsOf(await chat(stage.client));
        expect(first, what).toMatchObject({ endpoint: 'a', verdict: 'out-of-credit', billed: 'no' });
        expect(servedBy(await chat(stage.client, { model: 'gpt-5-mini' })), what).toBe('b');
        expect(stage.state('a'), what).toMatchObject({
          failures: 0,
          breaker: 'closed',
          excluded: 'cooling down (out of credit)',
        });
        expect(stage.servers.a.calls, what).toBe(1);
      }
    });

    it('10 min, 20, 40, then 60; from 10 again once it paid', async () => {
      const clock = manualClock();
      await using stage = await openStage({ a: [{ status: 402, times: 5 }, 'ok', 402], b: [] }, { clock });
      const minutes: number[] = [];
      for (let turn = 0; turn < 7; turn++) {
        const [first] = attemptsOf(await chat(stage.client));
        minutes.push((first?.retryAfterMs ?? 0) / MINUTE);
        await clock.advance(first?.retryAfterMs ?? 0);
      }
      expect(minutes).toEqual([10, 20, 40, 60, 60, 0, 10]);
    });

    it('a retry-after beside it is believed', async () => {
      const clock = manualClock();
      await using stage = await openStage({ a: [{ status: 402, retryAfter: 30 }], b: [] }, { clock });
      await chat(stage.client);
      expect(stage.state('a').cooldowns).toEqual([{ model: null, reason: 'out of credit', msLeft: 30_000 }]);
    });

    it('alone: that error at once, never a second request of the same call; the next call asks once', async () => {
      for (const [what, step] of BROKE) {
        await using stage = await openStage({ a: { repeat: [step] } });
        const first = await failure(chat(stage.client));
        const again = await failure(chat(stage.client));
        for (const error of [first, again])
          expect(attemptsOf(error), what).toMatchObject([{ verdict: 'out-of-credit', status: error.status }]);
        expect(stage.servers.a.calls, what).toBe(2);
        expect(stage.events.of('call-waiting'), what).toEqual([]);
      }
    });

    it('said once as a warning', async () => {
      const lines: string[] = [];
      const warn = (line: string) => void lines.push(line);
      const logger = { error: warn, warn, info: warn, debug: warn };
      await using stage = await openStage({ a: { repeat: [402] }, b: [] }, { logger, logLevel: 'warn' });
      for (let call = 0; call < 5; call++) await chat(stage.client);
      expect(lines).toEqual(['[load-balanced-openai] a is out of credit; left out for 10 min']);
    });
  },
);

row(34, '401, invalid or revoked key', 'fails over, neutral; the endpoint is left alone for 5 min', () => {
  it('the next endpoint answers plain calls and streams, and the first is asked no more, whatever the model', async () => {
    const clock = manualClock();
    await using stage = await openStage({ a: { repeat: [401] }, b: [] }, { clock });
    expect(attemptsOf(await chat(stage.client)).map(({ verdict }) => verdict)).toEqual(['credentials-refused', 'ok']);
    expect((await read(await chatStream(stage.client, { model: 'gpt-5-mini' }))).text).toBe('Hello from b.');
    expect(stage.state('a')).toMatchObject({
      failures: 0,
      breaker: 'closed',
      cooldowns: [{ model: null, reason: '401', msLeft: 5 * MINUTE }],
    });
    await clock.advance(5 * MINUTE - 1);
    await chat(stage.client);
    expect(stage.servers.a.calls).toBe(1);
    await clock.advance(1);
    await chat(stage.client);
    expect([stage.servers.a.calls, stage.servers.b.calls]).toEqual([2, 4]);
  });

  it('alone: AuthenticationError at once after one request, without the key that the server repeats', async () => {
    const echo: Script = ({ apiKey }) => ({
      status: 401,
      message: `Incorrect API key provided: ${apiKey}.`,
      headers: { 'x-debug': `Bearer ${apiKey}` },
    });
    await scenario()
      .endpoints({ a: echo })
      .call('gpt-5')
      .expect(
        {
          error: { name: 'AuthenticationError', status: 401, code: 'invalid_api_key' },
          calls: { a: 1 },
          withinMs: 100,
        },
        saying('Incorrect API key provided: [redacted]'),
      );
  });

  it('alone: the next call asks again, and from a key that works on nothing is left of it', async () => {
    await using stage = await openStage({ a: [401, 'ok'] });
    expect(await failure(chat(stage.client))).toMatchObject({ status: 401 });
    expect(servedBy(await chat(stage.client))).toBe('a');
    expect(stage.state('a')).toMatchObject({ cooldowns: [], excluded: null });
  });

  it('of credentials that one call brought along: the caller’s own affair', async () => {
    for (const step of [401, { status: 400, message: 'API key not valid.' }, ...BROKE.map(([, each]) => each)]) {
      await using stage = await openStage({ a: { repeat: [step] }, b: [] });
      const headers = { authorization: 'Bearer the-callers-own' };
      expect(attemptsOf(await failure(chat(stage.client, {}, { headers })))).toMatchObject([
        { verdict: 'caller-error' },
      ]);
      expect(stage.state('a')).toMatchObject({ cooldowns: [], excluded: null });
      expect(stage.servers.b.calls).toBe(0);
    }
  });
});

/** An endpoint whose key is a function, and a spare one. */
async function withTokens(
  script: Script,
  work: (client: LoadBalancedOpenAI, tokens: () => unknown[]) => Promise<void>,
) {
  await using server = await faultServer({ name: 'a', script });
  await using spare = await faultServer({ name: 'b' });
  let asked = 0;
  const client = new LoadBalancedOpenAI(
    [
      { name: 'a', baseURL: server.url, apiKey: async () => `short-lived-${++asked}` },
      { name: 'b', baseURL: spare.url, apiKey: 'spare-key' },
    ],
    { strategy: 'priority', logLevel: 'off' },
  );
  await work(client, () => server.requests.map(({ apiKey }) => apiKey));
  await client.close();
}
const stateOf = (client: LoadBalancedOpenAI) => client.balancer.snapshot().endpoints[0];

row(35, '401, a short-lived token expired', 'once more on the same endpoint with a fresh one, then as row 34', () => {
  it('the same endpoint answers the fresh token, and nothing is held against it', () =>
    withTokens([401, 'ok'], async (client, tokens) => {
      expect(attemptsOf(await chat(client)).map(({ endpoint, verdict }) => [endpoint, verdict])).toEqual([
        ['a', 'credentials-refused'],
        ['a', 'ok'],
      ]);
      expect(tokens()).toEqual(['short-lived-1', 'short-lived-2']);
      expect(stateOf(client)).toMatchObject({ cooldowns: [], failures: 0, excluded: null });
    }));

  it('refused again: the next endpoint answers, and the first is left alone', () =>
    withTokens({ repeat: [401] }, async (client, tokens) => {
      expect(attemptsOf(await chat(client)).map(({ endpoint }) => endpoint)).toEqual(['a', 'a', 'b']);
      expect(stateOf(client)).toMatchObject({ excluded: 'cooling down (401)', breaker: 'closed', failures: 0 });
      await chat(client);
      expect(tokens()).toHaveLength(2);
    }));

  it('pinned: two requests, then AuthenticationError without either token', () =>
    withTokens(
      ({ apiKey }) => ({ status: 401, message: `Expired: ${apiKey}` }),
      async (client, tokens) => {
        const error = await failure(chat(client.balancer.pin('a')));
        expect(error).toMatchObject({ status: 401 });
        expect(error.constructor.name).toBe('AuthenticationError');
        expect(textOf(error)).not.toContain('short-lived');
        expect(tokens()).toHaveLength(2);
      },
    ));

  it('the same for a client of one’s own, be its key a function or a token provider', async () => {
    await using server = await faultServer({ name: 'own', script: { repeat: [401, 'ok'] } });
    const token = async () => 'fresh';
    const azure = { endpoint: server.origin, apiVersion: '2024-10-21', azureADTokenProvider: token };
    for (const own of [new OpenAI({ baseURL: server.url, apiKey: token }), new AzureOpenAI(azure)]) {
      const client = new LoadBalancedOpenAI([{ client: own }], { logLevel: 'off', maxRetries: 0 });
      expect(attemptsOf(await chat(client)).map(({ verdict }) => verdict)).toEqual(['credentials-refused', 'ok']);
      await client.close();
    }
    expect(server.calls).toBe(4);
  });
});

row(36, '403, region or permission', 'fails over, neutral; that model is left alone there for 5 min', () => {
  it('the next endpoint answers; other models still go to the first', async () => {
    const clock = manualClock();
    const script: Script = ({ model }) => (model === 'gpt-5' ? 403 : 'ok');
    await using stage = await openStage({ a: script, b: [] }, { clock });
    expect(attemptsOf(await chat(stage.client)).map(({ verdict }) => verdict)).toEqual(['forbidden', 'ok']);
    expect(servedBy(await chat(stage.client, { model: 'gpt-5-mini' }))).toBe('a');
    expect(stage.state('a')).toMatchObject({
      failures: 0,
      cooldowns: [{ model: 'gpt-5', reason: '403', msLeft: 5 * MINUTE }],
    });
    await clock.advance(5 * MINUTE - 1);
    expect(servedBy(await chat(stage.client))).toBe('b');
    expect(stage.servers.a.calls).toBe(2);
    await clock.advance(1);
    await chat(stage.client);
    expect(stage.servers.a.calls).toBe(3);
  });

  it('alone: PermissionDeniedError at once, after one request', async () => {
    await scenario()
      .endpoints({ a: 403 })
      .call('gpt-5')
      .expect(
        {
          error: { name: 'PermissionDeniedError', status: 403, code: 'unsupported_country_region_territory' },
          calls: { a: 1 },
          withinMs: 100,
        },
        saying('not supported'),
      );
  });

  it('of a moderation: the caller’s, after one request', async () => {
    const flagged = {
      error: { message: 'flagged', code: 403, metadata: { reasons: ['violence'], flagged_input: '…' } },
    };
    await scenario()
      .endpoints({ a: { status: 403, body: flagged }, b: [] })
      .call('gpt-5')
      .expect(
        { verdicts: ['caller-error'], error: { name: 'PermissionDeniedError', status: 403 }, calls: { a: 1, b: 0 } },
        ({ state }) => expect(state('a')).toMatchObject({ cooldowns: [], failures: 0 }),
      );
  });
});
