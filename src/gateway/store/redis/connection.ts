/** The gateway's own connection to Redis: loaded when it is wanted, tried again for as long as it takes, and nobody's wait for long. */
import type { createClient } from '@redis/client';
import { systemClock } from '../../../clock.ts';
import { within } from '../../../state/within.ts';
import { StoreFailure } from '../gateway-store.ts';

/** How long one command may take, in ms. */
const PATIENCE = 1_000;
/** How long the first connection may take, in ms. */
const OPENING = 3_000;
/** Between two tries to connect, in ms. */
const [SOONEST, LATEST] = [50, 1_000];
/** Commands without an answer. */
const UNANSWERED = 1_000;
/** A connection over which nothing comes for so long, in ms, is made anew: the server behind it may be another one by now. */
const SILENT = 3_000;

/** How errors of the server begin. */
const REPLY = /^[A-Z]+ /;
/** Those of Redis 6 stand within the words of the script's. */
const [OOM, READONLY] = [/\bOOM command\b/, /\bREADONLY\b/];

/** What a command answers, as RESP 2 has it. */
export type Reply = string | number | null | readonly Reply[];

/** Nobody knows whether the server has done it. */
export class NotAnswered extends StoreFailure {}

/** An address as it may be shown: without a password. */
export function shownUrl(url: string): string {
  try {
    const { protocol, hostname, port, pathname } = new URL(url);
    return `${protocol}//${hostname}${port === '' ? '' : `:${port}`}${pathname === '/' ? '' : pathname}`;
  } catch {
    return 'redis (its address cannot be read)';
  }
}

/** Why, in a few words and without a secret. */
export function reasonOf(error: unknown, url: string): string {
  const { message = '', code } = (error ?? {}) as { message?: string; code?: string };
  if (/^(WRONGPASS|NOAUTH)\b/.test(message)) return 'it refuses the user or the password of its address';
  if (OOM.test(message)) return 'its memory is full';
  if (READONLY.test(message)) return 'it is a replica, which takes no changes';
  if (code === 'ECONNREFUSED') return 'nobody listens there';
  if (code === 'ENOTFOUND') return 'its host does not exist';
  if (/offline|Socket closed|Connection is closed/i.test(message)) return 'the connection to it is lost';
  let password = '';
  try {
    password = decodeURIComponent(new URL(url).password);
  } catch {
    // Nothing to hide in what is no address.
  }
  return password === '' ? message : message.replaceAll(password, '…');
}

/** A connection. */
export class RedisConnection {
  readonly place: string;
  readonly client: ReturnType<typeof createClient>;
  readonly #url: string;
  #listening: { destroy(): unknown } | undefined;
  /** The last error of the connection, for who asks why it does not answer. */
  #problem: unknown;
  /** When a command was answered last, and when the connection was made. */
  #answeredAt = systemClock.now();
  #madeAt = systemClock.now();

  private constructor(url: string, client: ReturnType<typeof createClient>) {
    this.#url = url;
    this.place = shownUrl(url);
    this.client = client;
    client.on('error', (error: unknown) => {
      this.#problem = error;
    });
    client.on('ready', () => {
      this.#problem = undefined;
      this.#madeAt = systemClock.now();
      this.#answeredAt = this.#madeAt;
    });
  }

  /** Begins to connect. Resolves when that is done, or could not be done yet. @throws StoreFailure on what is no address of a Redis. */
  static async open(url: string): Promise<RedisConnection> {
    // Loaded by those alone who keep their store there.
    const redis = await import('@redis/client');
    let client: ReturnType<typeof createClient>;
    try {
      const reconnectStrategy = (tries: number) => Math.min(SOONEST * 2 ** Math.min(tries, 10), LATEST);
      client = redis.createClient({
        ...{ url, RESP: 2, disableOfflineQueue: true, commandsQueueMaxLength: UNANSWERED, pingInterval: 10_000 },
        socket: { connectTimeout: OPENING, reconnectStrategy },
      }) as unknown as ReturnType<typeof createClient>;
    } catch {
      throw new StoreFailure(`${shownUrl(url)} is no address of a Redis; write one such as redis://localhost:6379.`);
    }
    const connection = new RedisConnection(url, client);
    const first = new Promise<void>((resolve) => {
      client.once('error', () => resolve());
      client.connect().then(
        () => resolve(),
        () => resolve(),
      );
    });
    await within(systemClock, OPENING, true, () => first).catch(() => undefined);
    return connection;
  }

  /** One command. @throws StoreFailure when it was refused; NotAnswered when it was not answered in time, or not at all. */
  async send(...command: (string | number)[]): Promise<Reply> {
    const { isReady } = this.client;
    try {
      const words = command.map(String);
      // Why not by the caller's clock: a test that holds time still still waits for a server.
      const reply = await within(systemClock, PATIENCE, false, () => this.client.sendCommand(words) as Promise<Reply>);
      this.#answeredAt = systemClock.now();
      return reply;
    } catch (error) {
      const message = `The store ${this.place} cannot be used: ${this.reason(error)}.`;
      const isReply = REPLY.test((error as Error).message);
      this.#renew(error, isReply);
      throw isReady && !isReply ? new NotAnswered(message) : new StoreFailure(message);
    }
  }

  /**
   * Connects anew where that may lead to a server that can be used: one whose name leads to another machine by now stays connected to
   * the one before, which takes no changes any more, or is not there.
   */
  #renew(error: unknown, isReply: boolean): void {
    const now = systemClock.now();
    if (isReply) this.#answeredAt = now;
    const wanted = READONLY.test((error as Error).message) || now - this.#answeredAt >= SILENT;
    if (!wanted || !this.client.isReady || now - this.#madeAt < SILENT) return;
    this.client.destroy();
    this.#problem = error;
    this.client.connect().catch(() => undefined);
  }

  /** Why it does not answer. */
  reason(error: unknown): string {
    return reasonOf(this.client.isReady ? error : (this.#problem ?? error), this.#url);
  }

  /** Runs a script. */
  run(script: string, keys: readonly string[], args: readonly (string | number)[]): Promise<Reply> {
    return this.send('EVAL', script, keys.length, ...keys, ...args);
  }

  /** Hears a channel over a second connection, which comes back by itself. Resolves when it does, or could not yet. */
  async listen(channel: string, heard: (message: string) => void): Promise<void> {
    const listening = this.client.duplicate({ disableOfflineQueue: false });
    this.#listening = listening;
    listening.on('error', () => undefined);
    const begun = listening.connect().then(() => listening.subscribe(channel, heard));
    begun.catch(() => undefined);
    if (this.client.isReady) await within(systemClock, PATIENCE, false, () => begun).catch(() => undefined);
  }

  /** Ends it at once. */
  close(): void {
    this.#madeAt = Number.POSITIVE_INFINITY;
    for (const each of [this.#listening, this.client]) {
      try {
        each?.destroy();
      } catch {
        // It had ended already.
      }
    }
  }
}
