/** Good headers of a reply, as an attempt brings them. */
import { APIPromise, type OpenAI } from 'openai';
import { Stream } from 'openai/streaming';
import type { Reply } from '../dispatch/call-story.ts';
import type { Props } from './balanced-promise.ts';
import type { RequestOptions } from './call-of.ts';
import type { Confidant } from './confidant.ts';

function endedBy(signal: AbortSignal | null | undefined): AbortController {
  const controller = new AbortController();
  if (signal?.aborted) controller.abort(signal.reason);
  else signal?.addEventListener('abort', () => controller.abort(signal.reason), { once: true });
  return controller;
}

/** What an SDK may be asked for besides its usual events. */
interface OtherForms {
  readonly __streamClass?: unknown;
  readonly __streamMode?: unknown;
  readonly __synthesizeEventData?: unknown;
}

/** True when nothing but its usual events is asked of the SDK. */
export function asksPlainly(options: RequestOptions): boolean {
  const { __streamClass, __streamMode, __synthesizeEventData } = options as OtherForms;
  return !(__streamClass || __streamMode || __synthesizeEventData);
}

/** Good headers of an SDK reply, with what is needed to parse it. */
export class SdkReply implements Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly response: Response;
  readonly options: RequestOptions;
  /** It was sent without the SDK's own sending. */
  readonly lean: boolean;
  /** Ends the request of a stream that was sent so. */
  readonly controller: AbortController | undefined;
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
    controller?: AbortController,
  ) {
    this.status = response.status;
    this.headers = response.headers;
    this.response = response;
    this.options = options;
    this.lean = inner === undefined;
    this.controller = controller;
    this.#client = client;
    this.#confidant = confidant;
    this.#inner = inner;
  }

  /** The SDK's own promise of the reply, by which it parses it. */
  get inner(): APIPromise<unknown> {
    this.#inner ??= new APIPromise(this.#client, Promise.resolve(this.#parts()));
    return this.#inner;
  }

  /** The SDK's own stream of a reply that asks for its usual events. @param controller it aborts that, and ends with it. */
  streamBySdk(controller: AbortController): Stream<unknown> {
    return Stream.fromSSEResponse(this.response, controller, this.#client);
  }

  /** An error of this attempt as the caller may see it: without the credentials that were sent. */
  safe(error: unknown): unknown {
    return this.#confidant.safe(error);
  }

  #parts(): Props {
    const { response, options } = this;
    return {
      response,
      options,
      controller: this.controller ?? endedBy(options.signal),
      requestLogID: '',
      retryOfRequestLogID: undefined,
      startTime: 0,
    };
  }
}
