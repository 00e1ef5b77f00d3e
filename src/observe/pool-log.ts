/**
 * Says in the SDK's log what an operator must know: `warn` once per transition and then at most once a minute with a count,
 * `info` when things are well again, `debug` for each attempt. Never a prompt, never a key.
 */
import { describeAttempts, duration, plain, quoted } from '../call/describe.ts';
import type { AttemptReport, VerdictName } from '../call/outcome.ts';
import type { Clock } from '../clock.ts';

/** The logger of the client, levels already applied. */
export interface Logger {
  warn(message: string): void;
  info(message: string): void;
  debug(message: string): void;
  /** False saves building lines that nobody will see. */
  readonly debugging: boolean;
}

const MINUTE = 60_000;
/** What a listener throws may be of any length. */
const LONGEST = 2_000;
/** Different things to say kept apart; more only arise from hundreds of endpoints. */
const TOPICS = 1_000;

/** The log of one pool. */
export class PoolLog {
  readonly #logger: () => Logger;
  readonly #clock: Clock;
  readonly #said = new Map<string, { at: number; more: number }>();
  #failovers = 0;
  #failoversSince = 0;

  /** @param logger looked up at each line, since the client's may be changed. */
  constructor(logger: () => Logger, clock: Clock) {
    this.#logger = logger;
    this.#clock = clock;
  }

  get #debugging(): boolean {
    try {
      return this.#logger().debugging;
    } catch {
      return false;
    }
  }

  #line(level: 'warn' | 'info' | 'debug', message: string): void {
    try {
      this.#logger()[level](`[load-balanced-openai] ${plain(message.slice(0, LONGEST))}`);
    } catch {
      // A logger that throws must not reach a call.
    }
  }

  #sparingly(topic: string, message: string): void {
    const now = this.#clock.now();
    const before = this.#said.get(topic);
    if (before && now - before.at < MINUTE) {
      before.more += 1;
      return;
    }
    const more = before && before.more > 0 ? ` (${before.more} more since the last line)` : '';
    if (this.#said.size >= TOPICS) this.#said.delete(this.#said.keys().next().value as string);
    this.#said.set(topic, { at: now, more: 0 });
    this.#line('warn', message + more);
  }

  /** Something that should not happen and hurts no call, such as a listener that throws. */
  mishap(what: string, error: unknown): void {
    this.#sparingly(what, `${what}: ${error instanceof Error ? error.message : String(error)}`);
  }

  /** A breaker opened or closed. */
  transition(endpoint: string, state: 'ejected' | 'restored', why: string): void {
    if (state === 'ejected') this.#sparingly(`ejected ${endpoint}`, `${endpoint} is ejected after failures (${why})`);
    else {
      this.#said.delete(`ejected ${endpoint}`);
      this.#line('info', `${endpoint} is restored`);
    }
  }

  /** A cooldown began; worth a warning when only people can end it. */
  cooldown(endpoint: string, verdict: VerdictName, ms: number): void {
    const words: Partial<Record<VerdictName, string>> = {
      'credentials-refused': 'refused its credentials',
      'out-of-credit': 'is out of credit',
      redirected: 'redirects elsewhere; nothing was sent there',
    };
    const word = words[verdict];
    if (word) this.#sparingly(`${verdict} ${endpoint}`, `${endpoint} ${word}; left out for ${duration(ms)}`);
    else this.#line('debug', `${endpoint} cools down for ${duration(ms)} (${verdict})`);
  }

  /** Several endpoints turned out to draw on one quota. */
  oneQuota(names: readonly string[]): void {
    const list = `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
    const what = 'belong to one organization and project, so they share rate limits and 429s';
    this.#line('warn', `${list} ${what}; a second key of one organization adds no capacity`);
  }

  /** Somebody took a client and never gave it back. */
  dropped(endpoint: string): void {
    this.#sparingly(`dropped ${endpoint}`, `a client taken from ${endpoint} was dropped without release()`);
  }

  /** Nobody can take calls. */
  allOut(reason: string): void {
    this.#sparingly('all out', `no endpoint can take calls: ${reason}`);
  }

  /** A list over the pool goes without what one endpoint has. */
  listPartial(endpoint: string, operation: string, reason: string): void {
    this.#sparingly(`list ${operation} ${endpoint}`, `lists (${operation}) go without ${endpoint}: ${reason}`);
  }

  /** Another model is asked in the place of the one that calls name. */
  fallback(model: string, other: string): void {
    this.#sparingly(`fallback ${model} ${other}`, `${quoted(other)} is asked in the place of ${quoted(model)}`);
  }

  /** The store that the pool shares with others failed, or works again. */
  storeChanged(news: { is: 'degraded'; reason: string } | { is: 'recovered'; lost: number }): void {
    if (news.is === 'degraded') {
      this.#sparingly(
        'store',
        `the store fails (${news.reason}); ids and the state of endpoints are known to this process only`,
      );
      return;
    }
    this.#said.delete('store');
    const lost = news.lost === 0 ? '' : `; ${news.lost} ids were never written to it`;
    this.#line('info', `the store works again${lost}`);
  }

  /** Something is not shared, which its user can mend. */
  notShared(reason: string): void {
    this.#sparingly(`not shared: ${reason}`, reason);
  }

  /** The store takes facts more slowly than they come. */
  storeBehind(): void {
    this.#sparingly('store behind', 'the store is too slow: an id was not written to it');
  }

  /** One attempt ended. */
  attempt(report: AttemptReport): void {
    if (this.#debugging) this.#line('debug', describeAttempts([report]));
  }

  /** A call moved on; told as a sum once a minute. */
  failover(): void {
    this.#failovers += 1;
    const now = this.#clock.now();
    if (now - this.#failoversSince < MINUTE) return;
    this.#line('info', `${this.#failovers} failover${this.#failovers === 1 ? '' : 's'} since the last line`);
    this.#failovers = 0;
    this.#failoversSince = now;
  }
}
