/**
 * The promise a call returns: a real `APIPromise` or `PagePromise` over the pool's reply.
 * Why its methods are set on the instance, as the SDK does it itself: a reply may change after its headers (failover), and
 * `withResponse` must report the response that was parsed, also on promises derived from it.
 */
import type { OpenAI } from 'openai';
import { APIPromise, PagePromise } from 'openai';

/** The SDK's properties of one reply. */
export type Props = Awaited<ConstructorParameters<typeof APIPromise>[1]>;
/** Parses a reply; may replace what is in `props`. */
export type Parse<T> = (props: Props) => Promise<T>;
/** Told when somebody waits for the parsed reply, and of each thing a caller gets. */
export interface Handover {
  /** Somebody waits for the parsed reply, or for the bare `Response`. */
  wanted: boolean;
  raw: boolean;
  remember(thing: unknown): void;
}

const WAITS = ['then', 'catch', 'finally'] as const;

/** Puts the request's id onto a parsed value, as the SDK does. */
export function withRequestId<Value>(value: Value, response: Response): Value {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || '_request_id' in value) return value;
  return Object.defineProperty(value, '_request_id', {
    value: response.headers.get('x-request-id'),
    enumerable: false,
  });
}

/** Puts a method onto one promise; not enumerable, so that it prints like the SDK's. */
function own(promise: object, name: string, value: unknown): void {
  Object.defineProperty(promise, name, { value, configurable: true, writable: true });
}

function equip<T>(
  promise: APIPromise<T>,
  client: OpenAI,
  request: Promise<Props>,
  parse: Parse<T>,
  handover: Handover,
): void {
  const { asResponse } = promise;
  for (const name of WAITS) {
    const method = promise[name] as (...args: unknown[]) => unknown;
    own(promise, name, (...args: unknown[]) => {
      handover.wanted = true;
      return method.apply(promise, args);
    });
  }
  own(promise, 'asResponse', () => {
    handover.raw = true;
    return asResponse.call(promise);
  });
  own(promise, 'withResponse', async () => {
    const data = await promise;
    const { response } = await request;
    handover.remember(response);
    return { data: data as T, response, request_id: response.headers.get('x-request-id') };
  });
  own(promise, '_thenUnwrap', <Next>(transform: (data: T, props: Props) => Next) =>
    balancedPromise<Next>(
      client,
      request,
      async (props) => {
        const value = transform(await parse(props), props);
        handover.remember(value);
        return withRequestId(value, props.response);
      },
      handover,
    ),
  );
  handover.remember(promise);
}

/** A real `APIPromise` for a call over the pool. */
export function balancedPromise<T>(
  client: OpenAI,
  request: Promise<Props>,
  parse: Parse<T>,
  handover: Handover,
): APIPromise<T> {
  const promise = new APIPromise<T>(client, request, (_client, props) => parse(props) as never);
  equip(promise, client, request, parse, handover);
  return promise;
}

type PageClass = ConstructorParameters<typeof PagePromise>[2];
type AnyPage = InstanceType<PageClass>;

/** A real `PagePromise` for a list over the pool. @param pageOptions the options later pages start from. */
export function balancedPages(
  client: OpenAI,
  request: Promise<Props>,
  parse: Parse<unknown>,
  handover: Handover,
  Page: PageClass,
  pageOptions: (props: Props) => Props['options'],
): PagePromise<AnyPage, unknown> {
  const promise = new PagePromise<AnyPage, unknown>(client, request, Page);
  const toPage: Parse<AnyPage> = async (props) => {
    const body = await parse(props);
    const page = new Page(client, props.response, body, pageOptions(props));
    handover.remember(page);
    return page;
  };
  const pages = balancedPromise<AnyPage>(client, request, toPage, handover);
  for (const name of [...WAITS, 'asResponse', 'withResponse', '_thenUnwrap'] as const) {
    own(promise, name, (pages[name] as (...args: unknown[]) => unknown).bind(pages));
  }
  handover.remember(promise);
  return promise;
}
