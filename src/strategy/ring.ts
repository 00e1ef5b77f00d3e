/**
 * A consistent-hash ring for many endpoints: each owns points on a circle, a prefix belongs to the next point and walks on
 * from there. Why tables outlive the list they were made for: the lists change whenever an endpoint is out or was tried, and
 * a table of all of them serves each such list by skipping who is not in it.
 */
import { hashText, mix } from '../call/hash.ts';
import type { Candidate } from './strategy.ts';

/** The homes of prefixes among one list of candidates. */
export interface Homes {
  /** The place in the list of the first home that `fits`, in the prefix's order; -1 = none does. */
  find(prefix: number, fits: (index: number) => boolean): number;
}

/** Points of an endpoint of average weight: the more, the more even are the shares, and the larger is the table. */
const [POINTS, POINTS_OF_MANY] = [256, 64];
const MANY = 256;
/** A list with less than this part of a ring's weight gets a ring of its own: the walk would skip too many. */
const DENSE = 1 / 4;
/** Homes tried for a call before it counts as having none that fits. */
const TRIES = 32;
const STEP = 0x9e3779b9;

/** The points of a ring, in order, and whose they are. */
interface Points {
  readonly positions: Uint32Array;
  readonly owners: Uint32Array;
  /** The first point at or after each of 2 ** n equal stretches. */
  readonly starts: Uint32Array;
  readonly shift: number;
}

function pointsOf(weights: readonly number[]): number[] {
  const shared = weights.filter((weight) => weight > 0);
  const mean = shared.reduce((sum, weight) => sum + weight, 0) / shared.length;
  // In powers of two, so that one endpoint more or less changes nobody's points.
  const unit = 2 ** Math.round(Math.log2(mean));
  const each = weights.length > MANY ? POINTS_OF_MANY : POINTS;
  return weights.map((weight) => (weight > 0 ? Math.max(1, Math.round((each * weight) / unit)) : 0));
}

/** Sorts points in one go, since each stretch holds about one: the engine's own sort takes many times as long. */
function inOrder(all: Uint32Array, ownerAt: (index: number) => number): Points {
  const { length } = all;
  const shift = 32 - Math.max(1, Math.floor(Math.log2(length)));
  const starts = new Uint32Array(2 ** (32 - shift) + 1);
  for (const position of all) starts[(position >>> shift) + 1] = (starts[(position >>> shift) + 1] as number) + 1;
  for (let at = 1; at < starts.length; at++) starts[at] = (starts[at] as number) + (starts[at - 1] as number);
  const positions = new Uint32Array(length);
  const owners = new Uint32Array(length);
  const ends = starts.slice();
  for (let index = 0; index < length; index++) {
    const position = all[index] as number;
    const first = starts[position >>> shift] as number;
    let at = ends[position >>> shift] as number;
    ends[position >>> shift] = at + 1;
    for (; at > first && (positions[at - 1] as number) > position; at--) {
      positions[at] = positions[at - 1] as number;
      owners[at] = owners[at - 1] as number;
    }
    positions[at] = position;
    owners[at] = ownerAt(index);
  }
  return { positions, owners, starts, shift };
}

function pointsIn(candidates: readonly Candidate[]): Points {
  const weighted = candidates.some(({ weight }) => weight > 0);
  const counts = pointsOf(candidates.map(({ weight }) => (weighted ? weight : 1)));
  const size = counts.reduce((sum, count) => sum + count, 0);
  const all = new Uint32Array(size);
  const owners = new Uint32Array(size);
  let filled = 0;
  for (const [owner, count] of counts.entries()) {
    const seed = hashText((candidates[owner] as Candidate).name);
    owners.fill(owner, filled, filled + count);
    for (let point = 1; point <= count; point++, filled++) all[filled] = mix(seed + Math.imul(point, STEP));
  }
  return inOrder(all, (index) => owners[index] as number);
}

function walk(points: Points, members: Int32Array, prefix: number, fits: (index: number) => boolean): number {
  const { positions, owners, starts, shift } = points;
  const { length } = positions;
  const from = mix(prefix);
  let point = starts[from >>> shift] as number;
  while (point < length && (positions[point] as number) < from) point += 1;
  let before = -1;
  let tries = 0;
  for (let steps = 0; steps < length; steps++, point++) {
    if (point >= length) point = 0;
    const member = members[owners[point] as number] as number;
    if (member < 0 || member === before) continue;
    if (fits(member)) return member;
    before = member;
    tries += 1;
    if (tries === TRIES) return -1;
  }
  return -1;
}

/** The ring of a whole set of candidates, for all lists with members of that set only. */
export class Ring {
  readonly #points: Points;
  /** By name, the place in the set. */
  readonly #places: ReadonlyMap<string, number>;
  readonly #weights: readonly number[];
  readonly #total: number;

  constructor(candidates: readonly Candidate[]) {
    this.#points = pointsIn(candidates);
    this.#places = new Map(candidates.map(({ name }, index) => [name, index]));
    this.#weights = candidates.map(({ weight }) => weight);
    this.#total = this.#weights.reduce((sum, weight) => sum + weight, 0);
  }

  /** The homes among such a list, the same whoever else is out; `undefined` when not all of it are members. */
  homesOf(candidates: readonly Candidate[]): Homes | undefined {
    const members = new Int32Array(this.#weights.length).fill(-1);
    let weight = 0;
    for (const [index, candidate] of candidates.entries()) {
      const place = this.#places.get(candidate.name);
      if (place === undefined || this.#weights[place] !== candidate.weight) return undefined;
      members[place] = index;
      weight += candidate.weight;
    }
    if (weight === 0 && this.#total > 0) return undefined;
    const points = weight < DENSE * this.#total ? this.#only(members) : this.#points;
    return { find: (prefix, fits) => walk(points, members, prefix, fits) };
  }

  #only(members: Int32Array): Points {
    const { positions, owners } = this.#points;
    const isMember = (_: number, point: number) => (members[owners[point] as number] as number) >= 0;
    const left = owners.filter(isMember);
    return inOrder(positions.filter(isMember), (index) => left[index] as number);
  }
}
