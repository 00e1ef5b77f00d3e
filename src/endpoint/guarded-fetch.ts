/**
 * The way out of every endpoint's client: no request leaves the endpoint's origin, whatever a path, a hook or a redirect may
 * say, since the key goes along. A brought client keeps its own ways; only what the pool sends through it is watched.
 */
import { type Clock, systemClock } from '../clock.ts';
import { foreignOriginError } from '../errors.ts';
import { boundErrorBody } from './error-body.ts';
import { turnstile } from './turnstile.ts';

/** Told by the guarded fetch what happened to one attempt; travels in the attempt's `fetchOptions`. */
export interface FetchWatch {
  /** By which the reading of an error's body is bounded. @default the machine's own */
  readonly clock?: Clock;
  /** The request goes out; what it carries is secret. */
  sent?(url: string, headers: unknown): void;
  /** Nothing is sent any more: what came of the request, for the SDK to make its error of. */
  outcome?(): Response;
  /** The response's headers came. */
  answered(): void;
  /** The request failed before a response; the error as fetch threw it. */
  failed(error: unknown): void;
  /** The body of an error reply was read: what came of it within the bounds. */
  refused?(response: Response, body: Uint8Array): void;
}

/** Key of the `FetchWatch` in `fetchOptions`. Why a symbol: it passes through the SDK's spreads and means nothing to fetch. */
export const WATCH = Symbol('load-balanced-openai.watch');
type Fetch = typeof globalThis.fetch;

/** One for the process, as its event loop is. */
const pass = turnstile();
const inTurn = () => new Promise<void>((resolve) => pass(resolve));

/** Refuses addresses that are not on the origin of the client's base URL. @param client whose base URL may be changed. */
export function originGuard(client: () => { readonly baseURL: string }): (url: string) => void {
  let [base, own] = ['', ''];
  return (url) => {
    const { baseURL } = client();
    if (baseURL !== base) {
      base = baseURL;
      own = new URL(base).origin;
    }
    if (url.startsWith(`${own}/`)) return;
    const { origin } = new URL(url);
    if (origin !== own) throw foreignOriginError(origin);
  };
}

async function bounded(response: Response, watch: FetchWatch | undefined): Promise<Response> {
  await inTurn();
  const keep = watch?.refused && ((body: Uint8Array) => watch.refused?.(response, body));
  return boundErrorBody(response, watch?.clock ?? systemClock, keep);
}

async function lost(error: unknown, watch: FetchWatch | undefined): Promise<never> {
  await inTurn();
  watch?.failed(error);
  throw error;
}

/** What `fetch` says, later in any case. */
function asked(fetch: Fetch, input: string | URL | Request, init: RequestInit | undefined): Promise<Response> {
  try {
    // Nothing is ever sent to where a reply points.
    return Promise.resolve(fetch(input, init?.redirect === 'manual' ? init : { ...init, redirect: 'manual' }));
  } catch (error) {
    return Promise.reject(error);
  }
}

/**
 * A fetch that goes where `guard` lets it, follows no redirect, and tells what happens on the wire.
 * Why no async function: one would hold the whole request, headers and all, until its reply comes.
 */
export function guardedFetch(fetch: Fetch, guard: (url: string) => void): Fetch {
  return (input, init) => {
    const watch = (init as { [WATCH]?: FetchWatch } | undefined)?.[WATCH];
    try {
      const url = typeof input === 'string' ? input : input instanceof URL ? input.href : input.url;
      guard(url);
      if (watch?.outcome) return Promise.resolve(watch.outcome());
      watch?.sent?.(url, init?.headers);
    } catch (error) {
      return Promise.reject(error);
    }
    return asked(fetch, input, init).then(
      (response) => {
        watch?.answered();
        return response.ok ? response : bounded(response, watch);
      },
      (error) => lost(error, watch),
    );
  };
}

/** True when `options` are of no request of its own, but of one that was sent already: no hook is run for it. */
export function wasSent(options: unknown): boolean {
  const { fetchOptions } = options as { fetchOptions?: { [WATCH]?: FetchWatch } };
  return fetchOptions?.[WATCH]?.outcome !== undefined;
}

/** Clients that are watched, and the fetches by which they are: clones of such a client have theirs from it. */
const watched = new WeakSet<object>();
const watching = new WeakSet<Fetch>();

/**
 * Watches the attempts that go out through a brought client: what they carry, how their connection went, and how long the body of
 * an error may take. Its own fetch does the work, and what else the client is used for passes by untouched.
 */
export function watchAttempts<Client extends object>(client: Client): Client {
  if (watched.has(client)) return client;
  watched.add(client);
  const { fetch } = client as unknown as { fetch?: Fetch };
  if (typeof fetch !== 'function' || watching.has(fetch)) return client;
  const guarded = guardedFetch(fetch, () => undefined);
  const through: Fetch = (input, init) => (init && WATCH in init ? guarded : fetch)(input, init);
  watching.add(through);
  // One that cannot be changed goes unwatched.
  Reflect.set(client, 'fetch', through);
  return client;
}
