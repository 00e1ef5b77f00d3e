// The promise: vendors that have no such lists, count their objects, or do not answer cost a list nothing that others have,
// and the asking costs their endpoint nothing for other calls.
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { attemptsOf, LoadBalancedOpenAI } from '../../src/index.ts';
import { manualClock } from '../../src/testing/index.ts';
import { failure } from '../support/calls.ts';
import { type Account, account, clientOf, endpointTo, json, refusal } from '../support/lists.ts';

const REPLY = {
  ...{ id: 'chatcmpl-1', object: 'chat.completion', created: 1, model: 'm' },
  choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'hi' } }],
};
const MESSAGES = { model: 'm', messages: [{ role: 'user' as const, content: 'x' }] };
const mine = () => account([{ id: 'file-1', created_at: 1 }]);
const idsOf = (page: { data: readonly { id: unknown }[] }) => page.data.map(({ id }) => id);
/** Chat works, lists do not. */
const chatOnly =
  (fault: NonNullable<Account['fault']>): Account['fault'] =>
  (url, init) =>
    url.pathname.endsWith('/chat/completions') ? json(REPLY) : fault(url, init);
const hang: NonNullable<Account['fault']> = (_, { signal }) =>
  new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
const chats = ({ asked }: Account) => asked.filter(({ pathname }) => pathname.endsWith('/chat/completions')).length;

describe('a vendor without such lists', () => {
  it.each([400, 401, 403, 404, 405, 422])(
    'that answers %i: the list of home, and chat goes on there',
    async (status) => {
      const accounts = { home: mine(), vendor: account() };
      accounts.home.fault = undefined;
      accounts.vendor.fault = chatOnly(() => refusal(status, 'not here'));
      const client = clientOf(accounts, { maxRetries: 0 });
      for (let round = 0; round < 3; round++) expect(idsOf(await client.files.list())).toEqual(['file-1']);
      accounts.home.fault = chatOnly(() => refusal(500));
      for (let round = 0; round < 4; round++) await client.chat.completions.create(MESSAGES);
      expect(chats(accounts.vendor)).toBe(2);
    },
  );

  it('what home refuses is about the call, whatever others answer', async () => {
    const accounts = { home: mine(), vendor: account() };
    accounts.vendor.fault = () => json({ object: 'list', data: [] });
    const error = await failure(clientOf(accounts).files.list({ limit: 0 }));
    expect(error).toBeInstanceOf(OpenAI.BadRequestError);
    expect(attemptsOf(error).at(-1)).toMatchObject({ endpoint: 'home', status: 400 });
  });

  it('a refusal is thrown when nobody has more to say', async () => {
    const accounts = { home: mine(), vendor: account() };
    accounts.home.fault = () => json({ detail: 'Not Found' }, 404);
    accounts.vendor.fault = () => refusal(400, 'no such filter');
    expect(await failure(clientOf(accounts, { maxRetries: 0 }).files.list())).toMatchObject({ status: 400 });
  });
});

describe('one that does not answer', () => {
  const pool = (fault: NonNullable<Account['fault']>) => {
    const clock = manualClock();
    const accounts = { a: mine(), b: account([], { fault }) };
    return { clock, accounts, client: clientOf(accounts, { clock }) };
  };

  it('keeps one list waiting, and not the next one', async () => {
    const { clock, client, accounts } = pool(hang);
    const listed = client.files.list();
    await clock.advance(20_001);
    expect(idsOf(await listed)).toEqual(['file-1']);
    const reasons: string[] = [];
    client.balancer.on('list-partial', ({ reason }) => reasons.push(reason));
    expect(idsOf(await client.files.list())).toEqual(['file-1']);
    expect(reasons).toEqual(['unresponsive']);
    // It is asked again when its pause is over.
    await clock.advance(6_000);
    accounts.b.fault = undefined;
    expect(idsOf(await client.files.list())).toEqual(['file-1']);
    expect(reasons).toHaveLength(1);
  });

  it('or asks for a longer pause than a list waits', async () => {
    const { clock, client, accounts } = pool(() => json({ error: { message: 'slow' } }, 429, { 'retry-after': '60' }));
    const listed = client.files.list();
    await clock.advance(20_001);
    expect(idsOf(await listed)).toEqual(['file-1']);
    expect(idsOf(await client.files.list())).toEqual(['file-1']);
    expect(accounts.b.asked).toHaveLength(1);
  });
});

it('objects that are counted, or are none, are listed all the same, each once', async () => {
  const things = [3, 2, 1].map((id) => ({ id, created_at: id }));
  const answer = (url: URL) => {
    const after = things.findIndex(({ id }) => String(id) === url.searchParams.get('after'));
    const limit = Number(url.searchParams.get('limit'));
    const data = things.slice(after + 1, after + 1 + limit);
    return json({ object: 'list', data, has_more: after + 1 + limit < things.length });
  };
  const accounts = { a: account([], { fault: answer }), b: mine() };
  accounts.b.fault = () => json({ object: 'list', data: [null, { id: 'file-1', created_at: 0 }] });
  const endpoints = Object.entries(accounts).map(([name, each]) => endpointTo(name, each));
  const client = new LoadBalancedOpenAI(endpoints, { shareState: false, logLevel: 'off' });
  const ids: unknown[] = [];
  for await (const { id } of client.files.list({ limit: 1 })) {
    ids.push(id);
    expect(ids.length).toBeLessThan(10);
  }
  expect(ids).toEqual([3, 2, 1, 'file-1']);
});

it('credentials that a call brings along are shown to one endpoint: its list is theirs', async () => {
  const accounts = { home: mine(), vendor: mine() };
  const client = clientOf(accounts);
  const headers = { Authorization: 'Bearer sk-of-a-user' };
  expect(idsOf(await client.files.list({}, { headers }))).toEqual(['file-1']);
  expect([accounts.home.asked.length, accounts.vendor.asked.length]).toEqual([1, 0]);
  await client.models.list({ headers });
  expect(accounts.home.asked.length + accounts.vendor.asked.length).toBe(2);
});
