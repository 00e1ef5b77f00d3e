/**
 * Calls on their way into the file: taken at once, written in pieces soon after, kept within bounds while the file cannot be written.
 * Why on the main thread: a piece of 200 calls takes about a millisecond, no more than it would cost to hand it to another thread.
 */
import type { Clock } from '../../../clock.ts';
import type { CallRecord } from '../call-record.ts';
import { ModelNames, UsageSums } from '../usage-sums.ts';
import { AGAIN_AFTER, FLUSH_AFTER, MOST, PIECE } from '../write-bounds.ts';
import type { CallTable } from './call-table.ts';
import type { Connection } from './connection.ts';
import { isBusy } from './failure.ts';

/** Another process may write for so long, in ms, before that is worth a word. */
const PATIENCE = 1_000;

/** What it is made of. */
export interface WriteBehindParts {
  readonly connection: Connection;
  readonly table: CallTable;
  readonly clock: Clock;
  /** Told why calls cannot be written; `undefined` = they can. */
  readonly tell: (problem: unknown) => void;
}

interface Waiting {
  readonly call: CallRecord;
  /** Under which it is summed. */
  readonly model: string;
}

/** The queue. */
export class WriteBehind {
  readonly #parts: WriteBehindParts;
  readonly #models = new ModelNames();
  /** What was used by calls whose rows were given up. */
  readonly #carried = new UsageSums();
  #waiting: Waiting[] = [];
  #text = 0;
  #timer: (() => void) | undefined;
  #failingSince: number | undefined;
  /** Rows given up. */
  lost = 0;
  /** Rows of the log are kept at all. */
  keeps = true;

  constructor(parts: WriteBehindParts) {
    this.#parts = parts;
  }

  /** Takes a call. Never throws. */
  add(call: CallRecord): void {
    this.#waiting.push({ call, model: this.#models.of(call) });
    this.#text += call.body?.length ?? 0;
    while (this.#waiting.length > MOST.calls || this.#text > MOST.text) this.#giveUp();
    if (this.#failingSince !== undefined) return;
    if (this.#waiting.length % PIECE === 0) this.#arm(0);
    else if (!this.#timer) this.#arm(FLUSH_AFTER);
  }

  /** The oldest row: what it used still counts. */
  #giveUp(): void {
    const { call, model } = this.#waiting.shift() as Waiting;
    this.#text -= call.body?.length ?? 0;
    this.#carried.add(call, model);
    this.lost += 1;
  }

  #arm(ms: number): void {
    this.#timer?.();
    this.#timer = this.#parts.clock.after(
      ms,
      () => {
        this.#timer = undefined;
        // Others get their turn between two pieces.
        if (this.#write() && this.#waiting.length > 0) this.#arm(0);
      },
      false,
    );
  }

  /** Writes a piece. @param patient may wait for others who write. @returns whether that could be done. */
  #write(patient = false): boolean {
    const { connection, table, clock, tell } = this.#parts;
    const piece = this.#waiting.slice(0, PIECE);
    if (piece.length === 0 && this.#carried.size === 0) return true;
    try {
      connection[patient ? 'change' : 'transaction'](() => {
        const sums = new UsageSums();
        for (const { call, model } of piece) {
          if (this.keeps) table.add(call);
          sums.add(call, model);
        }
        for (const cell of [...this.#carried.cells, ...sums.cells]) table.sum(cell);
      });
    } catch (error) {
      this.#failingSince ??= clock.now();
      if (!isBusy(error) || clock.now() - this.#failingSince >= PATIENCE) tell(error);
      this.#arm(AGAIN_AFTER);
      return false;
    }
    this.#waiting.splice(0, piece.length);
    this.#text -= piece.reduce((sum, { call }) => sum + (call.body?.length ?? 0), 0);
    this.#carried.clear();
    this.#failingSince = undefined;
    tell(undefined);
    return true;
  }

  /** Writes all that waits, as far as that can be done now. */
  flush(patient = false): void {
    while (this.#waiting.length > 0 || this.#carried.size > 0) if (!this.#write(patient)) return;
  }

  /** Writes all, and takes no more. */
  close(): void {
    this.flush(true);
    this.#timer?.();
  }
}
