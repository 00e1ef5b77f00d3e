// The promise: what the pool's accounts hold is one list: every object once, pages and cursors as the API has them.
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { attemptsOf, type BalancerEvents, LoadBalancedOpenAI } from '../../src/index.ts';
import { manualClock } from '../../src/testing/index.ts';
import { FULL, failure } from '../support/calls.ts';
import { type Account, account, clientOf, endpointTo, json, refusal, type Thing } from '../support/lists.ts';
import { fc, runs } from '../support/property.ts';
import { openStage } from '../support/stage.ts';

type Order = 'asc' | 'desc';
type Accounts = Record<string, Account>;

const order = fc.constantFrom<Order>('asc', 'desc');
const pageSize = fc.integer({ min: 1, max: 100 });
/** Accounts with objects of a few different times, so that many are equal. */
const pools = fc
  .array(fc.tuple(fc.oneof(fc.constantFrom(0, 1), fc.integer({ min: 0, max: 40 })), fc.integer({ min: 1, max: 30 })), {
    minLength: 2,
    maxLength: 4,
  })
  .map((shapes) =>
    Object.fromEntries(
      shapes.map(([size, step], at) => ['abcd'[at] as string, account(files('abcd'[at]!, size, step))]),
    ),
  );

/** So many files of an endpoint; `step` of them have the same time. */
function files(name: string, count: number, step = 1): Thing[] {
  const at = (index: number) => ({ id: `file-${name}-${index}`, created_at: 1_000 + Math.floor(index / step) });
  return Array.from({ length: count }, (_, index) => at(index));
}

/** The union as one account would show it: by time, equal times by the endpoint's place. */
function unionOf(accounts: Accounts, by: Order): string[] {
  const each = Object.values(accounts).map(({ things }) => (by === 'asc' ? [...things] : things.toReversed()));
  const time = (thing: Thing) => (thing.created_at ?? 0) * (by === 'asc' ? 1 : -1);
  return each
    .flat()
    .sort((one, other) => time(one) - time(other))
    .map(({ id }) => id);
}

const idsOf = (page: { data: readonly { id: string }[] }) => page.data.map(({ id }) => id);

async function everyId(client: OpenAI, query: OpenAI.FileListParams): Promise<string[]> {
  const ids: string[] = [];
  for await (const page of (await client.files.list(query)).iterPages()) {
    if (query.limit) expect(page.data.length).toBeLessThanOrEqual(query.limit);
    ids.push(...idsOf(page));
  }
  return ids;
}

/** What was said of missing parts. */
function partials(client: LoadBalancedOpenAI): BalancerEvents['list-partial'][] {
  const heard: BalancerEvents['list-partial'][] = [];
  client.balancer.on('list-partial', (event) => heard.push(event));
  return heard;
}

const asked = (accounts: Accounts) => Object.values(accounts).map((each) => each.asked.length);

