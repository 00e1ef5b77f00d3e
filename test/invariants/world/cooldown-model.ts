// What cooldowns an endpoint has, by what it answered: a new order never shortens one, hints are clamped, doubling without.

/** What an answer orders. */
export interface Order {
  readonly scope: 'endpoint' | 'model';
  readonly reason: string;
  /** As hinted, in ms. */
  readonly ms?: number | undefined;
  /** Without a hint: first and longest. */
  readonly grows?: readonly [number, number];
  /** The upstream asked for it, so nobody may go there until it ends. */
  readonly pause: boolean;
}

const LONGEST_HINT = 600_000;
const MINUTE = 60_000;

/** What a verdict on an answer with this hint orders. */
export function orderOf(verdict: string, status: number | undefined, hint: number | undefined): Order | undefined {
  const ms = hint === undefined ? undefined : Math.min(hint, LONGEST_HINT);
  switch (verdict) {
    case 'rate-limited':
      return { scope: 'model', reason: '429', ms, grows: [1_000, MINUTE], pause: true };
    case 'out-of-credit':
      return { scope: 'endpoint', reason: 'out of credit', ms, grows: [10 * MINUTE, 60 * MINUTE], pause: false };
    case 'server-error':
    case 'overloaded':
      return ms === undefined ? undefined : { scope: 'model', reason: String(status), ms, pause: true };
    case 'credentials-refused':
      return { scope: 'endpoint', reason: '401', ms: 5 * MINUTE, pause: false };
    case 'forbidden':
      return { scope: 'model', reason: '403', ms: 5 * MINUTE, pause: false };
    case 'model-missing':
      return { scope: 'model', reason: 'model not found', ms: 5 * MINUTE, pause: false };
    case 'redirected':
      return { scope: 'endpoint', reason: 'redirects elsewhere', ms: 5 * MINUTE, pause: false };
    default:
      return undefined;
  }
}

/** The cooldowns of one endpoint. */
export class CooldownModel {
  readonly #running = new Map<string, { until: number; since: number; order: Order }>();
  readonly #grown = new Map<string, number>();

  /** Takes an order. */
  start(order: Order, model: string, now: number): void {
    const key = order.scope === 'endpoint' ? '' : model;
    const running = this.#running.get(key);
    let { ms } = order;
    if (ms === undefined) {
      if (running && running.until > now) return;
      const [first, longest] = order.grows as readonly [number, number];
      const times = this.#grown.get(key) ?? 0;
      ms = Math.min(first * 2 ** times, longest);
      this.#grown.set(key, times + 1);
    }
    if (running && running.until >= now + ms) return;
    this.#running.set(key, { until: now + ms, since: now, order });
  }

  /** An attempt that began at `startedAt` succeeded. */
  succeeded(model: string, startedAt: number): void {
    for (const key of ['', model]) {
      this.#grown.delete(key);
      const running = this.#running.get(key);
      if (running && !running.order.pause && running.since <= startedAt) this.#running.delete(key);
    }
  }

  /** The one that keeps a call for `model` away, if any. */
  of(model: string, now: number): Order | undefined {
    const found = ['', model].flatMap((key) => this.#running.get(key) ?? []).filter(({ until }) => until > now);
    return found.sort((one, other) => other.until - one.until)[0]?.order;
  }

  /** All of them, as the snapshot shows them. */
  list(now: number): { model: string | null; reason: string; msLeft: number }[] {
    return [...this.#running]
      .filter(([, { until }]) => until > now)
      .map(([key, { until, order }]) => ({
        model: key || null,
        reason: order.reason,
        msLeft: Math.round(until - now),
      }));
  }
}
