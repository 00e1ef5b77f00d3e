/** The SDK client's logger with its level applied, as the SDK applies it itself. */
import type { OpenAI } from 'openai';
import type { Logger } from '../observe/pool-log.ts';

const LEVELS = { off: 0, error: 200, warn: 300, info: 400, debug: 500 } as const;

/** The logger of `client`, by its present `logger` and `logLevel`. */
export function loggerOf(client: OpenAI): Logger {
  const { logger } = client;
  const level = LEVELS[client.logLevel ?? 'off'] ?? LEVELS.warn;
  const say = (name: 'warn' | 'info' | 'debug') => (message: string) => {
    if (LEVELS[name] <= level) logger?.[name](message);
  };
  return { warn: say('warn'), info: say('info'), debug: say('debug'), debugging: level >= LEVELS.debug };
}