describe('a list over the pool equals the union', () => {
  it('for page sizes of 1 to 100, newest and oldest first', async () => {
    await fc.assert(
      fc.asyncProperty(pools, pageSize, order, async (accounts, limit, by) => {
        expect(await everyId(clientOf(accounts), { limit, order: by })).toEqual(unionOf(accounts, by));
      }),
      runs(30),
    );
  });

  it.each(FULL ? Array.from({ length: 100 }, (_, index) => index + 1) : [1, 7, 20, 100])(
    'of endpoints with 0, 1 and 1,000 objects, %i at a time',
    async (limit) => {
      const accounts = { a: account(), b: account(files('b', 1)), c: account(files('c', 1_000, 300)) };
      for (const by of limit === 1 && !FULL ? (['desc'] as const) : (['asc', 'desc'] as const))
        expect(await everyId(clientOf(accounts), { limit, order: by })).toEqual(unionOf(accounts, by));
    },
  );

  it('without the part of one that is down, which is named', async () => {
    await fc.assert(
      fc.asyncProperty(pools, pageSize, order, fc.nat(), async (accounts, limit, by, which) => {
        const names = Object.keys(accounts);
        const down = names[which % names.length] as string;
        accounts[down]!.fault = () => refusal(500);
        const client = clientOf(accounts, { maxRetries: 0 });
        const heard = partials(client);
        const { [down]: _, ...rest } = accounts;
        expect(await everyId(client, { limit, order: by })).toEqual(unionOf(rest, by));
        expect(new Set(heard.map(({ endpoint }) => endpoint))).toEqual(new Set([down]));
      }),
      runs(20),
    );
  });

  it('from any cursor, also on a client that has never seen the list', async () => {
    await fc.assert(
      fc.asyncProperty(pools, pageSize, order, fc.nat(), async (accounts, limit, by, which) => {
        const union = unionOf(accounts, by);
        if (union.length === 0) return;
        const at = which % union.length;
        const query = { limit, order: by, after: union[at]! };
        expect(await everyId(clientOf(accounts), query)).toEqual(union.slice(at + 1));
      }),
      runs(30),
    );
  });

  it('before any cursor: the page that ends there', async () => {
    await fc.assert(
      fc.asyncProperty(pools, pageSize, order, fc.nat(), async (accounts, limit, by, which) => {
        const union = unionOf(accounts, by);
        if (union.length === 0) return;
        const at = which % union.length;
        const query = { limit, order: by, before: union[at]! };
        const page = await clientOf(accounts).vectorStores.list(query);
        expect(idsOf(page)).toEqual(union.slice(Math.max(0, at - limit), at));
        expect(page.has_more).toBe(at > limit);
      }),
      runs(30),
    );
  });

  it('each object once while others are made and the first ones go', async () => {
    await fc.assert(
      fc.asyncProperty(
        pools,
        fc.integer({ min: 1, max: 10 }),
        order,
        fc.boolean(),
        async (drawn, limit, by, remembers) => {
          const accounts = Object.fromEntries(
            Object.entries(drawn).map(([name, { things }]) => [name, account(things)]),
          );
          const before = unionOf(accounts, by);
          const ids: string[] = [];
          let made = 0;
          let client = clientOf(accounts);
          let query: OpenAI.FileListParams = { limit, order: by };
          for (let pages = 0; ; pages++) {
            expect(pages).toBeLessThan(300);
            const page = await client.files.list(query);
            ids.push(...idsOf(page));
            if (!page.has_more) break;
            for (const [name, { things }] of Object.entries(accounts))
              if (made < 30) things.push({ id: `new-${name}-${made++}`, created_at: 2_000 + made });
            query = { ...query, after: ids.at(-1)! };
            if (!remembers) client = clientOf(accounts);
          }
          expect(new Set(ids).size).toBe(ids.length);
          expect(ids.filter((id) => !id.startsWith('new'))).toEqual(before);
          // Those made in the meantime come last, or were before the first page.
          if (by === 'desc') expect(ids).toEqual(before);
        },
      ),
      runs(20),
    );
  });

  it('also when all that an endpoint shows at first was made after the last page', async () => {
    const accounts = {
      a: account([{ id: 'file-a', created_at: 1_000 }]),
      b: account([{ id: 'file-b', created_at: 1_000 }]),
    };
    const client = clientOf(accounts);
    const first = await client.files.list({ limit: 1 });
    for (let made = 0; made < 3; made++) accounts.b.things.push({ id: `new-${made}`, created_at: 2_000 + made });
    const second = await first.getNextPage();
    expect([idsOf(first), idsOf(second), second.has_more]).toEqual([['file-a'], ['file-b'], false]);
  });

  it('when servers give less than they are asked for, or know no cursors', async () => {
    const accounts = {
      a: account(files('a', 30), { cap: 7 }),
      b: account(files('b', 12), { cap: 1 }),
      c: account(files('c', 9)),
    };
    accounts.c.fault = () => json({ object: 'list', data: accounts.c.things.toReversed() });
    expect(await everyId(clientOf(accounts), { limit: 10 })).toEqual(unionOf(accounts, 'desc'));
  });

  it('one account behind two keys is one account, and its objects have one owner', async () => {
    const things = files('x', 25, 4);
    const accounts = { a: account(things), b: account(things), c: account(files('c', 5)) };
    accounts.b.things.push({ id: 'file-late', created_at: 5_000 });
    accounts.a.things.push({ id: 'file-late', created_at: 5_000 });
    const client = clientOf(accounts, { affinity: { home: 'b' } });
    const ids = await everyId(client, { limit: 4 });
    expect(ids).toEqual(unionOf({ b: accounts.b, c: accounts.c }, 'desc'));
    // Two of them in one call are no conflict.
    for (const each of Object.values(accounts)) each.fault = () => json({ id: 'vs_1' });
    await client.vectorStores.create({ file_ids: ids.filter((id) => !id.startsWith('file-c')) });
    expect(accounts.b.asked.at(-1)?.pathname).toBe('/v1/vector_stores');
  });

  it('as lists that keep another order than time show it: each endpoint in its own', async () => {
    const accounts = {
      a: account([{ id: 'a1' }, { id: 'a2' }, { id: 'a3' }]),
      b: account([{ id: 'b1' }, { id: 'b2' }]),
    };
    expect(await everyId(clientOf(accounts), { limit: 2 })).toEqual(['a3', 'a2', 'a1', 'b2', 'b1']);
  });
});

