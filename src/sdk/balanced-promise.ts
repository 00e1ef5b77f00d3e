/**
 * The promise a call returns: a real `APIPromise` or `PagePromise` over the pool's reply.
 * Why classes of their own: a reply may change after its headers (failover), and `withResponse` must report the response that was
 * parsed, also on promises derived from it; and whoever waits for what decides how far the call goes on.
 */
import type { OpenAI } from 'openai';
import { APIPromise, PagePromise } from 'openai';
import { TOLD, type Told } from './attempts.ts';

/** The SDK's properties of one reply. */
export type Props = Awaited<ConstructorParameters<typeof APIPromise>[1]>;
/** Parses a reply; may replace what is in `props`. */
export type Parse<T> = (props: Props) => T | PromiseLike<T>;
/** Told when somebody waits for the parsed reply or for the bare `Response`, and of what a caller gets. */
export interface Waiting {
  readonly told: Told;
  /** Somebody waits for the parsed reply. */
  want(): void;
  /** Somebody waits for the bare `Response`. */
  wantRaw(): void;
  remember(thing: unknown): void;
}

/** Puts the request's id onto a parsed value, as the SDK does. */
export function withRequestId<Value>(value: Value, response: Response): Value {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || '_request_id' in value) return value;
  return Object.defineProperty(value, '_request_id', {
    value: response.headers.get('x-request-id'),
    enumerable: false,
  });
}

type Done<T, Result> = ((value: T) => Result | PromiseLike<Result>) | null | undefined;
type Failed<Result> = ((reason: unknown) => Result | PromiseLike<Result>) | null | undefined;
type WithResponse<T> = Awaited<ReturnType<APIPromise<T>['withResponse']>>;

/** Asked by this in place of a client, what the SDK keeps to parse a reply tells whose it is. */
const WHOSE = Symbol('whose');
interface Parsing {
  parseResponse: (asker: unknown, props?: Props) => unknown;
}

/** The promise that a foreign proxy stands for: one passes on what the SDK keeps in a promise, but no private field. */
function behind(proxy: object): BalancedPromise {
  return (proxy as Parsing).parseResponse(WHOSE) as BalancedPromise;
}

/** Shows a promise as one of the SDK's: what is derived from it by the language itself is one as well, and so it prints. */
function asTheSdks(own: { readonly prototype: object }, Class: unknown): void {
  Object.defineProperty(own.prototype, 'constructor', { value: Class, configurable: true, writable: true });
}

/** A real `APIPromise` for a call over the pool. */
export class BalancedPromise extends APIPromise<unknown> {
  readonly #client: OpenAI;
  readonly #request: Promise<Props>;
  readonly #parse: Parse<unknown>;
  readonly #call: Waiting;

  static {
    asTheSdks(BalancedPromise, APIPromise);
  }

  constructor(client: OpenAI, request: Promise<Props>, parse: Parse<unknown>, call: Waiting) {
    super(client, request, (asker: unknown, props) => (asker === WHOSE ? this : parse(props)) as never);
    this.#client = client;
    this.#request = request;
    this.#parse = parse;
    this.#call = call;
  }

  static #of(asked: BalancedPromise): BalancedPromise {
    return #call in asked ? asked : behind(asked);
  }

  // biome-ignore lint/suspicious/noThenProperty: it is a promise.
  override then<A = unknown, B = never>(done?: Done<unknown, A>, failed?: Failed<B>): Promise<A | B> {
    const own = BalancedPromise.#of(this);
    own.#call.want();
    return super.then.call(own, done, failed) as Promise<A | B>;
  }

  override catch<B = never>(failed?: Failed<B>): Promise<unknown> {
    const own = BalancedPromise.#of(this);
    own.#call.want();
    return super.catch.call(own, failed);
  }

  override finally(done?: (() => void) | null): Promise<unknown> {
    const own = BalancedPromise.#of(this);
    own.#call.want();
    return super.finally.call(own, done);
  }

  override asResponse(): Promise<Response> {
    const own = BalancedPromise.#of(this);
    own.#call.wantRaw();
    return super.asResponse.call(own);
  }

  override async withResponse(): Promise<WithResponse<unknown>> {
    const own = BalancedPromise.#of(this);
    const data = await own;
    const { response } = await own.#request;
    own.#call.remember(response);
    return { data, response, request_id: response.headers.get('x-request-id') };
  }

  override _thenUnwrap<Next>(transform: (data: unknown, props: Props) => Next): APIPromise<Next> {
    const own = BalancedPromise.#of(this);
    const [parse, call] = [own.#parse, own.#call];
    const unwrap = (props: Props) =>
      Promise.resolve(parse(props)).then((data) => {
        const value = transform(data, props);
        if (value !== data) call.remember(value);
        return withRequestId(value, props.response);
      });
    return new BalancedPromise(own.#client, own.#request, unwrap, call) as APIPromise<unknown> as APIPromise<Next>;
  }

  [TOLD](): Told {
    return this.#call.told;
  }
}

type PageClass = ConstructorParameters<typeof PagePromise>[2];
type AnyPage = InstanceType<PageClass>;

/** A real `PagePromise` for a list over the pool; all it does is what a promise for the page does. */
export class BalancedPages extends PagePromise<AnyPage, unknown> {
  static {
    asTheSdks(BalancedPages, PagePromise);
  }

  /** @param pageOptions the options later pages start from. */
  constructor(
    client: OpenAI,
    request: Promise<Props>,
    parse: Parse<unknown>,
    call: Waiting,
    Page: PageClass,
    pageOptions: () => Props['options'],
  ) {
    super(client, request, Page);
    const toPage = async (props: Props) => {
      const body = await parse(props);
      const page = new Page(client, props.response, body, pageOptions());
      call.remember(page);
      return page;
    };
    const page: object = new BalancedPromise(client, request, toPage, call);
    Object.assign(this, { parseResponse: (page as Parsing).parseResponse });
  }

  static #pageOf(asked: BalancedPages): APIPromise<AnyPage> {
    return behind(asked) as APIPromise<unknown> as APIPromise<AnyPage>;
  }

  // biome-ignore lint/suspicious/noThenProperty: it is a promise.
  override then<A = AnyPage, B = never>(done?: Done<AnyPage, A>, failed?: Failed<B>): Promise<A | B> {
    return BalancedPages.#pageOf(this).then(done, failed);
  }

  override catch<B = never>(failed?: Failed<B>): Promise<AnyPage | B> {
    return BalancedPages.#pageOf(this).catch(failed);
  }

  override finally(done?: (() => void) | null): Promise<AnyPage> {
    return BalancedPages.#pageOf(this).finally(done);
  }

  override asResponse(): Promise<Response> {
    return BalancedPages.#pageOf(this).asResponse();
  }

  override withResponse(): Promise<WithResponse<AnyPage>> {
    return BalancedPages.#pageOf(this).withResponse();
  }

  override _thenUnwrap<Next>(transform: (page: AnyPage, props: Props) => Next): APIPromise<Next> {
    return BalancedPages.#pageOf(this)._thenUnwrap(transform);
  }

  [TOLD](): Told {
    return behind(this)[TOLD]();
  }
}
