/**
 * What is missing of a list over the pool, and whether it can do without: an endpoint that is down, one that has no such lists
 * at all, or a call that no endpoint would take.
 */
import type { AttemptReport } from '../call/outcome.ts';
import type { Endpoint } from '../endpoint/endpoint.ts';
import { OPERATION_MISSING } from '../endpoint/exclusion.ts';
import { ClosedError, NoEndpointAvailableError } from '../errors.ts';
import type { Refusal } from '../pool/eligibility.ts';

/** What is told of the call behind a part, whatever comes of it. */
export interface PartFacts {
  callId?: string;
  reports: readonly AttemptReport[];
  /** When the whole list ends, in monotonic ms. */
  readonly deadline: number;
}

/** A part that could not be had. */
export interface Gap {
  readonly endpoint: Endpoint;
  readonly reason: string;
  /** `undefined`: it was not asked, or given up. */
  readonly error: unknown;
  readonly callId: string | undefined;
}

/** Words for: no such path here. */
const NO_SUCH_PATH: ReadonlySet<unknown> = new Set([404, 405, 501]);
/** What no other endpoint could mend. */
const CALLERS_OWN: ReadonlySet<unknown> = new Set(['caller-error', 'not-found', 'not-supported']);

/** Why an endpoint is not even asked: it would most likely fail. Who asks for a pause because of a limit is waited for, if that is short. */
const outNow = ({ kind, rateLimited, until }: Refusal, latest: number) =>
  kind === 'ejected' || kind === 'refused' || (kind === 'limited' && (!rateLimited || until > latest));

function whyNot(endpoint: Endpoint, error: unknown, report: AttemptReport | undefined): string {
  if (report)
    return [report.status, report.verdict.replaceAll('-', ' ')].filter((word) => word !== undefined).join(' ');
  if (error instanceof NoEndpointAvailableError)
    return error.endpoints.find(({ name }) => name === endpoint.name)?.reason ?? error.code;
  return endpoint.drained ? 'drained' : error instanceof Error ? error.name : 'failed';
}

/** The gaps of one page. */
export class ListGaps {
  /** Endpoints whose part is missing. */
  readonly missing = new Map<Endpoint, Gap>();
  /** Endpoints that have no such lists, and what says so. */
  readonly without = new Map<Endpoint, unknown>();
  /** Whose error the caller gets. */
  failed: Endpoint | undefined;
  readonly #endpoints: readonly Endpoint[];
  readonly #strict: boolean;
  readonly #home: Endpoint | undefined;
  /** Endpoints that were not even asked. */
  readonly #leftOut = new Set<Endpoint>();

  /** @param strict an endpoint whose part is missing fails the list. @param home whose word about the call itself counts. */
  constructor(endpoints: readonly Endpoint[], strict: boolean, home: string) {
    this.#endpoints = endpoints;
    this.#home = endpoints.find(({ name }) => name === home) ?? endpoints[0];
    this.#strict = strict;
  }

  /** True when nothing can be had from it. */
  has(endpoint: Endpoint): boolean {
    return this.missing.has(endpoint) || this.without.has(endpoint);
  }

  /**
   * Leaves out those that are known to be out, unless that is everybody.
   * @param all why each cannot take such a call now. @param latest until when one would be waited for, in monotonic ms.
   */
  leaveOut(all: readonly Refusal[], latest: number): void {
    const refusals = all.filter(({ endpoint }) => this.#endpoints.includes(endpoint));
    const lacking = refusals.filter(({ reason }) => reason.includes(OPERATION_MISSING));
    const out = this.#strict ? [] : refusals.filter((refusal) => outNow(refusal, latest) && !lacking.includes(refusal));
    if (lacking.length + out.length === this.#endpoints.length) return;
    for (const { endpoint, reason } of lacking) this.without.set(endpoint, reason);
    for (const { endpoint, reason } of out) {
      this.miss(endpoint, reason, undefined);
      this.#leftOut.add(endpoint);
    }
  }

  /** Those left out, when the others turn out to have nothing to say: they are asked after all, so that the caller gets a real answer. */
  recall(): ReadonlySet<Endpoint> {
    const recalled = new Set(this.#nobody ? this.#leftOut : []);
    this.#leftOut.clear();
    for (const endpoint of recalled) this.missing.delete(endpoint);
    return recalled;
  }

  /** The endpoint's part is missing. */
  miss(endpoint: Endpoint, reason: string, error: unknown, callId?: string): void {
    if (!this.missing.has(endpoint)) this.missing.set(endpoint, { endpoint, reason, error, callId });
  }

  /**
   * An endpoint failed.
   * @param behind whether it was asked for what lies behind an id of its own: then its 404 is about that.
   * @throws the error when the list cannot do without.
   */
  judge(
    endpoint: Endpoint,
    error: unknown,
    behind: boolean,
    { reports, callId }: Pick<PartFacts, 'reports' | 'callId'>,
  ): void {
    // Given up by us.
    if (this.missing.has(endpoint)) return;
    const report = reports.at(-1);
    const callers = CALLERS_OWN.has(report?.verdict);
    const lacks = report?.verdict === 'operation-missing' || (callers && !behind);
    if (lacks && NO_SUCH_PATH.has(report?.status)) {
      this.without.set(endpoint, error);
      return;
    }
    // What one refuses that others answer is no fault of the call: vendors differ in what their lists can be asked.
    const final = error instanceof ClosedError || (callers && (behind || endpoint === this.#home));
    if (!final) this.miss(endpoint, whyNot(endpoint, error, report), error, callId);
    if (!final && !this.#strict) return;
    this.failed ??= endpoint;
    throw error;
  }

  get #nobody(): boolean {
    return this.#endpoints.every((each) => this.has(each));
  }

  /** @throws the error of the last endpoint, one with an HTTP status before others, when none of them could say anything. */
  throwIfAll(): void {
    if (!this.#nobody) return;
    const gaps = [...this.missing.values()].filter(({ error }) => error !== undefined);
    const answered = gaps.filter(({ error }) => (error as { headers?: unknown }).headers !== undefined);
    const gap = answered.at(-1) ?? gaps.at(-1);
    const [endpoint, error] = gap ? [gap.endpoint, gap.error] : ([...this.without].at(-1) as [Endpoint, unknown]);
    this.failed = endpoint;
    throw error;
  }

  /** @throws the error of an endpoint whose part is missing, if there is one. */
  throwIfAny(): void {
    const gap = [...this.missing.values()].find(({ error }) => error !== undefined);
    if (!gap) return;
    this.failed = gap.endpoint;
    throw gap.error;
  }
}
