/** The SDK client's logger with its level applied, as the SDK applies it itself. */
import type { OpenAI } from 'openai';
import type { Logger } from '../observe/pool-log.ts';

const LEVELS = { off: 0, error: 200, warn: 300, info: 400, debug: 500 } as const;
type Level = 'warn' | 'info' | 'debug';

/** A client's logger, by the `logger` and the `logLevel` that it has when a line is written. */
class ClientLogger implements Logger {
  readonly #client: OpenAI;

  constructor(client: OpenAI) {
    this.#client = client;
  }

  get debugging(): boolean {
    return this.#level >= LEVELS.debug;
  }

  warn(message: string): void {
    this.#say('warn', message);
  }

  info(message: string): void {
    this.#say('info', message);
  }

  debug(message: string): void {
    this.#say('debug', message);
  }

  get #level(): number {
    return LEVELS[this.#client.logLevel ?? 'off'] ?? LEVELS.warn;
  }

  #say(name: Level, message: string): void {
    if (LEVELS[name] <= this.#level) this.#client.logger?.[name](message);
  }
}

/** The logger of `client`. */
export function loggerOf(client: OpenAI): Logger {
  return new ClientLogger(client);
}
