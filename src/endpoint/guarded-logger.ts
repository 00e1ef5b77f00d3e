/**
 * The logger an endpoint's SDK client writes to: the user's own, or the console, behind two guards. What the SDK and the server
 * say is cleaned of the endpoint's secrets, and a logger that throws reaches no call.
 */
import type { ClientOptions } from 'openai';
import { redactor } from '../observe/redact.ts';
import { redacted } from '../observe/scrub.ts';
import { secretsOfRequest, secretsOfURL } from './secrets.ts';

type Logger = NonNullable<ClientOptions['logger']>;
type Level = 'error' | 'warn' | 'info' | 'debug';

/** Why a class: a pool of a thousand has a thousand of them, most of which never say anything. */
class GuardedLogger implements Logger {
  readonly #log: (level: Level, said: readonly unknown[]) => void;

  constructor(log: (level: Level, said: readonly unknown[]) => void) {
    this.#log = log;
  }

  error(...said: unknown[]): void {
    this.#log('error', said);
  }

  warn(...said: unknown[]): void {
    this.#log('warn', said);
  }

  info(...said: unknown[]): void {
    this.#log('info', said);
  }

  debug(...said: unknown[]): void {
    this.#log('debug', said);
  }
}

/** What is secret in the details of a request that the SDK is about to log, known or not. */
function secretsOfDetails(details: unknown): string[] {
  if (typeof details !== 'object' || details === null) return [];
  const { url, headers, options } = details as { url?: unknown; headers?: unknown; options?: { query?: unknown } };
  const query = options?.query;
  const asURL = typeof query === 'object' && query !== null ? `?${new URLSearchParams(query as never)}` : '';
  const found = typeof url === 'string' ? secretsOfRequest(url, headers) : [];
  return [...found, ...secretsOfURL(`http://localhost/${asURL}`)];
}

/** @param secrets what must not be logged, asked for at each line. */
export function guardedLogger(logger: Logger, secrets: () => readonly string[]): Logger {
  const log = (level: Level, said: readonly unknown[]) => {
    try {
      const redact = redactor([...secrets(), ...said.flatMap(secretsOfDetails)]);
      const [message, ...rest] = said.map((each) => redacted(each, redact));
      logger[level](message as string, ...rest);
    } catch {
      // The user's own code; there is nobody left to tell.
    }
  };
  return new GuardedLogger(log);
}

/** Requests whose secrets are still known when the reply is logged. */
const KEPT = 100;

/** The secrets that the last requests carried beside the configured ones. */
export function recentSecrets(): { add(secrets: readonly string[]): void; all(): readonly string[] } {
  let kept: string[] = [];
  return {
    add(secrets) {
      kept = [...new Set([...secrets, ...kept])].slice(0, KEPT);
    },
    all: () => kept,
  };
}
