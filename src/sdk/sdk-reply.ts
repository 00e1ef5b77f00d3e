/** Good headers of a reply, as an attempt brings them. */
import { APIPromise, type OpenAI } from 'openai';
import type { Reply } from '../dispatch/call-story.ts';
import type { Props } from './balanced-promise.ts';
import type { RequestOptions } from './call-of.ts';
import type { Confidant } from './confidant.ts';

/** Good headers of an SDK reply, with what is needed to parse it. */
export class SdkReply implements Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly response: Response;
  readonly options: RequestOptions;
  /** It was sent without the SDK's own sending, and is a buffered reply. */
  readonly lean: boolean;
  /** The SDK's properties of the reply; known once it is parsed. */
  props: Props | undefined = undefined;
  readonly #client: OpenAI;
  readonly #confidant: Confidant;
  #inner: APIPromise<unknown> | undefined;

  /** @param inner the SDK's promise of the reply, when the SDK sent the request. */
  constructor(
    response: Response,
    options: RequestOptions,
    client: OpenAI,
    confidant: Confidant,
    inner: APIPromise<unknown> | undefined,
  ) {
    this.status = response.status;
    this.headers = response.headers;
    this.response = response;
    this.options = options;
    this.lean = inner === undefined;
    this.#client = client;
    this.#confidant = confidant;
    this.#inner = inner;
  }

  /** The SDK's own promise of the reply, by which it parses it. */
  get inner(): APIPromise<unknown> {
    this.#inner ??= new APIPromise(this.#client, Promise.resolve(this.#parts()));
    return this.#inner;
  }

  /** An error of this attempt as the caller may see it: without the credentials that were sent. */
  safe(error: unknown): unknown {
    return this.#confidant.safe(error);
  }

  #parts(): Props {
    const { response, options } = this;
    const controller = new AbortController();
    const { signal } = options;
    if (signal?.aborted) controller.abort(signal.reason);
    else signal?.addEventListener('abort', () => controller.abort(signal.reason), { once: true });
    return { response, options, controller, requestLogID: '', retryOfRequestLogID: undefined, startTime: 0 };
  }
}
