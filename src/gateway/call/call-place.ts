/** What a call asks for: its path below `/v1` and its query. Where it goes is not for its caller to say. */
import { Refused } from '../http/api-error.ts';

/** A path of the API and the query behind it. */
export interface CallPlace {
  /** Below `/v1`, with its slash. */
  readonly path: string;
  readonly query: Record<string, string | string[]> | undefined;
}

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']);
/** Steps that lead out of a path, however they are written; and what no path of the API holds. */
const ODD_PATH = /(^|\/)(\.|%2e){1,2}(\/|$)|\/\/|[\\\s]|%(5c|0[0-9a-d])/i;
/** As names of models hold it. */
const SLASH = /%2f/gi;
/** Our callers' keys in a query are no endpoint's affair. */
const SECRETS = new Set(['key', 'api_key', 'api-key', 'apikey', 'token', 'access_token']);

function queryOf(search: string): CallPlace['query'] {
  const given = new URLSearchParams(search);
  const query: Record<string, string | string[]> = {};
  for (const name of new Set(given.keys())) {
    if (SECRETS.has(name.toLowerCase()) || name === '__proto__') continue;
    const values = given.getAll(name);
    if (values.length === 1) query[name] = values[0] as string;
    else query[name.replace(/\[\]$/, '')] = values;
  }
  return Object.keys(query).length === 0 ? undefined : query;
}

/** Places of calls without ids and queries, by method and address: nearly all calls go to a few of them. */
const known = new Map<string, CallPlace>();
const [MOST_KNOWN, LONGEST_KNOWN] = [500, 40];

/** What a call asks for. @throws Refused for what is none of the API's. */
export function placeOf(method: string, url: string): CallPlace {
  if (method !== 'POST' || url.length > LONGEST_KNOWN) return readPlace(method, url);
  let place = known.get(url);
  if (place) return place;
  place = readPlace(method, url);
  if (known.size < MOST_KNOWN && !place.query) known.set(url, place);
  return place;
}

function readPlace(method: string, url: string): CallPlace {
  const at = url.indexOf('?');
  const whole = at < 0 ? url : url.slice(0, at);
  if (!whole.startsWith('/v1/') || whole.length === 4 || ODD_PATH.test(whole.replaceAll(SLASH, '/')))
    throw new Refused({ status: 404, message: 'There is no such path.', code: 'unknown_path' });
  if (!METHODS.has(method))
    throw new Refused({
      ...{ status: 405, message: 'There is no such method.', code: 'unknown_method' },
      headers: { allow: [...METHODS].join(', ') },
    });
  return { path: whole.slice(3), query: at < 0 ? undefined : queryOf(url.slice(at + 1)) };
}