describe('pages are the API’s', () => {
  const two = () => ({ a: account(files('a', 3)), b: account(files('b', 3)) });

  it('has_more, first_id and last_id, with as many objects as one endpoint shows when no number is asked for', async () => {
    const accounts = { a: account(files('a', 30)), b: account(files('b', 30)) };
    const client = clientOf(accounts);
    const body = await client.get<Record<string, unknown> & { data: Thing[] }>('/files');
    expect(body).toMatchObject({ object: 'list', first_id: 'file-a-29', last_id: 'file-b-20', has_more: true });
    expect(body.data).toHaveLength(20);
    expect(accounts.a.asked[0]?.search).toBe('');
    const last = await client.get('/files?limit=45', { query: { after: 'file-b-20', order: 'desc' } });
    expect(last).toMatchObject({ first_id: 'file-a-19', last_id: 'file-b-0', has_more: false });
    expect(await clientOf({ a: account(), b: account() }).get('/files')).toEqual({
      ...{ object: 'list', data: [], first_id: null, last_id: null, has_more: false },
    });
  });

  it('getNextPage, withResponse and asResponse', async () => {
    const accounts = two();
    for (const [name, each] of Object.entries(accounts)) {
      const { things } = each;
      each.fault = () =>
        json({ object: 'list', data: things, has_more: false }, 200, { 'x-request-id': `req-${name}` });
    }
    const client = clientOf(accounts);
    const { data, response, request_id } = await client.files.list().withResponse();
    expect(idsOf(data)).toHaveLength(6);
    expect(data.constructor.name).toBe('CursorPage');
    expect(request_id?.split(', ').sort()).toEqual(['req-a', 'req-b']);
    expect(response).toMatchObject({ status: 200, ok: true });
    const raw = await client.files.list().asResponse();
    expect(raw.headers.get('content-type')).toBe('application/json');
    expect(((await raw.json()) as { data: unknown }).data).toEqual(data.data);
    expect(await client.balancer.fetch('https://a.example/v1/files').then((reply) => reply.json())).toMatchObject({
      data: data.data,
    });
    const first = await clientOf(two()).files.list({ limit: 4 });
    const second = await first.getNextPage();
    expect([...idsOf(first), ...idsOf(second)]).toEqual(unionOf(two(), 'desc'));
    expect(second.hasNextPage()).toBe(false);
  });

  it('ids that were listed lead back', async () => {
    const accounts = two();
    const client = clientOf(accounts);
    await client.files.list();
    for (const each of Object.values(accounts)) each.fault = (url) => json({ id: url.pathname.split('/').at(-1) });
    const before = asked(accounts);
    await client.files.retrieve('file-b-1');
    expect(asked(accounts)).toEqual([before[0], before[1]! + 1]);
  });

  it('attemptsOf tells of all endpoints', async () => {
    const accounts = two();
    accounts.a.fault = () => refusal(500);
    const client = clientOf(accounts, { maxRetries: 0 });
    const page = await client.files.list();
    const all = [
      { endpoint: 'a', status: 500 },
      { endpoint: 'b', status: 200 },
    ];
    const told = (thing: unknown) => attemptsOf(thing).sort((one, other) => (one.endpoint < other.endpoint ? -1 : 1));
    expect(told(page)).toMatchObject(all);
    const promise = client.files.list();
    expect(told(await promise.asResponse())).toMatchObject(all);
    expect(told(promise)).toMatchObject(all);
    expect(told(await client.get('/files'))).toMatchObject(all);
  });

  it('a later page costs one call to each endpoint that may have more', async () => {
    const accounts = { a: account(files('a', 50)), b: account([{ id: 'old', created_at: 1 }]), c: account() };
    await everyId(clientOf(accounts), { limit: 10 });
    // c was asked once, a until it had no more, b until its only object came at last.
    expect(asked(accounts)).toEqual([5, 6, 1]);
  });

  it('a cursor nobody has is answered by an endpoint', async () => {
    const accounts = two();
    const error = await failure(clientOf(accounts).files.list({ after: 'file-of-nobody' }));
    expect(error).toBeInstanceOf(OpenAI.BadRequestError);
    expect(error.message).toContain('file-of-nobody');
    expect(accounts.a.asked.at(-1)?.searchParams.get('after')).toBe('file-of-nobody');
    // Who is missing may have it.
    accounts.b.fault = () => refusal(503);
    const down = await failure(clientOf(accounts, { maxRetries: 0 }).files.list({ after: 'file-b-1' }));
    expect(down).toMatchObject({ status: 503 });
    expect(attemptsOf(down).at(-1)).toMatchObject({ endpoint: 'b', status: 503 });
  });
});

