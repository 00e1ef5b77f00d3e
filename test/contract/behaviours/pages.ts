// Lists: pages, cursors, and that one listing is read from one endpoint.
import { expect } from 'vitest';
import { ALL, ASK, type Bench, behaviour } from '../support/bench.ts';

const allAtOne = (bench: Bench) => new Set(bench.seen.map((request) => request.name)).size === 1;
const numbers = (ids: readonly string[]) => ids.map((id) => Number(id.split('_').at(-1)));

/** Pagination. */
export const pages = [
  behaviour('for await over list() reads every page, all from one endpoint', ALL, async (bench) => {
    const ids: string[] = [];
    for await (const job of bench.client().fineTuning.jobs.list({ limit: 2 })) ids.push(job.id);
    expect(numbers(ids)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(bench.seen).toHaveLength(3);
    expect(allAtOne(bench)).toBe(true);
  }),

  behaviour('hasNextPage and getNextPage go on where the page came from, with the same query', ALL, async (bench) => {
    const client = bench.client();
    const first = await client.fineTuning.jobs.list({ limit: 2 }, { headers: { 'x-call': 'c' } });
    await client.chat.completions.create(ASK);
    expect(first.hasNextPage()).toBe(true);
    const second = await first.getNextPage();
    expect(second.constructor).toBe(first.constructor);
    const third = await second.getNextPage();
    expect(third.hasNextPage()).toBe(false);
    expect(numbers([...first.data, ...second.data, ...third.data].map((job) => job.id))).toEqual([1, 2, 3, 4, 5, 6]);
    const lists = bench.seen.filter(({ method }) => method === 'GET');
    expect(lists).toHaveLength(3);
    expect(lists.map(({ query }) => query.get('limit'))).toEqual(['2', '2', '2']);
    expect(lists.map(({ headers }) => headers['x-call'])).toEqual(['c', 'c', 'c']);
    expect(new Set(lists.map(({ name }) => name)).size).toBe(1);
  }),

  behaviour('later pages look on the wire like the first', ALL, async (bench) => {
    for await (const page of (await bench.client().files.list({ limit: 2 })).iterPages())
      expect(page.data).toHaveLength(2);
    const shapes = bench.seen.map(({ headers, method, path }) => JSON.stringify([method, path, headers]));
    expect(new Set(shapes).size).toBe(1);
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
    expect(bench.seen).toHaveLength(1);
  }),

  behaviour('getAPIList and requestAPIList take any page class', ALL, async (bench) => {
    const client = bench.client();
    const Page = (await client.files.list()).constructor as never;
    const ids: string[] = [];
    for await (const item of client.getAPIList<{ id: string }>('/files', Page, { query: { limit: 2 } }))
      ids.push(item.id);
    for await (const item of client.requestAPIList<{ id: string }>(Page, { method: 'get', path: '/files' }))
      ids.push(item.id);
    expect(numbers(ids)).toEqual([1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6]);
  }),
];
