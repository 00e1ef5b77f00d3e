/**
 * Names that mean one endpoint here and another one elsewhere, and releases that speak otherwise. Each is told to the user
 * once: what is shared by name would steer calls by what is true somewhere else.
 */
import { quoted } from '../call/describe.ts';
import type { Clock } from '../clock.ts';
import { KEPT_FOR } from './kept-facts.ts';
import type { Place } from './places.ts';
import { type Foreign, VERSION } from './sync-message.ts';

/** Different things said; more only arise from names that others make up. */
const LIMIT = 100;

/** What is in dispute on one store. */
export class Disputes {
  readonly #said = new Set<string>();
  readonly #until = new Map<string, number>();
  readonly #clock: Clock;
  readonly #complain: (reason: string) => void;

  /** @param complain told what is wrong and what to do. */
  constructor(clock: Clock, complain: (reason: string) => void) {
    this.#clock = clock;
    this.#complain = complain;
  }

  /** Whether others meant another endpoint by that name of late. */
  about(name: string): boolean {
    if (this.#until.size === 0) return false;
    return (this.#until.get(name) ?? 0) > this.#clock.now();
  }

  /** Others have an endpoint of the same name somewhere else. */
  conflict({ name, address }: Pick<Place, 'name' | 'address'>, elsewhere: string): void {
    this.#until.set(name, this.#clock.now() + KEPT_FOR);
    this.#say(
      `the endpoint ${quoted(name)} is ${quoted(address)} here and ${quoted(elsewhere)} in another process on this store, so nothing is shared about it: give different endpoints different names, and the same one the same baseURL`,
    );
  }

  /** Another release speaks otherwise. */
  foreign({ version }: Foreign): void {
    this.#say(
      `another process on this store shares facts in version ${version}, this one in version ${VERSION}, so neither hears the other: use one release of load-balanced-openai, or a store (a prefix) for each`,
    );
  }

  #say(reason: string): void {
    if (this.#said.has(reason) || this.#said.size >= LIMIT) return;
    this.#said.add(reason);
    this.#complain(reason);
  }
}