describe('an endpoint that is down', () => {
  const three = () => ({ a: account(files('a', 3)), b: account(files('b', 3)), c: account(files('c', 3)) });
  const without = ({ b: _, ...rest }: ReturnType<typeof three>) => unionOf(rest, 'desc');

  it.each<[what: string, fault: Account['fault'], reason: RegExp]>([
    ['500', () => refusal(500), /^500 server error$/],
    ['401', () => refusal(401), /^401 credentials refused$/],
    ['403', () => refusal(403), /^403 forbidden$/],
    ['429', () => refusal(429), /^429 rate limited$/],
    ['a web page', () => new Response('<html>', { headers: { 'content-type': 'text/html' } }), /^200 bad reply$/],
    ['no list', () => json({ ok: true }), /^200 ok$|no list/],
    [
      'no connection',
      () =>
        Promise.reject(new TypeError('fetch failed', { cause: Object.assign(new Error(), { code: 'ECONNREFUSED' }) })),
      /^connect failed$/,
    ],
  ])('%s: the rest, and an event', async (_, fault, reason) => {
    const accounts = three();
    accounts.b.fault = fault;
    const client = clientOf(accounts, { maxRetries: 0 });
    const heard = partials(client);
    expect(idsOf(await client.files.list())).toEqual(without(accounts));
    expect(heard).toMatchObject(
      [{ endpoint: 'b', operation: 'files', callId: /^call-/ }].map(({ callId: _, ...rest }) => rest),
    );
    expect(heard[0]?.reason).toMatch(reason);
    expect(heard[0]?.callId).toMatch(/^call-/);
    const strict = clientOf(accounts, { maxRetries: 0, lists: { strict: true } });
    expect(await failure(strict.files.list())).toBeInstanceOf(OpenAI.OpenAIError);
    expect(partials(strict)).toEqual([]);
  });

  it('is not even asked while its breaker is open, and its objects follow when it is back', async () => {
    const clock = manualClock();
    const accounts = three();
    accounts.b.fault = () => refusal(500);
    const lines: string[] = [];
    const logger = { warn: (line: string) => lines.push(line), info() {}, debug() {}, error() {} };
    const client = clientOf(accounts, {
      maxRetries: 0,
      clock,
      logger,
      logLevel: 'warn',
      breaker: { consecutiveFailures: 2 },
    });
    const heard = partials(client);
    const query = { limit: 2 };
    let page = await client.files.list(query);
    page = await page.getNextPage();
    const before = accounts.b.asked.length;
    page = await page.getNextPage();
    expect([before, accounts.b.asked.length]).toEqual([2, 2]);
    expect(heard.map(({ reason }) => reason)).toEqual([
      '500 server error',
      '500 server error',
      'ejected after failures',
    ]);
    expect(lines.filter((line) => line.includes('lists (files) go without b'))).toHaveLength(1);
    accounts.b.fault = undefined;
    await clock.advance(10_000);
    const rest: string[] = [];
    for await (const { id } of await client.files.list({ ...query, after: idsOf(page).at(-1)! })) rest.push(id);
    expect(rest).toEqual(['file-b-2', 'file-b-1', 'file-b-0']);
  });

  it('that hangs is given up once another has answered and a slow call would be rescued', async () => {
    const clock = manualClock();
    const accounts = three();
    accounts.b.fault = (_, { signal }) =>
      new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
    const client = clientOf(accounts, { clock });
    const heard = partials(client);
    const listed = client.files.list().then(idsOf);
    await clock.advance(19_000);
    expect(heard).toEqual([]);
    await clock.advance(1_001);
    expect(await listed).toEqual(without(accounts));
    expect(heard).toMatchObject([{ endpoint: 'b', reason: 'no answer in 20 s' }]);
  });

  it('and all others too: the error of the last one; one that is left out is asked after all', async () => {
    const accounts = three();
    for (const each of Object.values(accounts)) each.fault = () => refusal(500);
    accounts.c.fault = () => refusal(503);
    const client = clientOf(accounts, { maxRetries: 0, breaker: { consecutiveFailures: 1 } });
    const heard = partials(client);
    const error = await failure(client.files.list());
    expect(error).toBeInstanceOf(OpenAI.InternalServerError);
    expect(error.status).toBe(503);
    expect(attemptsOf(error).map(({ endpoint }) => endpoint)).toEqual(['a', 'b', 'c']);
    expect(heard).toEqual([]);
  });

  it('one that is left out is asked after all when nobody else has such lists', async () => {
    const clock = manualClock();
    const accounts = { a: account(files('a', 3)), b: account() };
    accounts.a.fault = () => refusal(500);
    const client = clientOf(accounts, { maxRetries: 0, clock, breaker: { consecutiveFailures: 1 } });
    await client.files.list();
    accounts.b.fault = () => json({ detail: 'Not Found' }, 404);
    // Out, but not known to be the only one.
    expect(await failure(client.files.list())).toMatchObject({ status: 500 });
    accounts.a.fault = undefined;
    await clock.advance(10_000);
    expect(idsOf(await client.files.list())).toEqual(unionOf(accounts, 'desc'));
  });

  it('strict: its error is thrown, whatever the others have', async () => {
    const accounts = three();
    accounts.b.fault = () => refusal(500, 'b is down');
    const error = await failure(clientOf(accounts, { maxRetries: 0, lists: { strict: true } }).files.list());
    expect(error).toBeInstanceOf(OpenAI.InternalServerError);
    expect(error.message).toContain('b is down');
    expect(attemptsOf(error).at(-1)).toMatchObject({ endpoint: 'b', status: 500 });
  });

  it.each([404, 405, 501])(
    'one without such lists (%i) has none of these objects: no event, not even with strict',
    async (status) => {
      const accounts = three();
      accounts.b.fault = () => json({ detail: 'Not Found' }, status);
      const client = clientOf(accounts, { maxRetries: 0, lists: { strict: true } });
      const heard = partials(client);
      for (let round = 0; round < 3; round++) expect(idsOf(await client.files.list())).toEqual(without(accounts));
      expect(heard).toEqual([]);
      expect(accounts.b.asked).toHaveLength(1);
    },
  );

  it('without such lists, all of them: the SDK’s NotFoundError', async () => {
    const accounts = three();
    for (const each of Object.values(accounts)) each.fault = () => json({ detail: 'Not Found' }, 404);
    const client = clientOf(accounts, { maxRetries: 0 });
    for (let round = 0; round < 2; round++)
      expect(await failure(client.files.list())).toBeInstanceOf(OpenAI.NotFoundError);
  });

  it('a 400 is about the call', async () => {
    const accounts = three();
    const error = await failure(clientOf(accounts).files.list({ limit: 0 }));
    expect(error).toBeInstanceOf(OpenAI.BadRequestError);
    expect(error.message).toContain('Invalid limit');
  });

  it('an endpoint not used for such calls is not asked', async () => {
    const accounts = three();
    const endpoints = [
      endpointTo('a', accounts.a),
      endpointTo('b', accounts.b, { operations: ['chat'] }),
      endpointTo('c', accounts.c),
    ];
    const client = new LoadBalancedOpenAI(endpoints, { shareState: false });
    expect(idsOf(await client.files.list())).toEqual(without(accounts));
    expect(accounts.b.asked).toEqual([]);
  });
});

