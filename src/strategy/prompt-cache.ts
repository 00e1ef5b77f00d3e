/**
 * Sends calls that share the beginning of their prompt to the same endpoint, so that its prompt cache serves them, as long
 * as that does not overload it. For pools whose endpoints cache prompts and whose calls repeat long ones.
 */
import { type FairShare, fairShareOf } from './fair-share.ts';
import { anybody, HomeBook } from './homes.ts';
import { Popular } from './popular.ts';
import { roundRobin } from './round-robin.ts';
import type { Candidate, MoreNotes, Strategy, StrategyCall } from './strategy.ts';

/** A prefix that its home had no room for stays where it went as long as it comes again within this time, in ms: its cache is there now. */
const SETTLED = 5 * 60_000;
/** One that moves again within so many picks, and as many as calls are in flight, is too much for any single home, and is soon in the caches of several. */
const SOON = 32;
/** Such prefixes remembered; beyond them the oldest go home. */
const LIMIT = 10_000;

/** Who has room for more. */
export type Room = Pick<FairShare, 'look' | 'hasRoom' | 'allows' | 'running'>;

/** Where a prefix went for which its home had no room. */
export interface Place {
  name: string;
  /** Where that stood in the list of then; most often it still does. */
  index: number;
  /** When it came last, in monotonic ms, and the pick at which it moved. */
  at: number;
  moved: number;
  crowded: boolean;
}

/**
 * Calls with the same `prefix` go to the same endpoint, in proportion to the weights; while that one is out or carries more
 * than a quarter above its fair share, to the prefix's next home, the same one for everybody. So do calls with the same
 * `stem`, unless so many share it that it is in every cache anyway.
 * Homes that never cache, by what their replies say, are passed over for those that do.
 * @param rest serves calls without a prefix. @default roundRobin()
 */
export function promptCache(rest: Strategy = roundRobin()): Strategy {
  return homing(rest, new Map(), fairShareOf);
}

/** Up to so many candidates are noted. */
const NOTED = 20;

/** The same with what it remembers, and with what tells who has room. */
export function homing(
  rest: Strategy,
  places: Map<number, Place>,
  sharesOf: (candidates: readonly Candidate[]) => Room,
): Strategy {
  const book = new HomeBook();
  const popular = new Popular();
  let picks = 0;
  let list: readonly Candidate[] = [];
  let homes = book.of(list);
  let share = sharesOf(list);

  /** The first home, with room if any has. */
  const roomyHome = (prefix: number): number => {
    const index = homes.find(prefix, share.hasRoom);
    return index < 0 ? homes.find(prefix, anybody) : index;
  };

  /** Where a prefix that moved has its place now; -1 = nowhere. */
  const standsAt = (prefix: number, { name, index }: Place): number =>
    list[index]?.name === name ? index : homes.find(prefix, (each) => list[each]?.name === name);

  /** The home of a prefix that moved before; -1 = it is at home again. */
  const movedHome = (prefix: number, place: Place, now: number): number => {
    const index = standsAt(prefix, place);
    if (now - place.at >= SETTLED || (index < 0 && !place.crowded)) {
      places.delete(prefix);
      return -1;
    }
    place.at = now;
    place.index = index;
    if (!place.crowded && share.allows(index)) return index;
    const next = roomyHome(prefix);
    if (!place.crowded) {
      place.crowded = picks - place.moved < SOON + share.running;
      place.moved = picks;
      place.name = (list[next] as Candidate).name;
      place.index = next;
    }
    return next;
  };

  /** What the pick goes by, as it is before it. */
  const noted = (prefix: number, call: StrategyCall): MoreNotes => {
    const place = places.get(prefix);
    const isSettled = place && call.now - place.at < SETTLED && (place.crowded || standsAt(prefix, place) >= 0);
    const first = list.slice(0, NOTED);
    return {
      prefix,
      ...(isSettled && { settled: place.name, crowded: place.crowded }),
      room: first.map((_, index) => (share.hasRoom(index) ? 2 : share.allows(index) ? 1 : 0)),
      caches: first.map((each) => each.cachesPrompts?.(call)),
    };
  };

  const homeOf = (prefix: number, call: StrategyCall): number => {
    const place = places.size === 0 ? undefined : places.get(prefix);
    const moved = place ? movedHome(prefix, place, call.now) : -1;
    if (moved >= 0) return moved;
    const home = homes.find(prefix, anybody);
    if (home < 0 || share.allows(home)) return home;
    const next = roomyHome(prefix);
    if (next === home) return home;
    const { name } = list[next] as Candidate;
    places.set(prefix, { name, index: next, at: call.now, moved: picks, crowded: false });
    if (places.size > LIMIT) places.delete(places.keys().next().value as number);
    return next;
  };

  /** The next home that is known to cache prompts, in place of one that is known not to. */
  const better = (home: Candidate, call: StrategyCall, prefix: number): Candidate => {
    const caches = (index: number) => list[index]?.cachesPrompts?.(call) === true && share.allows(index);
    return list[homes.find(prefix, caches)] ?? home;
  };

  return {
    name: 'prompt-cache',
    pick(candidates, call) {
      const { prefix, stem } = call;
      if (prefix === undefined) return rest.pick(candidates, call);
      if (candidates !== list) {
        list = candidates;
        homes = book.of(list);
        share = sharesOf(list);
      }
      share.look();
      picks += 1;
      const key = stem === undefined || popular.has(stem, prefix, list.length) ? prefix : stem;
      if (call.note) call.note.also = noted(key, call);
      const home = list[homeOf(key, call)];
      if (!home) return rest.pick(candidates, call);
      return home.cachesPrompts?.(call) === false ? better(home, call, key) : home;
    },
    keepsCaches: true,
  };
}
