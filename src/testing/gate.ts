/**
 * What a healthy server refuses before it answers: wrong keys, unknown models, too many requests.
 * Asked by `fault-server.ts` for healthy steps only: a scripted fault happens in any case.
 */

import type { ServerRequest } from './server-request.ts';
import type { StatusStep } from './steps.ts';

/** A rate limit: a bucket of `requests`, filled again evenly over `perMs`. */
export interface RateLimit {
  /** Size of the bucket. */
  requests: number;
  /** Time (ms) in which an empty bucket is full again. */
  perMs: number;
}

/** What the gate watches over. */
export interface GateOptions {
  /** The key a request must carry (`authorization: Bearer` or `api-key`), else 401. */
  apiKey?: string;
  /** The models (or Azure deployments) it has, else 404. */
  models?: readonly string[];
  /** Answers 429 with `retry-after` beyond it and `x-ratelimit-*` headers on every reply. */
  rateLimit?: RateLimit;
}

/** One server's gate. */
export interface Gate {
  /** The refusal this request gets, or nothing. Takes one from the bucket when it passes. */
  refuse(request: ServerRequest): StatusStep | undefined;
  /** The rate-limit headers as they are now. */
  headers(): Record<string, string>;
  /** Fills the bucket. */
  reset(): void;
}

/** A gate with a full bucket. */
export function gate(options: GateOptions): Gate {
  const { apiKey, models, rateLimit } = options;
  let left = rateLimit?.requests ?? 0;
  let filledAt = performance.now();
  const fill = ({ requests, perMs }: RateLimit) => {
    const now = performance.now();
    left = Math.min(requests, left + ((now - filledAt) * requests) / perMs);
    filledAt = now;
  };
  const msUntil = ({ requests, perMs }: RateLimit, wanted: number) => Math.max(0, ((wanted - left) * perMs) / requests);
  return {
    refuse(request) {
      if (apiKey !== undefined && request.apiKey !== apiKey) return { status: 401 };
      if (request.path.includes('/openai/deployments/') && request.query['api-version'] === undefined)
        return { status: 404, code: '404', message: 'Resource not found' };
      if (models && request.model !== undefined && !models.includes(request.model)) return unknownModel(request);
      if (!rateLimit) return undefined;
      fill(rateLimit);
      if (left >= 1) {
        left -= 1;
        return undefined;
      }
      const ms = Math.ceil(msUntil(rateLimit, 1));
      return { status: 429, retryAfter: Math.ceil(ms / 1000), retryAfterMs: ms };
    },
    headers() {
      if (!rateLimit) return {};
      fill(rateLimit);
      return {
        'x-ratelimit-limit-requests': String(rateLimit.requests),
        'x-ratelimit-remaining-requests': String(Math.floor(left)),
        'x-ratelimit-reset-requests': goDuration(msUntil(rateLimit, rateLimit.requests)),
      };
    },
    reset() {
      left = rateLimit?.requests ?? 0;
      filledAt = performance.now();
    },
  };
}

function unknownModel(request: ServerRequest): StatusStep {
  const azure = request.path.includes('/openai/deployments/');
  return azure
    ? { status: 404, code: 'DeploymentNotFound', message: 'The API deployment for this resource does not exist.' }
    : { status: 404, code: 'model_not_found', message: `The model '${request.model}' does not exist.` };
}

/** A duration as OpenAI writes it: `120ms`, `2.5s`, `6m0s`. */
function goDuration(ms: number): string {
  if (ms < 1000) return `${Math.ceil(ms)}ms`;
  const seconds = Math.ceil(ms / 10) / 100;
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${Math.ceil(seconds % 60)}s`;
}
