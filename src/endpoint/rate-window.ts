/** A rate-limit window as those see it that take from it: one process's own, or one that several processes share. */
import type { Window } from './window.ts';

/** A window. Amounts are requests or tokens, times monotonic ms; each member is said at `Window`. */
export type RateWindow = Pick<Window, 'limit' | 'rate' | 'level' | 'take' | 'readyAt' | 'fullIn' | 'share'>;
