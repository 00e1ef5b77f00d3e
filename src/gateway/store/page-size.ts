/** How the log is read page by page, in every store. */

const USUAL = 100;
const MOST = 1_000;

/** How many calls a page has. */
export const pageSize = (limit: number | undefined): number =>
  Math.max(1, Math.min(Math.floor(limit ?? USUAL) || 1, MOST));

/** Where the page before ended; anything that is no cursor means the newest. */
export const cursorOf = (before: string | undefined): number =>
  before !== undefined && /^\d{1,15}$/.test(before) ? Number(before) : Number.MAX_SAFE_INTEGER;
