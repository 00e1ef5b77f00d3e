/** The ejections that processes which start later shall know: those that are believed, until they end. */
import type { Clock } from '../clock.ts';
import type { KeptFact } from './kept-facts.ts';
import type { Place } from './places.ts';

/** Models of one endpoint. */
const LIMIT = 40;

/** The ejections known at the moment. */
export class Ejections {
  readonly #until = new WeakMap<object, Map<string | undefined, number>>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** An endpoint, or one model there, is ejected for so many ms; 0 = not any more. @returns whether that changes anything */
  note(state: object, model: string | undefined, ms: number): boolean {
    const of = this.#until.get(state) ?? new Map<string | undefined, number>();
    this.#until.set(state, of);
    if (ms === 0) return of.delete(model);
    if (of.size < LIMIT || of.has(model)) of.set(model, this.#clock.now() + ms);
    return true;
  }

  /** Those of an endpoint. */
  of({ name: endpoint, address, state }: Place): KeptFact[] {
    const now = this.#clock.now();
    return [...(this.#until.get(state) ?? [])].flatMap(([model, until]) =>
      until > now
        ? [{ is: 'ejected' as const, endpoint, address, model, ms: until - now, failingFor: 0, sure: true }]
        : [],
    );
  }
}
