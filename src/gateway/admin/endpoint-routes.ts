/** Endpoints: listed, put, deleted, drained. Those of the file are shown and drained, and changed in the file. */
import { z } from 'zod';
import type { EndpointSnapshot } from '../../sdk/snapshot.ts';
import { isObject } from '../config/check-shape.ts';
import { endpointOptions } from '../config/endpoint-fields.ts';
import { InvalidConfiguration } from '../config/invalid.ts';
import type { GatewaySettings, Given } from '../config/settings.ts';
import { storedEndpointPath } from '../config/with-store.ts';
import { endpointStates } from '../figures/status-pages.ts';
import { leadsTo } from '../outside/resolve.ts';
import { ALLOW, addressesIn } from '../outside/stored-address.ts';
import { type Issue, invalid } from './admin-error.ts';
import { endpointOf, named, refuseInUse, refuseName, refuseNamed, relativeTo, unknown } from './find.ts';
import { newEndpoint } from './new-endpoint.ts';
import { type AdminRoute, type AdminSurroundings, changeable, nothing } from './route.ts';
import { endpointView, warnings } from './shapes.ts';
import { endpointShown, skippedShown } from './views.ts';

const CODE = 'invalid_configuration';

/** Every endpoint with its state, those without a key last. */
export function endpointsShown({ running }: AdminSurroundings): object[] {
  const { endpoints, skipped } = running().settings;
  const states = new Map(endpointStates(running()).map((state) => [state.name, state]));
  const shown = endpoints.flatMap((endpoint) => {
    const state = states.get(endpoint.name);
    return state ? [endpointShown(endpoint, state)] : [];
  });
  return [...shown, ...skipped.map(skippedShown)];
}

const shownOne = (admin: AdminSurroundings, name: string): object => {
  const state = endpointStates(admin.running()).find((each) => each.name === name) as EndpointSnapshot;
  return endpointShown(endpointOf(admin.running().settings, name), state);
};

/** Names are looked up by the proxy, where the environment names one. */
const isProxied = () => Boolean(process.env.https_proxy || process.env.HTTPS_PROXY);

/** Where the names of its addresses lead. @throws AdminError 422. @returns what is to be known besides */
async function followNames(options: Given, admin: AdminSurroundings): Promise<string[]> {
  const issues: Issue[] = [];
  const notes: string[] = [];
  for (const { path, url } of addressesIn(options)) {
    const led = await leadsTo(url, admin.around.clock);
    if (led.is === 'inside') issues.push({ path, message: `leads to this machine or its own network; ${ALLOW}` });
    if (led.is === 'nowhere' && !isProxied()) issues.push({ path, message: 'names a host that does not exist' });
    if (led.is === 'unknown') notes.push(`Where ${path} leads could not be looked up now (${led.code}).`);
  }
  if (issues.length > 0) throw invalid(issues, CODE);
  return notes;
}

const without = (names: readonly string[], name: string) => names.filter((each) => each !== name);

/** What is to be stored of an endpoint that was sent, as things are now. @throws AdminError */
function madeNow(name: string, body: Given, admin: AdminSurroundings) {
  const { settings } = changeable(admin);
  const known = named(settings, name);
  refuseNamed('endpoint', name, known?.source, settings);
  const stored = admin.store.config.read();
  const before = stored.endpoints[name] ?? admin.deleted.find(name);
  const made = newEndpoint(name, body, before, settings.admin.allowInsecure);
  if (made.is === 'wrong') throw invalid(made.issues, CODE);
  return { options: made.options, isKnown: known !== undefined, drained: without(stored.drained, name) };
}

