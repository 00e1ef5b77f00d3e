/** What one member has asked and was not answered yet. Bounded, and none waits for ever. */
import type { Clock } from '../../clock.ts';
import type { Frame } from './frame.ts';

/** An answer takes no longer, in ms, or there is none. */
const ANSWER_WITHIN = 2_000;
/** How often one looks whether an answer is late, in ms. */
const LOOK_EVERY = 100;
/** Questions without an answer. */
const WAITING = 10_000;

interface Question {
  readonly frame: Frame;
  readonly at: number;
  resolve(answer: unknown): void;
  reject(error: Error): void;
}

/** The open questions of a member. While there are any, the process does not end. */
export class Questions {
  readonly #clock: Clock;
  readonly #late: (since: number) => void;
  readonly #open = new Map<unknown, Question>();
  #cancel: (() => void) | undefined;

  /** @param late told while answers are missing, and since when the oldest is */
  constructor(clock: Clock, late: (since: number) => void) {
    this.#clock = clock;
    this.#late = late;
  }

  /** Those without an answer, in the order in which they were asked. */
  get frames(): Frame[] {
    return [...this.#open.values()].map(({ frame }) => frame);
  }

  get size(): number {
    return this.#open.size;
  }

  /** @throws Error when too many wait already */
  add(op: number, frame: Frame): Promise<unknown> {
    if (this.#open.size >= WAITING) throw new Error(`${WAITING} questions wait for an answer already`);
    return new Promise((resolve, reject) => {
      this.#open.set(op, { frame, at: this.#clock.now(), resolve, reject });
      this.#cancel ??= this.#clock.after(LOOK_EVERY, () => this.#look());
    });
  }

  answer(op: unknown, answer: unknown): void {
    this.#take(op)?.resolve(answer);
  }

  /** Nobody can answer any of them. */
  fail(error: Error): void {
    for (const op of [...this.#open.keys()]) this.#take(op)?.reject(error);
  }

  #take(op: unknown): Question | undefined {
    const question = this.#open.get(op);
    this.#open.delete(op);
    if (this.#open.size > 0) return question;
    this.#cancel?.();
    this.#cancel = undefined;
    return question;
  }

  #look(): void {
    this.#cancel = undefined;
    const now = this.#clock.now();
    for (const [op, { at }] of this.#open) {
      if (now - at < ANSWER_WITHIN) break;
      this.#take(op)?.reject(new Error(`the processes of this app gave no answer within ${ANSWER_WITHIN} ms`));
    }
    const [oldest] = this.#open.values();
    if (!oldest) return;
    this.#cancel ??= this.#clock.after(LOOK_EVERY, () => this.#look());
    this.#late(oldest.at);
  }
}
