// What a part of the bench hands back: tables for people, findings for the goals, points for the plot.
import type { Spread } from './statistics.ts';

/** A table, cells as Markdown. */
export interface Table {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** What must be known to read it. */
  readonly notes?: readonly string[];
}

/** A figure that a goal speaks of. */
export interface Finding {
  /** As in `goals.ts`. */
  readonly about: string;
  readonly value: number;
  /** From where to where, and how sure, where there were rounds. */
  readonly spread?: Spread;
  /** What two equal clients came to, where there were two: 1 when the machine was quiet. */
  readonly control?: number;
}

/** A point of the plot. */
export interface Point {
  readonly panel: string;
  readonly name: string;
  readonly spread: Spread;
}

/** All that a part found. */
export interface Outcome {
  readonly tables: readonly Table[];
  readonly findings?: readonly Finding[];
  readonly points?: readonly Point[];
}
