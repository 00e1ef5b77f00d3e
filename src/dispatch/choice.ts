/**
 * One decision of a call as it is taken down: numbers and shared lists, made into names and texts only when somebody reads it.
 * Why so bare: every call has one, nearly nobody reads it.
 */
import type { CandidateFigures, Decision, PickBasis } from '../call/decision.ts';
import type { AttemptReport } from '../call/outcome.ts';
import type { Endpoint } from '../endpoint/endpoint.ts';
import type { ChoiceNote } from '../pool/choice-note.ts';
import { AVOIDED, SCANNED } from '../strategy/least-loaded.ts';
import type { Candidate, MoreNotes } from '../strategy/strategy.ts';
import { type Absence, exclusion, type Lineup, lineupOf, MOST_NAMES } from './lineup.ts';

const NONE: readonly never[] = [];
const NOBODY: Lineup = { names: [], weights: [], priorities: [], more: 0 };
const ROOM = ['none', 'kept', 'fair'] as const;

/** What only some decisions have. */
export interface Rare {
  waitMs?: number;
  model?: string;
  budget?: number;
  /** Left out of a second pick: these stood to choose. */
  strong?: Lineup;
}

const rounded = (ms: number) => Math.round(ms * 10) / 10;

/** What is left of limits by a load of `headroom`, which counts failures of late on top of what is used up. */
const leftBy = (load: number) => Math.round((1 - (load % AVOIDED)) * 1e6) / 1e6;

/** A decision under way, and once it is made. */
export class Choice implements ChoiceNote {
  // What the pool and its strategy take down.
  candidates: readonly Endpoint[] | undefined;
  among: readonly Candidate[] | undefined;
  loads: readonly number[] | undefined;
  position: number | undefined;
  drawn: number | undefined;
  also: MoreNotes | undefined;
  /** Who shall be tried, until the attempt begins. */
  endpoint: Endpoint | undefined;
  /** The attempt it led to. */
  report: AttemptReport | undefined;
  reason: string | undefined;
  rare: Rare | undefined;
  #at = 0;
  #ms = 0;
  #lineup = NOBODY;
  #judged = NOBODY;
  #compared: Lineup | undefined;
  #absent: readonly Absence[] = NONE;
  #inFlight: readonly number[] = NONE;

  begin(candidates: readonly Endpoint[]): void {
    this.candidates = candidates;
  }

  again(strong: readonly Endpoint[]): this {
    this.rare = { ...this.rare, strong: lineupOf(strong) };
    this.among = this.loads = this.position = this.drawn = this.also = undefined;
    return this;
  }

  /** Takes the figures down as they are now, before the attempt counts; from here on no endpoint is kept alive. */
  see(eligible: readonly Endpoint[], absent: readonly Absence[]): void {
    const { among } = this;
    this.#lineup = lineupOf(eligible);
    this.#absent = absent;
    // Of a large pool only two may have been compared, of which the first names need not tell.
    const judged: readonly Candidate[] = among && eligible.length > SCANNED && among.length <= 2 ? among : eligible;
    this.#judged = judged === eligible ? this.#lineup : lineupOf(judged);
    if (among) this.#compared = judged === among ? this.#judged : lineupOf(among);
    this.candidates = this.among = undefined;
    const count = Math.min(judged.length, MOST_NAMES);
    // Of its length from the start: one that grows takes room for many more.
    const seen = new Array<number>(count);
    for (let place = 0; place < count; place++) seen[place] = (judged[place] as Candidate).inFlight;
    this.#inFlight = seen;
  }

  /** @param now monotonic ms. @param startedAt of the call. */
  made(now: number, startedAt: number): void {
    this.#at = now;
    this.#ms = now - startedAt;
    this.endpoint = undefined;
  }

  get isOpen(): boolean {
    return this.#lineup.names.length > 0;
  }

  /** The decision as it is shown: plain data, made anew each time. */
  tell(): Decision {
    const { report, reason, rare } = this;
    const { names, more } = this.#lineup;
    const told: Decision = {
      ms: rounded(this.#ms),
      eligible: [...names],
      excluded: this.#absent.map((each) => exclusion(each, this.#at)),
      picked: report?.endpoint,
    };
    if (reason !== undefined) told.reason = reason;
    if (rare?.waitMs !== undefined) told.waitMs = Math.round(rare.waitMs);
    if (rare?.model !== undefined) told.model = rare.model;
    if (rare?.budget !== undefined) told.budget = rounded(rare.budget);
    if (more > 0) told.more = more;
    if (names.length > 0) told.figures = this.#figures();
    const basis = this.#basis();
    if (basis) told.basis = basis;
    return told;
  }

  #basis(): PickBasis | undefined {
    const { position, drawn } = this;
    const { prefix, settled, crowded } = this.also ?? {};
    if (position === undefined && drawn === undefined && prefix === undefined) return undefined;
    return {
      ...(position !== undefined && { position }),
      ...(drawn !== undefined && { drawn }),
      ...(prefix !== undefined && { prefix }),
      ...(settled !== undefined && { settled, crowded: crowded === true }),
    };
  }

  #figures(): CandidateFigures[] {
    const { names, weights, priorities } = this.#judged;
    const { loads, also, rare } = this;
    const compared = this.#compared?.names ?? rare?.strong?.names ?? names;
    const { latencies, room, caches } = also ?? {};
    return names.map((endpoint, index) => {
      const figures: CandidateFigures = {
        endpoint,
        weight: weights[index] as number,
        priority: priorities[index] as number,
        inFlight: this.#inFlight[index] as number,
      };
      if (rare?.strong && !rare.strong.names.includes(endpoint)) figures.slowStart = true;
      const place = compared.indexOf(endpoint);
      if (place < 0) return figures;
      const load = loads?.[place];
      // The largest number there is stands for none: JSON knows no other.
      if (load !== undefined) figures.load = load < Number.MAX_VALUE ? load : Number.MAX_VALUE;
      if (load !== undefined && this.reason?.includes('headroom')) figures.headroom = leftBy(load);
      if (latencies) figures.latencyMs = rounded(latencies[place] as number);
      if (room) figures.room = ROOM[room[place] as number] as 'none';
      const isCaching = caches?.[place];
      if (isCaching !== undefined) figures.caches = isCaching;
      return figures;
    });
  }
}
