/**
 * One page of a list over the whole pool: what every endpoint has, merged by time, each object once.
 * A cursor is the id of an item. Where each endpoint's list stood behind it is remembered; where it is not, as in a process that
 * has just begun, the lists are read from their start until that item was passed, so that the outcome is the same.
 */

import { idsInReply } from '../affinity/handed-out-ids.ts';
import type { Stands } from '../affinity/list-positions.ts';
import { asId, byTime, type Earlier, type Item, idOf, Lane, type Merged, merged, START } from '../affinity/merge.ts';
import type { Collection } from '../call/collections.ts';
import type { Endpoint } from '../endpoint/endpoint.ts';
import type { Core } from './core.ts';
import type { ListParts } from './list-parts.ts';
import { publicModels } from './model-list.ts';

/** A list that several endpoints have a part of. */
export interface Union {
  readonly collection: Collection;
  readonly endpoints: readonly Endpoint[];
  readonly query: Readonly<Record<string, unknown>>;
}

/** Parts of this many items are asked for while a cursor is looked for: the most that all lists of the API allow. */
const LARGEST_PART = 100;

type Lanes = readonly Lane<Endpoint>[];
type Found = readonly Merged<Endpoint>[];

/** What is asked of the whole list. */
interface Window {
  readonly after: string | undefined;
  readonly before: string | undefined;
  /** As the caller gave it: what is no number of items, the endpoints refuse themselves. */
  readonly limit: unknown;
  readonly size: number | undefined;
  readonly order: 'asc' | 'desc';
  readonly earlier: Earlier;
  /** What every part is asked for. */
  readonly filters: Readonly<Record<string, unknown>>;
  /** Names the list among those whose positions are remembered. */
  readonly list: string;
}

function windowOf({ collection, query }: Union): Window {
  const { after, before, limit, ...rest } = query;
  const { path } = collection;
  const order = rest.order === 'asc' || rest.order === 'desc' ? rest.order : collection.order;
  // Those whose usual order is another one than the API's own would show another list.
  const filters = collection.order === 'asc' && path !== 'models' ? { order, ...rest } : rest;
  const size = Number(limit);
  const field = rest.order_by === 'updated_at' ? 'updated_at' : 'created_at';
  const said = Object.entries(rest).sort(([one], [other]) => (one < other ? -1 : 1));
  return {
    after: asId(after),
    before: asId(before),
    limit,
    size: Number.isInteger(size) && size > 0 ? size : undefined,
    order,
    earlier: path === 'models' ? () => false : byTime(order, field),
    filters,
    list: `${path} ${order} ${JSON.stringify(said)}`,
  };
}

/** Where every list stands behind an item; of new objects only the end of an ascending list hears. */
function standsOf(lanes: Lanes, parts: ListParts, order: Window['order'], last: Item): Stands {
  const { created_at, created, updated_at } = last;
  return new Map(
    lanes.map(({ source, after, more, head }) => {
      const { missing, without } = parts.gaps;
      const here = order === 'desc' && !missing.has(source);
      const ended = without.has(source) || (here && !more && head === undefined);
      const passed = here && after === undefined && !ended;
      return [source.name, { after, ended, ...(passed && { passed: { created_at, created, updated_at } }) }];
    }),
  );
}

/** Each object belongs to who is known to have it; one that several keys of an account show, to one of them for all calls. */
function learn({ affinity, settings }: Core, found: Found, { path }: Collection): void {
  const owned = new Map<string, Item[]>();
  for (const { item, from } of found) {
    const id = idOf(item);
    // Of models only those are an account's own that were tuned there.
    if (id === undefined || (path === 'models' && !id.startsWith('ft:'))) continue;
    const names = from.map(({ source }) => source.name);
    const known = affinity.ownerOf(id);
    const { home } = settings.affinity;
    const owner = names.find((name) => name === known) ?? names.find((name) => name === home) ?? (names[0] as string);
    owned.set(owner, [...(owned.get(owner) ?? []), item]);
  }
  for (const [owner, data] of owned) affinity.learn(idsInReply({ data }), owner);
}

/** Reads on to the items of the page. @returns `undefined` when nobody has the cursor. */
async function pageOf(
  stream: AsyncGenerator<Merged<Endpoint>, void>,
  window: Window,
  passes: boolean,
  sizeOf: () => number,
): Promise<{ found: Found; earlier: boolean } | undefined> {
  const { after, before } = window;
  let passing = passes;
  let earlier = false;
  const found: Merged<Endpoint>[] = [];
  for await (const one of stream) {
    const id = idOf(one.item);
    if (passing) {
      passing = id !== after;
      continue;
    }
    if (before !== undefined && id === before) return { found, earlier };
    found.push(one);
    if (found.length < sizeOf()) continue;
    if (before === undefined) break;
    // Of those before a cursor, the nearest ones are the page.
    if (found.length > sizeOf()) earlier = found.shift() !== undefined;
  }
  return passing || before !== undefined ? undefined : { found, earlier };
}

/**
 * The page as one endpoint would show it.
 * @returns `undefined` when nobody has the cursor that it shall begin or end at.
 * @throws the SDK's error of an endpoint: of the caller's own fault, of all that are missing, of one that is with `strict`.
 */
export async function mergedPage(core: Core, union: Union, parts: ListParts): Promise<object | undefined> {
  const { collection, endpoints } = union;
  const { path } = collection;
  const window = windowOf(union);
  const { after, before, limit, size, filters, list } = window;
  const known = after === undefined || before !== undefined ? undefined : core.positions.at(list, after);
  const stands = known && endpoints.every(({ name }) => known.has(name)) ? known : undefined;
  const passes = after !== undefined && !stands;
  const most = passes || before !== undefined ? Math.max(LARGEST_PART, size ?? 0) : limit;
  const lanes = endpoints.map(
    (endpoint) =>
      new Lane(endpoint, stands?.get(endpoint.name) ?? START, window.earlier, async (behind) => {
        const query = { ...filters, ...(most !== undefined && { limit: most }), ...(behind && { after: behind }) };
        const part = await parts.ask(endpoint, query);
        if (path !== 'models' || parts.gaps.has(endpoint)) return part;
        return { items: publicModels(part.items, endpoint.settings), more: false };
      }),
  );
  const fill = async (dry: Lanes) => {
    await parts.fill(dry);
    const recalled = parts.gaps.recall();
    if (recalled.size > 0) await parts.fill(lanes.filter(({ source }) => recalled.has(source)));
    parts.gaps.throwIfAll();
  };
  const lengths = () => lanes.flatMap(({ pageLength }) => pageLength ?? []);
  const usual = most === limit ? lengths : () => [];
  const sizeOf = () => size ?? (Math.max(0, ...usual()) || collection.limit);
  const page = await pageOf(merged(lanes, window.earlier, fill), window, passes, sizeOf);
  if (!page) return undefined;
  const { found } = page;
  learn(core, found, collection);
  const data = found.map(({ item }) => item);
  const { data: _, ...rest } = parts.first ?? { data };
  if (path === 'models') return { object: 'list', ...rest, data };
  const [first, last] = [idOf(data[0]), idOf(data.at(-1))];
  if (last !== undefined && before === undefined)
    core.positions.remember(list, last, standsOf(lanes, parts, window.order, data.at(-1) as Item));
  const has_more = before === undefined ? lanes.some(({ more, head }) => more || head !== undefined) : page.earlier;
  const next = 'next' in rest ? { next: has_more ? (last ?? null) : null } : {};
  return { object: 'list', ...rest, data, first_id: first ?? null, last_id: last ?? null, has_more, ...next };
}
