/** Looks at the store's file every second: is it still there, can it be read, did another process change what stands in it? */
import type { Clock } from '../../../clock.ts';
import type { Connection } from './connection.ts';

const LOOK_EVERY = 1_000;
/** What nobody could look at for so long, in ms, is not trusted any more. */
const TRUSTED = 60_000;

/** What is numbered anew with every change. */
type Revised = 'config' | 'keys';

/** What it is made of. */
export interface WatchParts {
  readonly connection: Connection;
  readonly clock: Clock;
  /** Told what others changed. */
  readonly changed: (what: Revised) => void;
  /** The file was opened again and may be another one. */
  readonly reopened: () => void;
  /** Told why the file cannot be read; `undefined` = it can. */
  readonly tell: (problem: unknown) => void;
}

/** The watch. */
export class WatchFile {
  readonly #parts: WatchParts;
  #known: Record<Revised, number>;
  #lookedAt: number;
  #timer: (() => void) | undefined;

  constructor(parts: WatchParts) {
    this.#parts = parts;
    this.#known = this.#revisions();
    this.#lookedAt = parts.clock.now();
    this.#arm();
  }

  /** Somebody could look within the last minute. */
  get fresh(): boolean {
    return this.#parts.clock.now() - this.#lookedAt < TRUSTED;
  }

  #arm(): void {
    const look = () => {
      this.look();
      this.#arm();
    };
    this.#timer = this.#parts.clock.after(LOOK_EVERY, look, false);
  }

  #revisions(): Record<Revised, number> {
    const rows = this.#parts.connection.statement('SELECT what, number FROM revision').all();
    const numbers = Object.fromEntries(
      (rows as { what: string; number: number }[]).map(({ what, number }) => [what, number]),
    );
    return { config: numbers.config ?? 0, keys: numbers.keys ?? 0 };
  }

  /** Counts a change of this process. To be called within its transaction. */
  revise(what: Revised): void {
    this.#parts.connection.statement('UPDATE revision SET number = number + 1 WHERE what = ?').run(what);
  }

  /** Takes note of a change of this process; of what others changed besides, the next look tells. */
  note(what: Revised): void {
    this.#known = { ...this.#known, [what]: this.#known[what] + 1 };
  }

  /** Looks now. Never throws. */
  look(): void {
    const { connection, clock, changed, reopened, tell } = this.#parts;
    try {
      const isNew = !connection.inPlace;
      if (isNew) {
        connection.reopen();
        reopened();
      }
      const now = this.#revisions();
      this.#lookedAt = clock.now();
      const before = this.#known;
      this.#known = now;
      tell(undefined);
      for (const what of ['config', 'keys'] as const) if (isNew || now[what] !== before[what]) changed(what);
    } catch (error) {
      tell(error);
    }
  }

  /** Ends it. */
  close(): void {
    this.#timer?.();
  }
}