describe('who asks', () => {
  it('tags narrow the list; a pin and a pool of one show their endpoint as it is', async () => {
    const accounts = { a: account(files('a', 3)), b: account(files('b', 3)), c: account(files('c', 3)) };
    const endpoints = Object.entries(accounts).map(([name, each]) =>
      endpointTo(name, each, { tags: name === 'a' ? [] : ['eu'] }),
    );
    const client = new LoadBalancedOpenAI(endpoints, { shareState: false, logLevel: 'off' });
    const { a: _, ...eu } = accounts;
    expect(idsOf(await client.balancer.with({ tags: ['eu'] }).files.list())).toEqual(unionOf(eu, 'desc'));
    expect(idsOf(await client.balancer.run({ tags: ['eu'] }, () => client.files.list()))).toEqual(unionOf(eu, 'desc'));
    expect(idsOf(await client.balancer.pin('c').files.list())).toEqual(unionOf({ c: accounts.c }, 'desc'));
    const before = asked(accounts);
    expect(idsOf(await clientOf({ a: accounts.a }).files.list({ limit: 2 }))).toEqual(['file-a-2', 'file-a-1']);
    expect(asked(accounts)).toEqual([before[0]! + 1, before[1], before[2]]);
  });

  it('an abort ends all parts', async () => {
    const accounts = { a: account(files('a', 3)), b: account() };
    let aborted = 0;
    accounts.b.fault = (_, { signal }) =>
      new Promise((_, reject) =>
        signal?.addEventListener('abort', () => {
          aborted += 1;
          reject(signal.reason);
        }),
      );
    const abort = new AbortController();
    const client = clientOf(accounts);
    const failed = failure(client.files.list({}, { signal: abort.signal }));
    while (accounts.b.asked.length === 0) await new Promise(setImmediate);
    abort.abort(new Error('enough'));
    expect(await failed).toBeInstanceOf(OpenAI.APIUserAbortError);
    expect(aborted).toBe(1);
    expect(await failure(client.files.list({}, { signal: abort.signal }))).toBeInstanceOf(OpenAI.APIUserAbortError);
  });

  it('the deadline holds over all parts', async () => {
    const clock = manualClock();
    const accounts = { a: account(files('a', 3)), b: account() };
    const hang: Account['fault'] = (_, { signal }) =>
      new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
    accounts.b.fault = hang;
    const client = clientOf(accounts, { clock, rescue: false });
    const heard = partials(client);
    const listed = client.files.list({}, { timeout: 5_000 }).then(idsOf);
    await clock.advance(5_000);
    expect(await listed).toEqual(unionOf(accounts, 'desc'));
    expect(heard).toMatchObject([{ endpoint: 'b', reason: 'timed out' }]);
    accounts.a.fault = hang;
    const failed = failure(client.files.list({}, { timeout: 5_000 }));
    await clock.advance(5_000);
    expect(await failed).toBeInstanceOf(OpenAI.APIConnectionTimeoutError);
  });

  it('a list that names an id is its owner’s', async () => {
    const accounts = { a: account(), b: account() };
    const answers = (has: boolean) => (url: URL) =>
      url.pathname === '/v1/agents/sessions' || has ? json({ id: 'agent_1', object: 'list', data: [] }) : refusal(404);
    accounts.a.fault = answers(false);
    accounts.b.fault = answers(true);
    await clientOf(accounts).get('/agents/sessions', { query: { agent_id: 'agent_1' } });
    const lists = Object.values(accounts).map((each) =>
      each.asked.filter(({ pathname }) => pathname === '/v1/agents/sessions'),
    );
    expect(lists.map(({ length }) => length)).toEqual([0, 1]);
  });
});

