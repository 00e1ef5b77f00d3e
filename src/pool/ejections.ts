/** The ejections that processes which start later shall know: those that are believed, until they end. */
import type { Clock } from '../clock.ts';
import type { KeptFact } from './kept-facts.ts';
import type { Place } from './places.ts';

/** Models of one endpoint. */
const LIMIT = 40;

/** Until when, and since when nothing succeeds there: a process where something did does not believe it. Monotonic ms. */
interface Ejection {
  readonly until: number;
  readonly since: number;
}

/** The ejections known at the moment. */
export class Ejections {
  readonly #known = new WeakMap<object, Map<string | undefined, Ejection>>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * An endpoint, or one model there, is ejected for so many ms; 0 = not any more.
   * @param failingFor how long nothing has succeeded there, in ms.
   * @returns whether that changes anything
   */
  note(state: object, model: string | undefined, ms: number, failingFor = 0): boolean {
    const now = this.#clock.now();
    const of = this.#known.get(state) ?? new Map<string | undefined, Ejection>();
    this.#known.set(state, of);
    if (ms === 0) return of.delete(model);
    if (of.size < LIMIT || of.has(model)) of.set(model, { until: now + ms, since: now - failingFor });
    return true;
  }

  /** Those of an endpoint. */
  of({ name: endpoint, address, account, state }: Place): KeptFact[] {
    const now = this.#clock.now();
    return [...(this.#known.get(state) ?? [])].flatMap(([model, { until, since }]) =>
      until > now
        ? [
            {
              is: 'ejected' as const,
              endpoint,
              address,
              account,
              model,
              ms: until - now,
              failingFor: now - since,
              sure: true,
            },
          ]
        : [],
    );
  }
}
