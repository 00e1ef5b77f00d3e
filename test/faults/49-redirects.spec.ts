// Row 49: a redirect. Whoever followed it would hand prompt and key to whatever the reply names.
import OpenAI, { AzureOpenAI } from 'openai';
import { expect, it } from 'vitest';
import { attemptsOf, type EndpointOptions, LoadBalancedOpenAI } from '../../src/index.ts';
import { type FaultServer, faultServer, manualClock } from '../../src/testing/index.ts';
import { chat, chatStream, failure, servedBy } from '../support/calls.ts';
import { openStage } from '../support/stage.ts';
import { textOf } from './error-text.ts';
import { row } from './row.ts';

const CODES = [301, 302, 303, 307, 308];
const KEY = 'canary-key-0123456789';
const CONSENT = '<html>Moved. <a href="http://elsewhere/?token=page-secret">here</a></html>';
const VERSION = '2024-10-21';

/** Every kind of endpoint, each told to follow redirects as far as its options can say so. */
const KINDS: readonly [kind: string, endpoint: (server: FaultServer) => EndpointOptions][] = [
  ['openai', ({ url }) => ({ baseURL: url, apiKey: KEY, fetchOptions: { redirect: 'follow' } })],
  [
    'azure',
    ({ origin }) => ({
      type: 'azure',
      endpoint: origin,
      apiVersion: VERSION,
      apiKey: KEY,
      fetchOptions: { redirect: 'follow' },
    }),
  ],
  [
    'brought',
    ({ url }) => ({ client: new OpenAI({ baseURL: url, apiKey: KEY, fetchOptions: { redirect: 'follow' } }) }),
  ],
  [
    'brought Azure',
    ({ origin }) => ({ client: new AzureOpenAI({ endpoint: origin, apiVersion: VERSION, apiKey: KEY }) }),
  ],
];

interface Place {
  readonly where: string;
  /** The `location` header. */
  readonly location: (from: FaultServer, target: FaultServer) => string;
  /** The host that the error names. */
  readonly host: (from: FaultServer, target: FaultServer) => string;
}

const hostOf = ({ origin }: FaultServer) => new URL(origin).host;
const PLACES: readonly Place[] = [
  {
    where: 'another origin, with secrets in the address',
    location: (_, { port }) =>
      `http://someone:pass-secret@127.0.0.1:${port}/v1/chat/completions?again=1&api_key=${KEY}&token=query-secret`,
    host: (_, target) => hostOf(target),
  },
  {
    where: 'the same origin',
    location: ({ url }) => `${url}/chat/completions?again=1&token=query-secret`,
    host: (from) => hostOf(from),
  },
  { where: 'a path', location: () => '/v1/chat/completions?again=1&token=query-secret', host: (from) => hostOf(from) },
];

/** Each place × each code × plain and streamed. */
async function nothingReachesThePlace(
  kind: string,
  endpointOf: (server: FaultServer) => EndpointOptions,
): Promise<void> {
  await using target = await faultServer({ name: 'target' });
  await using from = await faultServer({ name: 'from' });
  for (const { where, location, host } of PLACES)
    for (const status of CODES) {
      from.reset();
      from.script({ status, headers: { location: location(from, target) }, body: CONSENT });
      // Breakers off: each of these calls shall be sent.
      const client = new LoadBalancedOpenAI([{ ...endpointOf(from), name: 'a' }], {
        logLevel: 'off',
        breaker: false,
      });
      for (const call of [chat, chatStream]) {
        const error = await failure(call(client, {}, { fetchOptions: { redirect: 'follow' } as never }));
        const what = `${kind}: ${status} to ${where}`;
        expect(error, what).toBeInstanceOf(OpenAI.APIError);
        expect(error, what).toMatchObject({ status });
        expect(error.message).toBe(
          `${status} The endpoint redirects to ${host(from, target)}; nothing was sent there.`,
        );
        expect(`${error.message} ${error.stack}`, what).not.toMatch(/secret|again=1|Moved/);
        expect(textOf(error), what).not.toContain(KEY);
        expect(attemptsOf(error), what).toMatchObject([{ verdict: 'redirected', status }]);
      }
      expect([from.calls, target.calls], `${kind}: ${where}`).toEqual([2, 0]);
      expect(
        from.requests.every(({ query }) => query.again === undefined),
        where,
      ).toBe(true);
      await client.close();
    }
}

row(
  49,
  '3xx, whatever the code and the place',
  'nothing is sent there; fails over, counts for the endpoint, left alone for 5 min',
  () => {
    it('whatever kind of endpoint, code and place: nothing reaches it, the error names its host alone and no key', async () => {
      for (const [kind, endpointOf] of KINDS) await nothingReachesThePlace(kind, endpointOf);
    });

    it('the next endpoint answers; the first is left alone for every model and operation, for 5 min', async () => {
      const clock = manualClock();
      await using target = await faultServer({ name: 'target' });
      await using stage = await openStage({ a: { redirect: target.url }, b: [] }, { clock });
      expect(attemptsOf(await chat(stage.client)).map(({ verdict }) => verdict)).toEqual(['redirected', 'ok']);
      expect(stage.state('a')).toMatchObject({
        failures: 1,
        cooldowns: [{ model: null, reason: 'redirects elsewhere', msLeft: 300_000 }],
      });
      await stage.client.embeddings.create({ model: 'text-embedding-3-small', input: 'x' });
      await clock.advance(299_999);
      expect(servedBy(await chat(stage.client, { model: 'gpt-5-mini' }))).toBe('b');
      expect(stage.servers.a.calls).toBe(1);
      stage.servers.a.script('ok');
      await clock.advance(1);
      expect(servedBy(await chat(stage.client))).toBe('a');
      expect(target.calls).toBe(0);
    });

    it('said once as a warning, by the endpoint’s name alone', async () => {
      const lines: string[] = [];
      const warn = (line: string) => void lines.push(line);
      const logger = { error: warn, warn, info: warn, debug: warn };
      const away = { repeat: [{ redirect: 'http://elsewhere.invalid/?token=query-secret' } as const] };
      await using stage = await openStage({ a: away, b: [] }, { logger, logLevel: 'warn' });
      for (let call = 0; call < 3; call++) await chat(stage.client);
      expect(lines).toEqual([
        '[load-balanced-openai] a redirects elsewhere; nothing was sent there; left out for 5 min',
      ]);
    });

    it('an upload does not move: the file may exist where the redirect came from', async () => {
      await using stage = await openStage({ a: { redirect: 'http://elsewhere.invalid/' }, b: [] });
      const upload = stage.client.files.create({ file: new File(['x'], 'x.txt'), purpose: 'batch' });
      expect(await failure(upload)).toMatchObject({ status: 307, maybeExecuted: true });
      expect([stage.servers.a.calls, stage.servers.b.calls]).toEqual([1, 0]);
    });
  },
);