describe('all lists of an account', () => {
  it.each<[string, (client: OpenAI) => AsyncIterable<unknown> & PromiseLike<object>]>([
    ['files', (client) => client.files.list({ limit: 10 })],
    ['batches', (client) => client.batches.list({ limit: 10 })],
    ['vector_stores', (client) => client.vectorStores.list({ limit: 10 })],
    ['assistants', (client) => client.beta.assistants.list({ limit: 10 })],
    ['fine_tuning/jobs', (client) => client.fineTuning.jobs.list({ limit: 10 })],
    ['containers', (client) => client.containers.list({ limit: 10 })],
    ['evals', (client) => client.evals.list({ limit: 10 })],
    ['videos', (client) => client.videos?.list({ limit: 10 })],
    ['chat/completions', (client) => client.chat.completions.list({ limit: 10 })],
    ['skills', (client) => client.skills?.list({ limit: 10 })],
  ])('%s, on real servers', async (path, list) => {
    const server = (count: number) => ({ script: [], server: { objects: { [path]: count } } });
    await using stage = await openStage({ a: server(25), b: server(0), c: server(11) });
    if (list(stage.client) === undefined) return;
    const ids: string[] = [];
    for await (const each of list(stage.client)) ids.push((each as { id: string }).id);
    expect(new Set(ids).size).toBe(36);
    expect(ids).toHaveLength(36);
    await stage.servers.c.refuse();
    const rest: string[] = [];
    for await (const each of list(stage.client.withOptions({ maxRetries: 0 }))) rest.push((each as { id: string }).id);
    expect(rest).toHaveLength(25);
    expect(stage.events.of('list-partial').every(({ endpoint }) => endpoint === 'c')).toBe(true);
    expect(stage.events.of('list-partial').length).toBeGreaterThan(0);
  });
});

