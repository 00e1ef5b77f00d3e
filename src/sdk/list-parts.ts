/**
 * Asks endpoints for their parts of one list. Each part is a call of its own, pinned to its endpoint: breakers, cooldowns, waits
 * and keys hold as for any other.
 */
import type { Item, Part } from '../affinity/merge.ts';
import type { Call } from '../call/call.ts';
import { duration } from '../call/describe.ts';
import type { AttemptReport } from '../call/outcome.ts';
import { isOutrun, OUTRUN_BY_OTHERS } from '../dispatch/taking-long.ts';
import type { Endpoint } from '../endpoint/endpoint.ts';
import { abortError, badReplyError, timeoutError } from '../errors.ts';
import { PAGE_ENDPOINT, type RequestOptions } from './call-of.ts';
import type { Core } from './core.ts';
import { ListGaps, type PartFacts } from './list-gaps.ts';

/** One endpoint's answer. */
export interface PartReply {
  readonly body: unknown;
  readonly headers: Headers;
}

/** Sends the call for one part. */
export type SendPart = (options: RequestOptions, facts: PartFacts) => Promise<PartReply>;

/** The fields of a list, its items among them. */
export type ListBody = Record<string, unknown> & { readonly data: readonly Item[] };

const NOTHING: Part = { items: [], more: false };

const isList = (body: unknown): body is ListBody =>
  typeof body === 'object' && body !== null && Array.isArray((body as { data?: unknown }).data);

/** The parts of one page. */
export class ListParts {
  /** What is missing of them. */
  readonly gaps: ListGaps;
  /** What the first answer says besides its items. */
  first: ListBody | undefined;
  /** Of the whole: a JSON reply that names the requests it was made of. */
  readonly headers = new Headers({ 'content-type': 'application/json' });
  readonly #reports = new Map<Endpoint, AttemptReport[]>();
  readonly #running = new Map<Endpoint, AbortController>();
  readonly #core: Core;
  readonly #call: Call;
  readonly #options: RequestOptions;
  readonly #send: SendPart;

  /** @param call the whole list as a call: how long it may take, who may abort it. @param endpoints those who have a part. */
  constructor(core: Core, call: Call, options: RequestOptions, endpoints: readonly Endpoint[], send: SendPart) {
    this.#core = core;
    this.#call = call;
    this.#options = options;
    this.#send = send;
    const { lists, affinity, rescue, clock } = core.settings;
    this.gaps = new ListGaps(endpoints, lists.strict, affinity.home);
    this.gaps.leaveOut(core.pool.refusals(call, new Set()), rescue ? clock.now() + rescue.after : call.deadline);
  }

  /** The attempts of all parts, those of the endpoint whose error counts last. */
  get reports(): AttemptReport[] {
    const { failed } = this.gaps;
    const rows = [...this.#reports].sort(([one], [other]) => Number(one === failed) - Number(other === failed));
    return rows.flatMap(([, reports]) => reports);
  }

  /** One endpoint's items for a query. None when its part is missing, which is noted. @throws what the caller shall see. */
  async ask(endpoint: Endpoint, query: Record<string, unknown>): Promise<Part> {
    const { gaps } = this;
    if (gaps.has(endpoint)) return NOTHING;
    const { signal, deadline } = this.#call;
    const facts: PartFacts = { reports: [], deadline };
    const controller = new AbortController();
    const abort = () => controller.abort(signal?.reason);
    signal?.addEventListener('abort', abort, { once: true });
    this.#running.set(endpoint, controller);
    try {
      if (signal?.aborted) throw abortError(signal);
      const { body, headers } = await this.#send(this.#optionsFor(endpoint, query, controller.signal), facts);
      if (!isList(body)) throw badReplyError('The reply is no list.');
      this.first ??= body;
      const id = headers.get('x-request-id');
      if (id !== null) this.headers.append('x-request-id', id);
      const items = body.data.filter((item) => typeof item === 'object' && item !== null);
      return { items, more: body.has_more === true };
    } catch (error) {
      if (signal?.aborted) throw abortError(signal);
      gaps.judge(endpoint, error, query.after !== undefined, facts);
      return NOTHING;
    } finally {
      signal?.removeEventListener('abort', abort);
      this.#running.delete(endpoint);
      this.#reports.set(endpoint, [...(this.#reports.get(endpoint) ?? []), ...facts.reports]);
    }
  }

  /**
   * Asks several at a time. Once one has answered, the others have as long as a slow call has before it is rescued: a list must
   * not hang with the one endpoint that does.
   */
  async fill(dry: ReadonlyArray<{ readonly source: Endpoint; fill(): Promise<void> }>): Promise<void> {
    const { clock, rescue, lists } = this.#core.settings;
    const startedAt = clock.now();
    let cancel: () => void = () => undefined;
    const giveUp = (quickest: number) => {
      const waited = clock.now() - startedAt;
      for (const [endpoint, controller] of this.#running) {
        this.gaps.miss(endpoint, `no answer in ${duration(waited)}`, undefined);
        controller.abort(isOutrun(waited, quickest) ? OUTRUN_BY_OTHERS : undefined);
      }
    };
    try {
      await Promise.all(
        dry.map(async (lane) => {
          await lane.fill();
          if (!rescue || lists.strict || this.gaps.has(lane.source)) return;
          const took = clock.now() - startedAt;
          cancel();
          if (this.#running.size > 0)
            cancel = clock.after(Math.max(rescue.after, rescue.factor * took) - took, () => giveUp(took));
        }),
      );
    } finally {
      cancel();
      // One that fails for all leaves nobody behind.
      for (const controller of this.#running.values()) controller.abort();
    }
  }

  #optionsFor(endpoint: Endpoint, query: Record<string, unknown>, signal: AbortSignal): RequestOptions {
    if (this.#call.deadline <= this.#core.settings.clock.now()) throw timeoutError();
    const options = this.#options;
    return { ...options, query, signal, __metadata: { ...options.__metadata, [PAGE_ENDPOINT]: endpoint.name } };
  }
}
