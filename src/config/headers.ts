/** Reads and joins the SDK's header formats, and knows which headers and query parameters carry secrets. Pure. */
import type { ClientOptions } from 'openai';

type HeadersLike = ClientOptions['defaultHeaders'];
type Query = ClientOptions['defaultQuery'];
type Value = string | null | undefined;
type Row = readonly [name: string, values: readonly Value[]];

/** Endings of words in a name that say "this is a secret": `x-api-key`, `helicone-auth`, `access_token`, `x-key2`, `x-pat`. */
const SECRET_NAME =
  /(auth|authorization|authentication|key|token|secret|cookie|passw(or)?d|passphrase|pwd|credentials?|sig|signature|jwt|bearer|(^|[-_])(pat|sid|session([-_]?id)?|access))\d*($|[-_])/i;
/** Ends like a secret and is none. */
const IDEMPOTENCY = /^(x-)?idempotency-key$/i;
/** Names of an account; no secret, but another vendor's business neither. */
const ACCOUNT = /^openai-(organization|project)$/i;
/** How the keys of well-known vendors begin, JSON web tokens among them. */
const SECRET_VALUE =
  /^\s*((bearer|basic|digest|token|api-?key)\s|(sk|pk|rk|gsk|xai|hf|r8|nvapi|pplx|csk|gh[pousr]|github_pat|glpat|xox[a-z])[-_]|AKIA|AIza|eyJ[\w-]+\.)/i;
/** The word before a key in a header. */
const SCHEME = /^\s*(bearer|basic|digest|token|api-?key)\s+/i;

/** True for a header that identifies or authenticates somebody. */
const isSecret = (name: string, value: unknown) =>
  (SECRET_NAME.test(name) && !IDEMPOTENCY.test(name)) ||
  ACCOUNT.test(name) ||
  (typeof value === 'string' && SECRET_VALUE.test(value));

/** True for a query parameter that does; functions of Azure take their key as `code`. */
export const isSecretParameter = (name: string, value: unknown): boolean => isSecret(name, value) || name === 'code';

/** Every header as lower-case name and values; `null` removes the header. */
function rowsOf(headers: HeadersLike): Row[] {
  if (typeof headers !== 'object' || headers === null) return [];
  if (headers instanceof Headers) return [...headers].map(([name, value]) => [name, [value]]);
  if (Array.isArray(headers)) {
    const rows = (headers as readonly unknown[]).filter((row) => Array.isArray(row)) as Value[][];
    return rows.map(([name, ...values]) => [String(name).toLowerCase(), values.flat()]);
  }
  if ('nulls' in headers && headers.nulls instanceof Set && headers.values instanceof Headers) {
    const gone = [...(headers.nulls as Set<string>)].map((name): Row => [name, [null]]);
    return [...rowsOf(headers.values), ...gone];
  }
  const entries = Object.entries(headers as Record<string, Value | readonly Value[]>);
  return entries.map(([name, value]) => [name.toLowerCase(), Array.isArray(value) ? value : [value as Value]]);
}

/**
 * An endpoint's headers: its own, over those of the pool that may reach it.
 * @param isolated drops what authenticates or names an account from the inherited ones.
 * @param ownKey drops an inherited `authorization`, which would replace the endpoint's own key.
 */
export function inheritHeaders(
  inherited: HeadersLike,
  own: HeadersLike,
  isolated: boolean,
  ownKey: boolean,
): HeadersLike {
  const stays = ([name, values]: Row) =>
    isolated ? !values.some((value) => isSecret(name, value)) : !(ownKey && /^(authorization|api-key)$/.test(name));
  const from = rowsOf(inherited);
  const passed = from.filter(stays);
  if (passed.length === 0) return own;
  if (!own && passed.length === from.length) return inherited;
  const ownRows = rowsOf(own);
  const ownNames = new Set(ownRows.map(([name]) => name));
  const result = new Map<string, Value[]>();
  for (const [name, values] of [...passed.filter(([name]) => !ownNames.has(name)), ...ownRows]) {
    result.set(name, [...(result.get(name) ?? []), ...values]);
  }
  return Object.fromEntries([...result].map(([name, values]) => [name, values.length === 1 ? values[0] : values]));
}

/** An endpoint's query parameters, in the same way. */
export function inheritQuery(inherited: Query, own: Query, isolated: boolean): Query {
  if (!inherited) return own;
  const passed = Object.entries(inherited).filter(([name, value]) => !isolated || !isSecretParameter(name, value));
  if (passed.length === 0) return own;
  return { ...Object.fromEntries(passed), ...own };
}

/** Is this header among them, set or removed? @param name in lower case. */
export function namesHeader(headers: HeadersLike, name: string): boolean {
  return rowsOf(headers).some(([present]) => present === name);
}

/** Does some header authenticate, or say by `authorization: null` that nothing shall? */
export function authenticates(headers: HeadersLike): boolean {
  return rowsOf(headers).some(
    ([name, values]) =>
      name === 'authorization' || values.some((value) => value != null && isSecret(name, value) && !ACCOUNT.test(name)),
  );
}

/** The headers with `name: null` added, so that the SDK sends no such header, unless they set it themselves. */
export function withoutHeader(headers: HeadersLike, name: string): HeadersLike {
  const rows = rowsOf(headers);
  if (rows.some(([present]) => present === name)) return headers;
  return { ...Object.fromEntries(rows.map(([present, values]) => [present, [...values]])), [name]: null };
}

/** `headers` without those that came from `inherited`: what an endpoint has of its own. */
export function ownHeaders(headers: HeadersLike, inherited: HeadersLike): HeadersLike {
  const from = new Map(rowsOf(inherited).map(([name, values]) => [name, String(values)]));
  const rows = rowsOf(headers).filter(([name, values]) => from.get(name) !== String(values));
  return Object.fromEntries(rows.map(([name, values]) => [name, values.length === 1 ? values[0] : [...values]]));
}

/** The secret in a header's value: what stands behind the scheme, and of `Basic` also what is coded in it. */
function secretsInValue(value: string): string[] {
  const secret = value.replace(SCHEME, '').trim();
  if (!/^\s*basic\s/i.test(value)) return [secret];
  const pair = Buffer.from(secret, 'base64').toString();
  return [secret, pair, pair.slice(pair.indexOf(':') + 1)];
}

/** The secrets in headers that authenticate, without the word before them. */
export function secretHeaders(headers: HeadersLike): string[] {
  return rowsOf(headers).flatMap(([name, values]) =>
    values.flatMap((value) =>
      typeof value === 'string' && isSecret(name, value) && !ACCOUNT.test(name) ? secretsInValue(value) : [],
    ),
  );
}

/** The same for query parameters. */
export function secretParameters(query: Query): string[] {
  return Object.entries(query ?? {}).flatMap(([name, value]) =>
    isSecretParameter(name, value) ? [String(value)] : [],
  );
}

/** Does some header, set or removed, decide about who is asking? */
export function namesAuthentication(headers: HeadersLike): boolean {
  return rowsOf(headers).some(([name, values]) => ACCOUNT.test(name) || values.some((value) => isSecret(name, value)));
}
