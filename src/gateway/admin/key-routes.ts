/** Client keys: made, listed, revoked. The key itself is told once, to whoever made it; what is kept is its hash. */
import { z } from 'zod';
import { matchesName } from '../../call/model-map.ts';
import { didYouMean } from '../../config/suggest.ts';
import { newKey } from '../config/schema.ts';
import type { GatewaySettings } from '../config/settings.ts';
import type { StoredKey } from '../store/gateway-store.ts';
import { newClientKey } from '../store/new-client-key.ts';
import { AdminError, type Issue, invalid } from './admin-error.ts';
import { unknown } from './find.ts';
import { type AdminRoute, type AdminSurroundings, checked } from './route.ts';
import { keyView } from './shapes.ts';

/** Keys of a file have no id of their own. */
const OF_FILE = 'file:';
const textOf = (date: number | undefined) => (date === undefined ? null : new Date(date).toISOString());

async function shown({ running, store }: AdminSurroundings): Promise<object> {
  const { clientKeys, adminKeys } = running().settings;
  const used = new Map((await store.calls.usage({ by: ['key'] })).map((row) => [row.key, row]));
  const rest = ({ name, groups, limits, expiresAt }: Pick<StoredKey, 'name' | 'groups' | 'limits' | 'expiresAt'>) => {
    const { calls = 0, tokensIn = 0, tokensOut = 0, cost = 0 } = used.get(name) ?? {};
    const usage = { calls, tokensIn, tokensOut, cost };
    return { name, groups: groups ?? null, limits, expiresAt: textOf(expiresAt), usage };
  };
  const ofFile = clientKeys.map((key) => ({ ...rest(key), id: OF_FILE + key.name, source: 'file', createdAt: null }));
  const stored = store.keys
    .list()
    .map((key) => ({ ...rest(key), id: key.id, source: 'store', createdAt: textOf(key.createdAt) }));
  return { keys: [...ofFile, ...stored], adminKeys: adminKeys.map(({ name }) => ({ name })) };
}

/** What is wrong with a key that fits its schema. */
function issuesOf(wish: z.output<typeof newKey>, settings: GatewaySettings, now: number): Issue[] {
  const { name, groups: allowed = [], limits, expiresAt } = wish;
  const { clientKeys, groups, endpoints, prices } = settings;
  const issues: Issue[] = [];
  if (clientKeys.some((key) => key.name === name))
    issues.push({ path: 'name', message: 'is taken by a key of the configuration file; choose another name' });
  if (expiresAt !== undefined && Date.parse(expiresAt) <= now)
    issues.push({ path: 'expiresAt', message: 'is over already; choose a later date, or leave it out' });
  if (limits?.budget && Object.keys(prices).length === 0)
    issues.push({ path: 'limits.budget', message: 'needs prices; add them to the configuration file' });
  const named = [...groups.map((group) => group.name), ...endpoints.flatMap(({ names }) => names)];
  const takesAll = groups.length === 0 && endpoints.some(({ open }) => open);
  for (const [index, group] of allowed.entries())
    if (!takesAll && !named.some((pattern) => matchesName(pattern, group)))
      issues.push({ path: `groups[${index}]`, message: `names no group and no model${didYouMean(group, named)}` });
  return issues;
}

async function make(body: unknown, { running, store, around }: AdminSurroundings) {
  const wish = checked(newKey, body ?? {}, 'invalid_key');
  const issues = issuesOf(wish, running().settings, around.clock.date());
  if (issues.length > 0) throw invalid(issues, 'invalid_key');
  const { name, groups, limits = {}, expiresAt } = wish;
  const until = expiresAt === undefined ? {} : { expiresAt: Date.parse(expiresAt) };
  const { key, stored } = newClientKey({ name, limits, ...(groups && { groups }), ...until }, around.clock);
  await store.keys.add(stored);
  return { status: 201, body: { id: stored.id, key } } as const;
}

async function revoke(id: string, { running, store, local }: AdminSurroundings) {
  const { clientKeys } = running().settings;
  if (id.startsWith(OF_FILE) && clientKeys.some(({ name }) => OF_FILE + name === id))
    throw new AdminError(409, 'named_by_file', 'The key stands in the configuration file; take it out there.');
  const keys = store.keys.list();
  if (!keys.some((key) => key.id === id)) throw unknown('key', id, []);
  if (!local && clientKeys.length === 0 && keys.length === 1) {
    const message =
      'This is the last client key, and the gateway is reached from other machines: without one, anybody could call. Make another one first.';
    throw new AdminError(409, 'last_key', message);
  }
  await store.keys.delete(id);
  return { status: 200, body: { deleted: id } } as const;
}

/** The routes. */
export const keyRoutes: readonly AdminRoute[] = [
  {
    ...{ method: 'GET', path: '/admin/keys', does: 'Lists client keys and the names of admin keys; no key itself.' },
    replies: {
      200: z.strictObject({ keys: z.array(keyView), adminKeys: z.array(z.strictObject({ name: z.string() })) }),
    },
    run: async (_, admin) => ({ status: 200, body: await shown(admin) }),
  },
  {
    ...{ method: 'POST', path: '/admin/keys', body: newKey, errors: [409] },
    does: 'Makes a client key. It is told in this reply and never again.',
    replies: { 201: z.strictObject({ id: z.string(), key: z.string() }) },
    run: ({ body }, admin) => make(body, admin),
  },
  {
    ...{ method: 'DELETE', path: '/admin/keys/:id', does: 'Revokes a client key.', errors: [404, 409] },
    replies: { 200: z.strictObject({ deleted: z.string() }) },
    run: ({ name }, admin) => revoke(name, admin),
  },
];
