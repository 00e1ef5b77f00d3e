// How long the SDK waits is told to the server; over a pool too, although no clock of the SDK's runs there.
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { LoadBalancedOpenAI } from '../../src/index.ts';

type Make = (options: object) => OpenAI;
const PLAIN: Make = (options) => new OpenAI(options);
const POOL: Make = (options) => new LoadBalancedOpenAI({ ...options, strategy: 'priority' } as never);

/** What a client tells in its first request. */
async function told(make: Make, options: object, own: OpenAI.RequestOptions, clone?: object): Promise<string | null> {
  const seen: (string | null)[] = [];
  const fetch = async (_: unknown, init?: RequestInit) => {
    seen.push(new Headers(init?.headers).get('x-stainless-timeout'));
    return Response.json({ object: 'list', data: [] });
  };
  const client = make({ apiKey: 'k', baseURL: 'https://a.example/v1', logLevel: 'off', fetch, ...options });
  await (clone ? client.withOptions(clone) : client).models.list(own);
  return seen[0] as string | null;
}

describe('x-stainless-timeout', () => {
  it.each<[string, object, OpenAI.RequestOptions, object?]>([
    ['where nothing is said', {}, {}],
    ['with a call’s that is longer than the client’s', { timeout: 5_000 }, { timeout: 50_000 }],
    ['with a timeout of the client’s', { timeout: 45_678 }, {}],
    ['with one of the call’s', { timeout: 45_678 }, { timeout: 7_900 }],
    ['with one of a clone’s', {}, {}, { timeout: 12_000 }],
    ['with the caller’s own header', {}, { headers: { 'x-stainless-timeout': '3' } }],
    ['without it', {}, { headers: { 'x-stainless-timeout': null } }],
  ])('%s is the SDK’s', async (_, options, own, clone) => {
    expect(await told(POOL, options, own, clone)).toBe(await told(PLAIN, options, own, clone));
  });

  it.each<OpenAI.RequestOptions>([
    {},
    { timeout: 7_900 },
    { timeout: 50_000 },
    { timeout: 7_900, headers: { 'x-stainless-timeout': '3' } },
  ])('of a client of one’s own is what that would tell: %j', async (own) => {
    const bring: Make = (options) => new LoadBalancedOpenAI([{ client: PLAIN(options) }], { logLevel: 'off' });
    expect(await told(bring, { timeout: 33_000 }, own)).toBe(await told(PLAIN, { timeout: 33_000 }, own));
  });
});
