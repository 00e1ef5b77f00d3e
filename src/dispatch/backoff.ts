/** How long to wait before a call that failed everywhere goes round again: the SDK's own curve. Pure. */

/** 0.5 s doubling to 8 s, less up to a quarter at random. @param round waits before this one. @returns ms */
export function backoff(round: number, random: number): number {
  return Math.min(500 * 2 ** round, 8_000) * (1 - 0.25 * random);
}
