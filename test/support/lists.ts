// Accounts without a network: each endpoint's own fetch answers lists as the API does, from objects held here.
import { type EndpointOptions, LoadBalancedOpenAI, type LoadBalancedOpenAIOptions } from '../../src/index.ts';

/** An object of an account. */
export interface Thing {
  readonly id: string;
  readonly created_at?: number;
}

/** One account, and how it answers. */
export interface Account {
  /** Newest first, or as its own server sorts. */
  things: Thing[];
  /** What it answers in place of lists. */
  fault?: ((url: URL, init: RequestInit) => Response | Promise<Response>) | undefined;
  /** The requests that came. */
  readonly asked: URL[];
  /** The largest page it gives. */
  cap: number;
}

/** An account with these objects, in ascending order of their time as given. */
export const account = (things: readonly Thing[] = [], changes: Partial<Account> = {}): Account => ({
  ...{ things: [...things], asked: [], cap: 100 },
  ...changes,
});

/** A JSON answer. */
export const json = (body: unknown, status = 200, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json', ...headers } });

/** An error as the API words it. */
export const refusal = (status: number, message = 'no') => json({ error: { message, type: 'error' } }, status);

function list({ things, cap }: Account, query: URLSearchParams): Response {
  const all = query.get('order') === 'asc' ? things : things.toReversed();
  const after = query.get('after');
  const from = after === null ? 0 : all.findIndex(({ id }) => id === after) + 1;
  if (after !== null && from === 0) return refusal(400, `No such object: ${after}`);
  const limit = Number(query.get('limit') ?? 20);
  if (!(limit >= 1)) return refusal(400, `Invalid limit: ${limit}`);
  const data = all.slice(from, from + Math.min(limit, cap));
  return json({
    ...{ object: 'list', data, first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null },
    has_more: from + data.length < all.length,
  });
}

/** An endpoint that leads to the account. */
export function endpointTo(name: string, account: Account, options: Partial<EndpointOptions> = {}): EndpointOptions {
  const fetch = async (input: unknown, init: RequestInit = {}) => {
    const url = new URL(String(input));
    account.asked.push(url);
    const { fault } = account;
    if (fault) return fault(url, init);
    return list(account, url.searchParams);
  };
  return { name, baseURL: `https://${name}.example/v1`, apiKey: `key-${name}`, fetch, ...options } as EndpointOptions;
}

/** A client over the accounts; nothing is shared with other clients. */
export function clientOf(
  accounts: Readonly<Record<string, Account>>,
  options: Omit<LoadBalancedOpenAIOptions, 'endpoints'> = {},
): LoadBalancedOpenAI {
  const endpoints = Object.entries(accounts).map(([name, each]) => endpointTo(name, each));
  return new LoadBalancedOpenAI(endpoints, { shareState: false, logLevel: 'off', ...options });
}
