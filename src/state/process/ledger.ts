/**
 * The facts and counters of one app, as the process that leads keeps them, and as its deputies do. Each change is a record that
 * says what is so now, and since when: applied twice, or too late, it changes nothing.
 */
import type { Clock } from '../../clock.ts';
import { Facts } from '../facts.ts';
import { asNumber, asText, type Frame } from './frame.ts';
import { Progress } from './progress.ts';

/** Letters of all keys and values together. */
const LETTERS = 64 * 1024 * 1024;
/** Versions by which a new one who leads begins later: those of a second. */
const LEAP = 1_000_000;

/** What one app shares. */
export class Ledger {
  readonly #clock: Clock;
  readonly #facts: Facts;
  /** The last change of each member: one that is told again, because its answer was lost, is not done again. */
  readonly #last = new Progress();
  /** The greatest version in it; 0 when nothing is. */
  version = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#facts = new Facts(clock, LETTERS);
  }

  get(key: string): string | undefined {
    return this.#facts.get(key)?.value;
  }

  /** Keeps a value. @returns the record of it; `undefined` when this was done before */
  set(from: string, change: number, key: string, value: string, ttl: number): Frame | undefined {
    if (this.#last.has(from, change)) return undefined;
    return this.#write(from, change, key, value, this.#clock.now() + ttl);
  }

  /** Adds to a counter. @returns the record of it; `undefined` when this was done before. The total is there to be read. */
  add(from: string, change: number, key: string, n: number, ttl: number): Frame | undefined {
    if (this.#last.has(from, change)) return undefined;
    const before = this.#facts.get(key);
    const total = Number(before?.value ?? 0) + n;
    return this.#write(from, change, key, String(total), before?.until ?? this.#clock.now() + ttl);
  }

  /** Takes in a record of another ledger, unless something later is known. @throws when it is none */
  hear([kind, key, value, until, version, from, change]: Frame): void {
    if (kind === 'l') this.#last.note(asText(key), asNumber(value));
    else {
      this.#apply(asText(key), asText(value), asNumber(until), asNumber(version));
      if (from !== undefined) this.#last.note(asText(from), asNumber(change));
    }
  }

  /** Later than everything that the one who led before may still write, which nobody is answered. */
  begin(): void {
    this.version = Math.max(this.version, this.#clock.date() * 1_000) + LEAP;
  }

  /** Everything later than `since` as records, oldest first. What is written meanwhile is told otherwise. */
  *records(since: number): Generator<Frame> {
    const { version: last } = this;
    for (const [from, change] of [...this.#last]) yield ['l', from, change];
    for (const [key, { value, until, version }] of this.#facts) {
      if (version > last) break;
      if (version > since) yield ['k', key, value, this.#date(until), version];
    }
  }

  #apply(key: string, value: string, until: number, version: number): void {
    this.version = Math.max(this.version, version);
    const known = this.#facts.get(key);
    if (known && known.version >= version) return;
    const left = until - this.#clock.date();
    if (left > 0) this.#facts.put(key, value, this.#clock.now() + left, version);
  }

  #write(from: string, change: number, key: string, value: string, until: number): Frame {
    // Later than everything before, also when the wall clock was set back.
    this.version = Math.max(this.version + 1, this.#clock.date() * 1_000);
    this.#facts.put(key, value, until, this.version);
    this.#last.note(from, change);
    return ['k', key, value, this.#date(until), this.version, from, change];
  }

  /** Processes have the wall clock in common. */
  #date(until: number): number {
    return this.#clock.date() + until - this.#clock.now();
  }
}