async function put(name: string, body: unknown, admin: AdminSurroundings) {
  const configuration = changeable(admin);
  refuseName(name);
  if (!isObject(body)) throw invalid([{ path: '', message: 'must be an object such as { baseURL, apiKey }' }], CODE);
  const { options: first } = madeNow(name, body, admin);
  const notes = configuration.settings.admin.allowInsecure ? [] : await followNames(first, admin);
  // Others may have changed it meanwhile, its key too.
  const { options, isKnown, drained } = madeNow(name, body, admin);
  const change = () => configuration.change({ endpoints: { [name]: options }, drained });
  const settings = await told(change, storedEndpointPath(name));
  admin.deleted.forget(name);
  return {
    status: isKnown ? 200 : 201,
    body: { endpoint: shownOne(admin, name), warnings: [...notes, ...settings.warnings] },
  } as const;
}

/** Makes a change; what is wrong with it is told from where it stands in what was sent. */
export async function told(change: () => Promise<GatewaySettings>, start: string): Promise<GatewaySettings> {
  try {
    return await change();
  } catch (error) {
    if (error instanceof InvalidConfiguration) throw invalid(relativeTo(start, error.problems), CODE);
    throw error;
  }
}

async function remove(name: string, admin: AdminSurroundings) {
  const configuration = changeable(admin);
  const stored = admin.store.config.read();
  const { settings } = configuration;
  const known = named(settings, name);
  if (!Object.hasOwn(stored.endpoints, name)) {
    refuseNamed('endpoint', name, known?.source, settings);
    throw unknown('endpoint', name, Object.keys(stored.endpoints));
  }
  // What the file names as well stays, whatever becomes of this one.
  if (known?.source === 'store') refuseInUse('endpoint', name, settings);
  const drained = known?.source === 'store' ? without(stored.drained, name) : stored.drained;
  await configuration.change({ endpoints: { [name]: null }, drained });
  admin.deleted.add(name, stored.endpoints[name] as Given);
  return { status: 200, body: { deleted: name } } as const;
}

async function setDrained(name: string, drained: boolean, admin: AdminSurroundings) {
  const configuration = changeable(admin);
  endpointOf(configuration.settings, name);
  const others = without(admin.store.config.read().drained, name);
  await configuration.change({ drained: drained ? [...others, name] : others });
  return { status: drained ? 202 : 200, body: { endpoint: name, drained } } as const;
}

const written = z.strictObject({ endpoint: endpointView, warnings });
const drain = z.strictObject({ endpoint: z.string(), drained: z.boolean() });

const REMOVES =
  'Deletes an endpoint. For 30 s one put there again, at the same address and without a key, has its key still.';

/** The routes. */
export const endpointRoutes: readonly AdminRoute[] = [
  {
    ...{ method: 'GET', path: '/admin/endpoints', does: 'Lists the endpoints, each with its state.' },
    replies: { 200: z.strictObject({ endpoints: z.array(endpointView) }) },
    run: (_, admin) => ({ status: 200, body: { endpoints: endpointsShown(admin) } }),
  },
  {
    ...{ method: 'PUT', path: '/admin/endpoints/:name', body: endpointOptions, errors: [409] },
    does: 'Makes or replaces an endpoint; ends its drain. Keys left out stay as they are, while the address is the same.',
    replies: { 200: written, 201: written },
    run: ({ name, body }, admin) => put(name, body, admin),
  },
  {
    ...{ method: 'DELETE', path: '/admin/endpoints/:name', does: REMOVES, errors: [404, 409] },
    replies: { 200: z.strictObject({ deleted: z.string() }) },
    run: ({ name }, admin) => remove(name, admin),
  },
  {
    ...{ method: 'POST', path: '/admin/endpoints/:name/drain', body: nothing, errors: [404, 409] },
    does: 'Gives an endpoint no new calls; those that run there end. It stays so over restarts.',
    replies: { 202: drain },
    run: ({ name }, admin) => setDrained(name, true, admin),
  },
  {
    ...{ method: 'DELETE', path: '/admin/endpoints/:name/drain', errors: [404, 409] },
    does: 'Gives an endpoint calls again.',
    replies: { 200: drain },
    run: ({ name }, admin) => setDrained(name, false, admin),
  },
];
