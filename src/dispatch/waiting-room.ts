/**
 * Where calls wait for a slot: in lines, one for each kind of call, that let go one call for each slot that appears. Shared by equal
 * pools, so that clients built for a single call stand in one line. Why no timer per call: they would all come at the same moment.
 */
import type { Clock } from '../clock.ts';
import { Heap } from './heap.ts';
import { isBefore, Line, type Place, rankOf, type Slot, type Standing } from './line.ts';

/** So many go in one turn of the event loop: beginning a call takes time. */
const PER_TURN = 64;

/** What a waiting room needs. */
export interface RoomParts {
  readonly clock: Clock;
  /** The longest wait, in ms. */
  readonly maxWait: number;
  /** Calls `look` whenever an endpoint's exclusion begins or ends. @returns what ends that. */
  readonly watch: (look: () => void) => () => void;
}

/** A waiting room. */
export class WaitingRoom {
  /** Calls that wait: in line, or for a backoff of their own. */
  waiting = 0;
  readonly #lines = new Map<string, Line>();
  readonly #parts: RoomParts;
  #numbers = 0;
  #round = 0;
  #looking = false;
  #soon = false;
  /** When the next look is due if nothing happens before, in monotonic ms. */
  #dueAt = Number.POSITIVE_INFINITY;
  #cancelTimer: () => void = () => undefined;
  #unwatch: (() => void) | undefined;

  constructor(parts: RoomParts) {
    this.#parts = parts;
  }

  /** True while anybody stands in line. */
  get busy(): boolean {
    return this.#lines.size > 0;
  }

  /** When the next of a line goes at the earliest, in monotonic ms; `undefined` when nobody stands in it. */
  nextOf(key: string): number | undefined {
    return this.#lines.get(key)?.nextAt;
  }

  /**
   * Stands at the end of the line `key`, or further in front if it is of more importance or came before.
   * @param slot the earliest one, as far as the call can see. @returns what leaves it.
   */
  join(key: string, place: Place, slot: Slot): () => void {
    let line = this.#lines.get(key);
    if (!line) {
      line = new Line();
      line.close(slot);
      this.#lines.set(key, line);
    }
    this.#numbers += 1;
    const standing: Standing = {
      rank: rankOf(place.call, this.#parts.maxWait),
      number: this.#numbers,
      importance: place.call.importance,
      since: place.call.startedAt,
      limit: place.limit,
      round: this.#looking ? this.#round : -1,
      place,
    };
    line.add(standing);
    this.#unwatch ??= this.#parts.watch(() => this.lookSoon());
    // Nothing has happened that others wait for: no need to ask them all.
    if (!this.#looking) this.#arm(Math.min(line.nextAt, place.limit));
    return () => this.#leave(line, standing);
  }

  #leave(line: Line, standing: Standing): void {
    if (!standing.place) return;
    const held = line.first(this.#parts.clock.now()) === standing;
    line.remove(standing);
    // Whoever was held up by it may go now.
    if (held) this.lookSoon();
  }

  /** One that went from the line `key` was let in: others may follow. */
  passed(key: string): void {
    const line = this.#lines.get(key);
    if (!line?.pace) return;
    line.pace.passed();
    this.lookSoon();
  }

  /** Looks once whatever happens now is done with. */
  lookSoon(): void {
    if (this.#soon || !this.busy) return;
    this.#soon = true;
    queueMicrotask(() => this.look());
  }

  /** Lets go whoever may, if anything happened since the last look. Asked before a new call takes a slot, so that it overtakes nobody. */
  lookIfDue(): void {
    if (this.busy && (this.#soon || this.#parts.clock.now() >= this.#dueAt)) this.look();
  }

  /** Lets go whoever may. */
  look(): void {
    if (this.#looking) return;
    this.#soon = false;
    this.#looking = true;
    this.#round += 1;
    let more = false;
    try {
      more = this.#letGo();
    } finally {
      this.#looking = false;
    }
    for (const [key, line] of this.#lines) if (line.size === 0) this.#lines.delete(key);
    this.#cancelTimer();
    this.#dueAt = Number.POSITIVE_INFINITY;
    if (!this.busy) {
      this.#unwatch?.();
      this.#unwatch = undefined;
    } else if (more) {
      this.#soon = true;
      setImmediate(() => this.look());
    } else this.#arm(this.#next());
  }

  #letGo(): boolean {
    const now = this.#parts.clock.now();
    const lines = new Heap<{ line: Line; first: Standing }>((a, b) => isBefore(a.first, b.first));
    const put = (line: Line) => {
      const first = line.first(now);
      if (first) lines.push({ line, first });
    };
    for (const line of this.#lines.values()) put(line);
    let went = 0;
    for (let next = lines.pop(); next; next = lines.pop()) {
      const { line, first } = next;
      const { place } = first;
      if (!place) put(line);
      else if (place.over) {
        line.remove(first);
        place.giveUp();
        put(line);
      } else if (first.round === this.#round) line.nextAt = now + 1;
      else if (went >= PER_TURN) return true;
      else if (this.#mayGo(line, place, now)) {
        line.let(first);
        went += 1;
        place.go();
        put(line);
      } else this.#turnAway(line, now);
    }
    return false;
  }

  #mayGo(line: Line, place: Place, now: number): boolean {
    const slot = place.look();
    if (slot.at > now) {
      line.close(slot);
      return false;
    }
    line.nextAt = line.pace?.leave(now) ?? 0;
    return line.nextAt <= now;
  }

  /** Whoever cannot be served in time learns it now. */
  #turnAway(line: Line, now: number): void {
    for (let { firstOut } = line; firstOut; { firstOut } = line) {
      if (firstOut.limit >= line.nextAt && firstOut.limit > now) break;
      const { place } = firstOut;
      line.remove(firstOut);
      place?.giveUp();
    }
  }

  #next(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const line of this.#lines.values())
      next = Math.min(next, line.nextAt, line.firstOut?.limit ?? Number.POSITIVE_INFINITY);
    return next;
  }

  /** Looks at `at`, unless it does so before. */
  #arm(at: number): void {
    if (at >= this.#dueAt) return;
    const { clock } = this.#parts;
    this.#cancelTimer();
    this.#dueAt = at;
    this.#cancelTimer = clock.after(Math.max(1, at - clock.now()), () => this.look());
  }
}
