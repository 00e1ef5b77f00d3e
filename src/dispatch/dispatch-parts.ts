/** What a dispatcher is made of, and the little it keeps itself. */
import type { Roll } from '../call/roll.ts';
import type { PoolSettings } from '../config/settings.ts';
import type { CallStory, Reply } from './call-story.ts';
import type { HedgeBudget } from './hedge-budget.ts';
import type { LearnParts } from './learn.ts';
import type { RetryBudget } from './retry-budget.ts';
import type { WaitingRoom } from './waiting-room.ts';

/** A call that is not over. */
export type Underway = Pick<CallStory<Reply>, 'stopWaiting' | 'inLine' | 'push' | 'attemptsOn' | 'whenDue'>;

/** The parts of a dispatcher. */
export interface DispatchParts extends LearnParts {
  readonly settings: PoolSettings;
  readonly budget: RetryBudget;
  readonly hedges: HedgeBudget;
  readonly room: WaitingRoom;
  /** Changes as calls run. */
  readonly now: {
    closed: boolean;
    /** The calls that are not over. */
    readonly running: Roll<Underway>;
    /** Resolves once the last of them is over, after `close`. */
    idle: Promise<void> | undefined;
    whenIdle: (() => void) | undefined;
    /** The last error an endpoint gave to anybody; the `cause` when a call finds nobody. */
    lastError: unknown;
  };
}
