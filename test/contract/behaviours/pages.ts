// Lists: pages, cursors, and that one list shows what all endpoints have.
import { expect } from 'vitest';
import { ALL, ASK, type Bench, behaviour } from '../support/bench.ts';

/** The ids that all upstreams have: six each, one upstream's after the other's, since none of them has a time. */
const union = (bench: Bench, kind: string) =>
  bench.upstreams.flatMap(({ name }) => [1, 2, 3, 4, 5, 6].map((number) => `${kind}_${name}_${number}`));

/** Pagination. */
export const pages = [
  behaviour('for await over list() reads every page', ALL, async (bench) => {
    const ids: string[] = [];
    for await (const job of bench.client().fineTuning.jobs.list({ limit: 2 })) ids.push(job.id);
    expect(ids).toEqual(union(bench, 'ftjob'));
    if (bench.upstreams.length === 1) expect(bench.seen).toHaveLength(3);
  }),

  behaviour('hasNextPage and getNextPage go on where the page ended, with the same query', ALL, async (bench) => {
    const client = bench.client();
    const first = await client.fineTuning.jobs.list({ limit: 2 }, { headers: { 'x-call': 'c' } });
    await client.chat.completions.create(ASK);
    expect(first.hasNextPage()).toBe(true);
    const second = await first.getNextPage();
    expect(second.constructor).toBe(first.constructor);
    const third = await second.getNextPage();
    expect(third.hasNextPage()).toBe(bench.upstreams.length > 1);
    const shown = [...first.data, ...second.data, ...third.data].map((job) => job.id);
    expect(shown).toEqual(union(bench, 'ftjob').slice(0, 6));
    const lists = bench.seen.filter(({ method }) => method === 'GET');
    expect(new Set(lists.map(({ query }) => query.get('limit')))).toEqual(new Set(['2']));
    expect(new Set(lists.map(({ headers }) => headers['x-call']))).toEqual(new Set(['c']));
  }),

  behaviour('later pages look on the wire like the first', ALL, async (bench) => {
    for await (const page of (await bench.client().files.list({ limit: 2 })).iterPages())
      expect(page.data).toHaveLength(2);
    const shapes = bench.seen.map(({ headers, method, path }) => JSON.stringify([method, path, headers]));
    expect(new Set(shapes).size).toBe(bench.upstreams.length);
  }),

  behaviour('list() is a PagePromise: withResponse, asResponse, a real page', ALL, async (bench) => {
    const client = bench.client();
    const call = client.files.list();
    expect(call).toBeInstanceOf(bench.sdk.PagePromise);
    expect(call).toBeInstanceOf(bench.sdk.APIPromise);
    const { data, response, request_id } = await call.withResponse();
    expect(data.getPaginatedItems()).toHaveLength(2);
    expect(data.constructor.name).toBe('CursorPage');
    expect(response.headers.get('x-request-id')).toBe(request_id);
    expect(
      await client.files
        .list()
        .asResponse()
        .then((raw) => raw.json()),
    ).toMatchObject({ object: 'list' });
  }),

  behaviour('a list without cursors is one page', ALL, async (bench) => {
    const ids: string[] = [];
    for await (const model of bench.client().models.list()) ids.push(model.id);
    expect(ids).toEqual(['gpt-5']);
    expect(bench.seen).toHaveLength(bench.upstreams.length);
  }),

  behaviour('getAPIList and requestAPIList take any page class', ALL, async (bench) => {
    const client = bench.client();
    const Page = (await client.files.list()).constructor as never;
    const ids: string[] = [];
    for await (const item of client.getAPIList<{ id: string }>('/files', Page, { query: { limit: 2 } }))
      ids.push(item.id);
    for await (const item of client.requestAPIList<{ id: string }>(Page, { method: 'get', path: '/files' }))
      ids.push(item.id);
    expect(ids).toEqual([...union(bench, 'file'), ...union(bench, 'file')]);
  }),
];
