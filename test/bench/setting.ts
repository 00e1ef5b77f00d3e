// What a part of the bench is given.
import type { Child } from './child.ts';
import type { ContenderName } from './contenders.ts';
import type { Manner, Places } from './mock.ts';

/** How, and with whom, a part runs. */
export interface Setting {
  /** Fewer and shorter turns, so that all parts take a minute. */
  readonly quick: boolean;
  /** Rounds asked for by name. */
  readonly rounds: number | undefined;
  /** Those of npm that are installed. */
  readonly peers: readonly ContenderName[];
  readonly mock: Child;
  readonly places: Places;
}

/** The rounds of a turn: as asked for, else as many as the part wants. */
export const roundsOf = ({ rounds, quick }: Setting, full: number, few: number): number =>
  rounds ?? (quick ? few : full);

/**
 * The base URLs of endpoints that answer so: three, unless all are asked for.
 * @param how `secure`: over TLS
 */
export function urlsOf({ places }: Setting, manner: Manner, how: { secure?: boolean; all?: boolean } = {}): string[] {
  const ports = how.secure ? places.secure : places.plain;
  const wanted = how.all ? ports : ports.slice(0, 3);
  return wanted.map((port) => `http${how.secure ? 's' : ''}://127.0.0.1:${port}/${manner}/v1`);
}
