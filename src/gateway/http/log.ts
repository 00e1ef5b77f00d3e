/**
 * The gateway's log: lines for people on a terminal, JSON for everything else. Whatever a caller or an endpoint wrote is escaped, so
 * that nobody writes a line of his own.
 */
import type { Clock } from '../../clock.ts';

/** The levels, the loudest first. */
export const logLevels = ['off', 'error', 'warn', 'info', 'debug'] as const;

/** How much is said. */
export type LogLevel = (typeof logLevels)[number];

/** Facts of a line, by name. */
export type LogFacts = Readonly<Record<string, string | number | boolean | undefined>>;

/** Where lines go. */
export interface LogOptions {
  readonly level: LogLevel;
  /** For people, not for programs. */
  readonly readable: boolean;
  readonly write: (line: string) => void;
  readonly clock: Clock;
}

/** What is no text: it would end a line, or paint the terminal. */
const UNSEEN = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;
const clean = (text: string) => text.replace(UNSEEN, ' ');

/** What JSON leaves as it is, though it ends a line for some, or steers a terminal. */
const UNWRITTEN = /[\u2028\u2029\x7f-\x9f]/;
const UNWRITTEN_ALL = new RegExp(UNWRITTEN, 'g');
const escaped = (sign: string) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** Endpoints and callers write as much as they like; a line is to be read. */
const LONGEST = 4_000;
const cut = <Value>(value: Value): Value | string =>
  typeof value === 'string' && value.length > LONGEST ? `${value.slice(0, LONGEST)}…` : value;

/** The log. */
export class GatewayLog {
  readonly #options: LogOptions;
  readonly #loudness: number;

  constructor(options: LogOptions) {
    this.#options = options;
    this.#loudness = logLevels.indexOf(options.level);
  }

  get level(): LogLevel {
    return this.#options.level;
  }

  /** Are lines of this level written? */
  says(level: LogLevel): boolean {
    return logLevels.indexOf(level) <= this.#loudness;
  }

  #say(level: LogLevel, message: string, facts: LogFacts): void {
    const { readable, write, clock } = this.#options;
    if (!this.says(level)) return;
    const time = new Date(clock.date()).toISOString();
    if (!readable) {
      let line = `{"time":"${time}","level":"${level}","message":${JSON.stringify(cut(message))}`;
      for (const name in facts) {
        const value = facts[name];
        if (value !== undefined) line += `,${JSON.stringify(name)}:${JSON.stringify(cut(value))}`;
      }
      write(`${UNWRITTEN.test(line) ? line.replace(UNWRITTEN_ALL, escaped) : line}}`);
      return;
    }
    const shown: string[] = [];
    for (const [name, given] of Object.entries(facts)) {
      if (given === undefined) continue;
      const value = cut(given);
      shown.push(`${name}=${/^[\w.:/$+-]*$/.test(String(value)) ? value : JSON.stringify(value)}`);
    }
    write(clean([time.slice(11, 23), level.padEnd(5), cut(message), ...shown].join(' ')));
  }

  /** Something is broken here. */
  error(message: string, facts: LogFacts = {}): void {
    this.#say('error', message, facts);
  }

  /** Something wants to be looked at. */
  warn(message: string, facts: LogFacts = {}): void {
    this.#say('warn', message, facts);
  }

  /** What happens. */
  info(message: string, facts: LogFacts = {}): void {
    this.#say('info', message, facts);
  }

  /** What happens inside. */
  debug(message: string, facts: LogFacts = {}): void {
    this.#say('debug', message, facts);
  }

  /** The same for the library's clients. */
  get forClients(): Record<'error' | 'warn' | 'info' | 'debug', (message: string, ...rest: unknown[]) => void> {
    // The first words say it all; what follows them are details of the SDK's.
    const line = (level: 'error' | 'warn' | 'info' | 'debug') => (message: string) =>
      this[level](String(message).replace(/^\[load-balanced-openai\] /, ''));
    return { error: line('error'), warn: line('warn'), info: line('info'), debug: line('debug') };
  }
}
