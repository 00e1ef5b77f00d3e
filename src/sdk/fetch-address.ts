/**
 * Where a URL given to `balancer.fetch` lies in the API: below the base URL of one of the endpoints, it means the same path at each
 * of them. Why no other URL passes: keys are put onto whatever goes through here.
 */
import { OFFICIAL_URL } from '../config/openai-endpoint.ts';
import type { Endpoint } from '../endpoint/endpoint.ts';
import { shownURL } from '../endpoint/secrets.ts';
import { ConfigurationError } from '../errors.ts';

/** A place in the API. */
export interface Place {
  readonly path: string;
  readonly query: Record<string, string | readonly string[]> | undefined;
  /** The model that the URL itself names, as on Azure: its public name. */
  readonly model: string | undefined;
  /** The only endpoint that knows this path. */
  readonly only: string | undefined;
}

/** A base URL. */
export interface Base {
  readonly url: string;
  /** Whose it is. */
  readonly endpoint?: Endpoint;
}

interface Found extends Base {
  readonly root: URL;
  readonly rest: string;
  readonly azure: boolean;
}

const parsed = (url: string) => (URL.canParse(url) ? new URL(url) : undefined);
const trimmed = (path: string) => path.replace(/\/+$/, '');

function isAzure(endpoint: Endpoint | undefined): boolean {
  return endpoint?.settings.type === 'azure' || endpoint?.settings.client?.constructor.name === 'AzureOpenAI';
}

/** The base URL with the longest path that `url` lies below. */
function baseOf(url: URL, bases: readonly Base[]): Found | undefined {
  const found: Found[] = [];
  for (const base of bases) {
    const root = parsed(base.url);
    if (!root || root.origin !== url.origin) continue;
    const azure = isAzure(base.endpoint);
    // Of an Azure resource all forms of the API lie there, whichever the endpoint itself was given.
    for (const path of azure ? [trimmed(root.pathname), '/openai'] : [trimmed(root.pathname)])
      if (url.pathname === path || url.pathname.startsWith(`${path}/`))
        // A base URL that ends with a slash, and a path put behind it, make two.
        found.push({ ...base, root, azure, rest: url.pathname.slice(path.length).replace(/^\/*/, '/') });
  }
  return found.sort((a, b) => a.rest.length - b.rest.length)[0];
}

/** The public name that an endpoint's model map leads from to `deployment`; the deployment's own where there is none. */
function publicName(deployment: string, endpoint: Endpoint | undefined): string {
  const entries = Object.entries(endpoint?.settings.modelMap ?? {});
  const [name] =
    entries.find(([key, value]) => {
      const target = typeof value === 'string' ? value : value.model;
      return target === deployment && !key.endsWith('*');
    }) ?? [];
  return name ?? deployment;
}

/** As the server will read it; what is not encoded right it shall refuse itself. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** What the Azure client of the SDK puts a deployment in front of; other paths below one are known to that endpoint alone. */
const DEPLOYED = new Set([
  ...['/completions', '/chat/completions', '/embeddings', '/images/generations', '/images/edits'],
  ...['/audio/transcriptions', '/audio/translations', '/audio/speech'],
]);

function azurePlace(rest: string, endpoint: Endpoint | undefined): Pick<Place, 'path' | 'model' | 'only'> {
  const [, deployment, path = ''] = /^\/deployments\/([^/]+)(\/.*)?$/.exec(rest) ?? [];
  if (deployment !== undefined && DEPLOYED.has(path))
    return { path, model: publicName(decoded(deployment), endpoint), only: undefined };
  if (deployment !== undefined) return { path: rest, model: undefined, only: endpoint?.name };
  return { path: rest === '/v1' ? '/' : rest.replace(/^\/v1\//, '/'), model: undefined, only: undefined };
}

function queryOf(url: URL, { root, azure }: Found): Place['query'] {
  const query: Record<string, string | string[]> = {};
  for (const name of new Set(url.searchParams.keys())) {
    // Each endpoint has its own of these.
    if (root.searchParams.has(name) || (azure && name === 'api-version')) continue;
    const values = url.searchParams.getAll(name);
    if (values.length === 1) query[name] = values[0] as string;
    else query[name.replace(/\[\]$/, '')] = values;
  }
  return Object.keys(query).length === 0 ? undefined : query;
}

/** @throws TypeError that is a `ConfigurationError` in all but its class: that is what `fetch` throws for a URL it cannot go to. */
function foreign(url: string, bases: readonly Base[]): TypeError {
  const known = [...new Set(bases.map((base) => shownURL(base.url)))].filter((shown) => shown !== '').join(', ');
  const target = parsed(url);
  const what = target ? `${target.origin}${target.pathname}` : 'what is no absolute URL';
  const { message, code, issues } = new ConfigurationError(
    'foreign_url',
    `balancer.fetch refused ${what}: it goes to the endpoints of this client only, whose keys go nowhere else. Use a URL below one of ${known}, or another fetch.`,
  );
  return Object.assign(new TypeError(message), { code, issues });
}

/**
 * The place in the API that `url` names.
 * @param bases the base URLs it may lie below.
 * @throws TypeError when it lies below none.
 */
export function placeOf(url: string, bases: readonly Base[]): Place {
  const target = parsed(url);
  const found = target && baseOf(target, bases);
  if (!target || !found) throw foreign(url, bases);
  const { rest, azure, endpoint } = found;
  const place = azure ? azurePlace(rest, endpoint) : { path: rest, model: undefined, only: undefined };
  return { ...place, query: queryOf(target, found) };
}

/** The address that libraries go to unless told otherwise. */
export const usualBase: Base = { url: OFFICIAL_URL };
