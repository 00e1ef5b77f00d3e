/** How calls wait to be written, whatever store they go to: what a gateway that is killed can lose, and what it holds while the store is away. */

/** How long after a call it is written, in ms. */
export const FLUSH_AFTER = 100;
/** Calls written as one. */
export const PIECE = 200;
/** What waits, at most: calls, and characters of their texts. */
export const MOST = { calls: 10_000, text: 32 * 2 ** 20 };
/** When it is tried again after a failure, in ms. */
export const AGAIN_AFTER = 500;

/** What an endpoint may say that a call used, at most: what is more than that is nonsense, at which sums of a store would break. */
const MOST_OF_FIGURE = 1e12;

/** A figure that can be added to others. */
export const sound = (figure: number): number =>
  Number.isNaN(figure) ? 0 : Math.min(Math.max(figure, -MOST_OF_FIGURE), MOST_OF_FIGURE);
