/**
 * Who stood to choose and who did not, as plain data that many decisions share. Why shared: a pool's list is the same array for
 * as long as nothing changes, so a plain call costs no names and no reasons; and a kept result keeps no endpoint alive.
 */
import type { Call } from '../call/call.ts';
import type { ExclusionReport } from '../call/decision.ts';
import type { Endpoint } from '../endpoint/endpoint.ts';
import { endpointRefusal } from '../pool/eligibility.ts';
import type { Candidate } from '../strategy/strategy.ts';
import { Few } from './few.ts';
import { reasonOf } from './no-endpoint.ts';

/** Names kept of each list. */
export const MOST_NAMES = 20;

/** The first of a list. */
export interface Lineup {
  readonly names: readonly string[];
  readonly weights: readonly number[];
  readonly priorities: readonly number[];
  /** How many more there are. */
  readonly more: number;
}

/** Why one endpoint did not stand to choose. */
export interface Absence {
  readonly endpoint: string;
  readonly reason: string;
  /** In monotonic ms. */
  readonly until: number;
}

const lineups = new WeakMap<readonly Candidate[], Lineup>();
const absences = new WeakMap<readonly Candidate[], readonly Absence[]>();
const NOBODY = new Few<Endpoint>();

/** The lineup of this list. */
export function lineupOf(list: readonly Candidate[]): Lineup {
  const known = lineups.get(list);
  if (known) return known;
  const first = list.slice(0, MOST_NAMES);
  const made: Lineup = {
    names: first.map(({ name }) => name),
    weights: first.map(({ weight }) => weight),
    priorities: first.map(({ priority }) => priority),
    more: list.length - first.length,
  };
  lineups.set(list, made);
  return made;
}

/** What keeps an endpoint from a call; `undefined` = nothing that is known. */
export type OwnReason = (endpoint: Endpoint) => Absence | undefined;

/** Why all others of the pool did not stand to choose. @param own what keeps an endpoint from this call alone. */
export function absent(
  all: readonly Endpoint[],
  eligible: readonly Endpoint[],
  call: Call,
  own?: OwnReason,
): readonly Absence[] {
  const found: Absence[] = [];
  const stood = new Set(eligible);
  for (const endpoint of all) {
    if (found.length === MOST_NAMES) break;
    if (stood.has(endpoint)) continue;
    const { name } = endpoint;
    const refusal = endpointRefusal(endpoint, call, NOBODY);
    const general = refusal && { endpoint: name, reason: refusal.reason, until: refusal.until };
    found.push(general ?? own?.(endpoint) ?? { endpoint: name, reason: 'just came back', until: 0 });
  }
  return found;
}

/** The same for calls that nothing else keeps from anybody. Where no limit binds it is worked out once for each list. */
export function absentFor(all: readonly Endpoint[], eligible: readonly Endpoint[], call: Call): readonly Absence[] {
  const known = absences.get(eligible);
  if (known) return known;
  const found = absent(all, eligible, call);
  // What is left of a limit changes with each call.
  const isBound = all.some((each) => each.room.binds(call.model));
  if (!isBound) absences.set(eligible, found);
  return found;
}

/** As it is shown. @param now when the decision was made, in monotonic ms. */
export function exclusion({ endpoint, reason, until }: Absence, now: number): ExclusionReport {
  return { endpoint, reason: reasonOf({ reason, until }, now) };
}
