/**
 * Works a recorded pick out again: the strategy that made it, over what it saw then. Shows that a decision says all there was to
 * it, and lets another strategy be asked the same.
 */
import type { CandidateFigures, Decision } from '../call/decision.ts';
import { leastLoaded } from './least-loaded.ts';
import { priority } from './priority.ts';
import { homing, type Place, type Room } from './prompt-cache.ts';
import { random } from './random.ts';
import { inTurn } from './round-robin.ts';
import type { Candidate, Strategy, StrategyCall } from './strategy.ts';

const CALL: StrategyCall = { operation: 'chat', model: undefined, stream: false, tokens: 0, now: 0 };
const PRIORITY = /^priority\(.*\)$/;

function candidateOf({ endpoint, weight, priority, inFlight, caches }: CandidateFigures): Candidate {
  return { name: endpoint, weight, priority, inFlight, tags: [], cachesPrompts: () => caches };
}

/** The prompt-cache strategy with what it remembered of the prefix, and with who had room. */
function homesOf({ basis, figures = [] }: Decision): Strategy {
  const places = new Map<number, Place>();
  const { prefix, settled, crowded = false } = basis ?? {};
  const index = figures.findIndex(({ endpoint }) => endpoint === settled);
  if (prefix !== undefined && settled !== undefined)
    places.set(prefix, { name: settled, index, at: 0, moved: 0, crowded });
  const room = (list: readonly Candidate[]): Room => {
    const of = (place: number) => figures.find(({ endpoint }) => endpoint === list[place]?.name)?.room;
    const hasRoom = (place: number) => of(place) === 'fair';
    return { running: 0, look: () => undefined, hasRoom, allows: (place) => hasRoom(place) || of(place) === 'kept' };
  };
  return homing(inTurn(basis?.position ?? 0), places, room);
}

function strategyOf(decision: Decision, stood: readonly CandidateFigures[]): Strategy | undefined {
  const { position, drawn, prefix } = decision.basis ?? {};
  if (prefix !== undefined) return homesOf(decision);
  const loads = new Map(stood.map(({ endpoint, load }) => [endpoint, load]));
  if (stood.some(({ load }) => load !== undefined))
    return leastLoaded(({ name }) => loads.get(name) ?? Number.POSITIVE_INFINITY, { chance: () => drawn ?? 0 });
  if (position !== undefined) return inTurn(position);
  return drawn === undefined ? undefined : random(() => drawn);
}

/**
 * The endpoint that a strategy of this library picks by what a decision recorded.
 * @returns `undefined` where no strategy picked, where it was one of the user's own, or where more stood to choose than are named.
 */
export function repick(decision: Decision): string | undefined {
  const { figures = [], reason = '', more = 0, basis } = decision;
  const compared = figures.filter(({ slowStart }) => !slowStart);
  const stood = compared.some(({ load }) => load !== undefined)
    ? compared.filter(({ load }) => load !== undefined)
    : compared;
  if (more > 0 && stood.length !== 2 && basis !== undefined) return undefined;
  const [first] = stood;
  if (stood.length === 1) return first?.endpoint;
  const inner = strategyOf(decision, stood);
  const known = inner ?? (PRIORITY.test(reason) ? inTurn(0) : undefined);
  if (!known || !first) return undefined;
  const strategy = PRIORITY.test(reason) ? priority(known) : known;
  return strategy.pick(stood.map(candidateOf), { ...CALL, prefix: basis?.prefix }).name;
}