describe('models', () => {
  const models =
    (...ids: string[]) =>
    () =>
      json({ object: 'list', data: ids.map((id) => ({ id, object: 'model', owned_by: 'x' })) });
  const poolOf = (endpoints: Parameters<typeof endpointTo>[2][], ids: string[][]) => {
    const accounts = ids.map((own) => account([], { fault: models(...own) }));
    const list = endpoints.map((options, at) => endpointTo('abc'[at]!, accounts[at]!, options));
    return { accounts, client: new LoadBalancedOpenAI(list, { shareState: false, logLevel: 'off' }) };
  };

  it('are listed once, by the names that calls use', async () => {
    const { client, accounts } = poolOf(
      [
        {},
        { modelMap: { 'gpt-5': 'openai/gpt-5', 'gpt-*': 'openai/gpt-$1', o3: { model: 'openai/o3', omit: ['user'] } } },
        { modelMap: { '*': 'vendor-$1' }, models: ['llama*', 'gpt-5'] },
      ],
      [
        ['gpt-5', 'gpt-5-mini'],
        ['openai/gpt-5', 'openai/gpt-4.1', 'openai/o3', 'anthropic/claude'],
        ['vendor-llama-3', 'vendor-gpt-5', 'vendor-secret', 'llama-raw'],
      ],
    );
    const page = await client.models.list();
    expect(page.data.map(({ id }) => id).sort()).toEqual(
      ['anthropic/claude', 'gpt-4.1', 'gpt-5', 'gpt-5-mini', 'llama-3', 'o3'].sort(),
    );
    // All but the name is what the endpoint says.
    expect(page.data.find(({ id }) => id === 'o3')).toEqual({ id: 'o3', object: 'model', owned_by: 'x' });
    expect(page.hasNextPage()).toBe(false);
    accounts[1]!.fault = () => refusal(500);
    const heard = partials(client);
    const rest = await client.withOptions({ maxRetries: 0 }).models.list();
    expect(rest.data.map(({ id }) => id).sort()).toEqual(['gpt-5', 'gpt-5-mini', 'llama-3']);
    expect(heard).toMatchObject([{ endpoint: 'b', operation: 'models' }]);
    // One endpoint by itself is shown as it is.
    expect((await client.balancer.pin('c').models.list()).data.map(({ id }) => id)).toContain('vendor-secret');
  });

  it('retrieve asks with the endpoint’s own name, and only who serves the model', async () => {
    const { client, accounts } = poolOf(
      [{ models: ['o*'] }, { modelMap: { 'gpt-*': 'openai/gpt-$1' } }, { modelMap: { 'gpt-5': 'prod' } }],
      [[], [], []],
    );
    for (const [at, each] of accounts.entries())
      each.fault = (url) => {
        const id = decodeURIComponent(url.pathname.slice('/v1/models/'.length));
        return at === 2 ? json({ id, object: 'model' }) : refusal(404, `The model '${id}' does not exist`);
      };
    // The reply is the endpoint's own.
    expect((await client.models.retrieve('gpt-5')).id).toBe('prod');
    expect(accounts.map((each) => each.asked.map(({ pathname }) => pathname))).toEqual([
      [],
      expect.toBeOneOf([[], ['/v1/models/openai%2Fgpt-5']]),
      ['/v1/models/prod'],
    ]);
    expect((await client.models.retrieve('gpt-6')).id).toBe('gpt-6');
    expect(accounts[0]?.asked).toEqual([]);
    // A model that nobody serves is asked about all the same.
    accounts[2]!.fault = accounts[1]!.fault;
    expect(await failure(client.models.retrieve('nothing'))).toBeInstanceOf(OpenAI.NotFoundError);
    for (const each of accounts) each.fault = models('o3');
    expect((await client.models.list()).data.map(({ id }) => id)).toEqual(['o3']);
  });

  it('of Azure: the exact names of its map, which were deployed there', async () => {
    await using stage = await openStage({
      a: { script: [], server: { models: ['gpt-5'] } },
      azure: {
        script: [],
        type: 'azure',
        modelMap: { 'gpt-5': 'prod-gpt5', 'o4-mini': 'prod-o4', 'x-*': 'y-$1' },
        models: ['gpt-5', 'o4*'],
        server: { models: ['gpt-5-2025-08-07'] },
      },
    });
    const { data } = await stage.client.models.list();
    expect(data.map(({ id }) => id).sort()).toEqual(['gpt-5', 'o4-mini']);
  });
});
