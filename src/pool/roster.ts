/**
 * Who belongs to a pool, and who did. Why drained endpoints are forgotten in the end: keys may be rotated for as long as the
 * process lives.
 */
import type { Endpoint } from '../endpoint/endpoint.ts';

/** Drained and idle endpoints that can still be seen and asked for. */
const RETIRED = 100;

/** The members of one pool, in the user's order. */
export class Roster {
  #endpoints: readonly Endpoint[];
  readonly #names: Set<string>;
  readonly #retired: Endpoint[] = [];

  constructor(endpoints: readonly Endpoint[]) {
    this.#endpoints = endpoints;
    this.#names = new Set(endpoints.map(({ name }) => name));
  }

  /** Every endpoint, those drained last included. */
  get endpoints(): readonly Endpoint[] {
    return this.#endpoints;
  }

  /** The names that are taken. Why also those of the forgotten: an id that such an endpoint made must not lead to a later one. */
  get names(): ReadonlySet<string> {
    return this.#names;
  }

  /** Takes in one more endpoint. */
  add(endpoint: Endpoint): void {
    this.#endpoints = [...this.#endpoints, endpoint];
    this.#names.add(endpoint.name);
  }

  /** A drained endpoint is idle: of many such ones the first to be is forgotten. */
  retire(endpoint: Endpoint): void {
    if (!endpoint.drained || endpoint.retired) return;
    endpoint.retired = true;
    this.#retired.push(endpoint);
    if (this.#retired.length <= RETIRED) return;
    const oldest = this.#retired.shift();
    this.#endpoints = this.#endpoints.filter((each) => each !== oldest);
  }
}
