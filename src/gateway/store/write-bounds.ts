/** How calls wait to be written, whatever store they go to: what a gateway that is killed can lose, and what it holds while the store is away. */

/** How long after a call it is written, in ms. */
export const FLUSH_AFTER = 100;
/** Calls written as one. */
export const PIECE = 200;
/** What waits, at most: calls, and characters of their texts. */
export const MOST = { calls: 10_000, text: 32 * 2 ** 20 };
/** When it is tried again after a failure, in ms. */
export const AGAIN_AFTER = 500;
