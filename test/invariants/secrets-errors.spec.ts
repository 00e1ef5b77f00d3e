// Invariant 15 and threat T1: whatever a server repeats of what it was sent, no secret can be read off an error, wherever the
// secret was kept, wherever in the reply it stands and in whichever code.

import OpenAI from 'openai';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type EndpointOptions, LoadBalancedOpenAI, type NoEndpointAvailableError } from '../../src/index.ts';
import { faultServer } from '../../src/testing/index.ts';
import { chat, chatStream, FULL, failure, read } from '../support/calls.ts';
import { canary, FORMS, leaks } from '../support/canary.ts';
import { clientAt, ECHOES, echoing, PLACES } from '../support/echo.ts';
import { openStage } from '../support/stage.ts';

type Echo = keyof typeof ECHOES;

afterEach(() => vi.unstubAllEnvs());

/** The error of one call, whichever way it comes. */
async function errorOf(client: LoadBalancedOpenAI, echo: Echo, call: Record<string, unknown> = {}): Promise<unknown> {
  if (!/stream|event/.test(echo)) return failure(chat(client, {}, call));
  try {
    return (await read(await chatStream(client, {}, call))).error;
  } catch (error) {
    return error;
  }
}

const echoes = Object.keys(ECHOES) as Echo[];
const some: Echo[] = ['the message of an error', 'names of fields', 'reply headers', 'the first event of a stream'];

describe('invariant 15: a secret that the server repeats', () => {
  it.each(Object.keys(PLACES))('T1: kept in %s', async (name) => {
    const place = PLACES[name]!;
    await using server = await faultServer();
    const tried = FULL ? echoes : echoes.filter((_, index) => index % 2 === Object.keys(PLACES).indexOf(name) % 2);
    for (const echo of tried) {
      const secret = canary('own');
      for (const [variable, value] of Object.entries(place.env?.(secret) ?? {})) vi.stubEnv(variable, value);
      server.script(echoing(echo));
      await using client = new LoadBalancedOpenAI({ ...clientAt(place, server, secret), logLevel: 'off' });
      const error = await errorOf(client, echo, place.call?.(secret));
      expect(error, echo).toBeInstanceOf(Error);
      expect(leaks(error, [secret]), echo).toEqual([]);
    }
    expect(server.calls).toBe(tried.length);
  });

  it.each(Object.keys(FORMS))('T1: written %s', async (form) => {
    await using server = await faultServer();
    for (const echo of FULL ? echoes : some) {
      const secret = canary('own');
      server.script(echoing(echo, () => FORMS[form]!(secret)));
      await using client = new LoadBalancedOpenAI([{ baseURL: server.url, apiKey: secret }], { logLevel: 'off' });
      expect(leaks(await errorOf(client, echo, { maxRetries: 0 }), [secret]), echo).toEqual([]);
    }
  });
});

describe('invariant 15: errors that come later, or from elsewhere', () => {
  type Connection = { baseURL: string; apiKey: () => Promise<string> };
  const ways: [string, (options: Connection) => EndpointOptions][] = [
    ['an endpoint', (options) => options],
    ['a client of one’s own', (options) => ({ client: new OpenAI({ ...options, logLevel: 'off' }) })],
  ];
  /** Eight calls at once, each with a key of its own, to a server that repeats `said`. */
  async function renewing(endpoint: (typeof ways)[number][1], said: (sent: string, all: readonly string[]) => string) {
    const [keys, seen]: string[][] = [[], []];
    const apiKey = async () => {
      keys!.push(canary(`renewed${keys!.length}`));
      return keys!.at(-1)!;
    };
    await using server = await faultServer({
      script({ apiKey: sent = '', number }) {
        seen!.push(sent);
        return { status: 400, message: `No ${said(sent, seen!)}!`, delay: 60 - 5 * number };
      },
    });
    const endpoints = [endpoint({ baseURL: server.url, apiKey })];
    await using client = new LoadBalancedOpenAI(endpoints, { logLevel: 'off', maxRetries: 0 });
    const errors = await Promise.all(Array.from({ length: 8 }, () => failure(chat(client))));
    for (const error of errors) expect(leaks(error, keys!)).toEqual([]);
    return errors.map(({ message }) => message);
  }

  it.each(ways)('a key of %s that was renewed while the reply was on its way', async (_, endpoint) => {
    for (const message of await renewing(endpoint, (sent) => sent)) expect(message).toBe('400 No [redacted]!');
  });

  it.each(ways)('keys of %s that other calls were sent with', async (_, endpoint) => {
    for (const message of await renewing(endpoint, (__, all) => all.join(' ')))
      expect(message).toMatch(/^400 No \[redacted\]( \[redacted\])*!$/);
  });

  it('the cause and the reasons of NoEndpointAvailableError', async () => {
    const secret = canary('own');
    await using server = await faultServer({ script: { status: 429, retryAfter: 600, message: `No ${secret}!` } });
    await using client = new LoadBalancedOpenAI([{ baseURL: server.url, apiKey: secret }], { logLevel: 'off' });
    await failure(chat(client));
    const error = await failure<NoEndpointAvailableError>(chat(client));
    expect(error.constructor.name).toBe('NoEndpointAvailableError');
    expect((error.cause as Error).message).toContain('[redacted]');
    expect(leaks(error, [secret])).toEqual([]);
  });

  it('causes of causes, and several at once, from a fetch of one’s own', async () => {
    const secret = canary('own');
    const fetch = () => {
      const inner = new Error('inner', { cause: new TypeError(`bad ${secret}`) });
      const request = { headers: { authorization: `Bearer ${secret}` } };
      throw Object.assign(new AggregateError([inner, new Error(secret)], `all failed: ${secret}`), { request });
    };
    await using client = new LoadBalancedOpenAI([{ baseURL: 'http://127.0.0.1:9/v1', apiKey: secret, fetch }], {
      ...{ logLevel: 'off', maxRetries: 0 },
    });
    const error = await failure(chat(client));
    expect(error.cause).toBeInstanceOf(AggregateError);
    expect(leaks(error, [secret])).toEqual([]);
  });

  it.each([
    ['is no text', (secret: string) => Buffer.from(secret) as unknown as string],
    ['no header can carry', (secret: string) => `${secret}\n${secret}`],
    ['is a list', (secret: string) => [secret] as unknown as string],
  ])('a key function whose key %s', async (_, key) => {
    const secret = canary('own');
    await using client = new LoadBalancedOpenAI(
      [{ baseURL: 'http://127.0.0.1:9/v1', apiKey: async () => key(secret) }],
      { logLevel: 'off', maxRetries: 0 },
    );
    expect(leaks(await failure(chat(client)), [secret])).toEqual([]);
  });

  it('usage that is no usage, in attempts and events', async () => {
    await using stage = await openStage({ a: [] });
    const key = stage.keys.a.padEnd(20, '-');
    const usage = { prompt_tokens: 3, key, [key]: 1, details: { cached_tokens: 2, key: [key] } };
    const choices = [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'hi' } }];
    stage.servers.a.script({ status: 200, body: { id: 'x', object: 'chat.completion', choices, usage } });
    const answer = await chat(stage.client);
    expect(leaks(JSON.stringify(stage.events.all), [key])).toEqual([]);
    expect(answer.usage).toMatchObject(usage);
    expect(stage.events.of('call-end')[0]?.attempts[0]?.usage).toEqual({
      prompt_tokens: 3,
      details: { cached_tokens: 2 },
    });
  });
});
