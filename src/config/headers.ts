/** Reads and joins the SDK's header formats, and knows which headers and query parameters carry secrets. Pure. */
import type { ClientOptions } from 'openai';

type HeadersLike = ClientOptions['defaultHeaders'];
type Query = ClientOptions['defaultQuery'];
type Value = string | null | undefined;
type Row = readonly [name: string, values: readonly Value[]];

/** Endings of words in a name that say "this is a secret": `x-api-key`, `helicone-auth`, `access_token`. */
const SECRET_NAME =
  /(auth|authorization|authentication|key|token|secret|cookie|passw(or)?d|pwd|credentials?|sig|signature|jwt|bearer)($|[-_])/i;
/** Ends like a secret and is none. */
const IDEMPOTENCY = /^(x-)?idempotency-key$/i;
/** Names of an account; no secret, but another vendor's business neither. */
const ACCOUNT = /^openai-(organization|project)$/i;
const SECRET_VALUE = /^\s*(bearer|basic|digest)\s|^\s*sk-/i;

/** True for a header that identifies or authenticates somebody. */
const isSecret = (name: string, value: unknown) =>
  (SECRET_NAME.test(name) && !IDEMPOTENCY.test(name)) ||
  ACCOUNT.test(name) ||
  (typeof value === 'string' && SECRET_VALUE.test(value));

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
  const result: Record<string, Value[]> = {};
  for (const [name, values] of [...passed.filter(([name]) => !ownNames.has(name)), ...ownRows]) {
    result[name] = [...(result[name] ?? []), ...values];
  }
  return Object.fromEntries(
    Object.entries(result).map(([name, values]) => [name, values.length === 1 ? values[0] : values]),
  );
}

/** An endpoint's query parameters, in the same way. */
export function inheritQuery(inherited: Query, own: Query, isolated: boolean): Query {
  if (!inherited) return own;
  const passed = Object.entries(inherited).filter(
    ([name, value]) => !isolated || !(isSecret(name, value) || name === 'code'),
  );
  if (passed.length === 0) return own;
  return { ...Object.fromEntries(passed), ...own };
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

/** The values of headers that authenticate, with and without the word before the key. */
export function secretHeaders(headers: HeadersLike): string[] {
  return rowsOf(headers).flatMap(([name, values]) =>
    values.flatMap((value) =>
      typeof value === 'string' && isSecret(name, value) && !ACCOUNT.test(name)
        ? [value, value.replace(/^\s*(bearer|basic|digest)\s+/i, '')]
        : [],
    ),
  );
}

/** Does some header, set or removed, decide about who is asking? */
export function namesAuthentication(headers: HeadersLike): boolean {
  return rowsOf(headers).some(([name, values]) => ACCOUNT.test(name) || values.some((value) => isSecret(name, value)));
}
