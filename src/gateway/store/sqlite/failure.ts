/** What SQLite's errors mean, in words for who runs the gateway. */
import { StoreFailure } from '../gateway-store.ts';

const BUSY = new Set([5, 6]);
const MEANINGS: Readonly<Record<number, string>> = {
  5: 'another process holds it locked',
  6: 'another process holds it locked',
  8: 'it may not be written',
  10: 'its disk cannot be read or written',
  11: 'it is damaged',
  13: 'its disk is full',
  14: 'it cannot be opened',
  26: 'it is no database',
};

/** The plain result code: extended ones carry more in their upper bits. */
const codeOf = (error: unknown): number => Number((error as { errcode?: unknown } | null)?.errcode ?? 0) & 0xff;

/** Somebody else is writing; a moment later it may work. */
export const isBusy = (error: unknown): boolean => BUSY.has(codeOf(error));

/** The file, and not the moment, is to blame: only opening it again can help. */
export const isBroken = (error: unknown): boolean => !(isBusy(error) || codeOf(error) === 13);

/** Why, in a few words. */
export function reasonOf(error: unknown): string {
  if (error instanceof StoreFailure) return error.message;
  return MEANINGS[codeOf(error)] ?? String((error as Error | null)?.message ?? error);
}

/** The error as callers of the store know it. */
export function failureOf(error: unknown, path: string): Error {
  if (error instanceof StoreFailure || codeOf(error) === 0) return error as Error;
  return new StoreFailure(`The store ${path} cannot be used: ${reasonOf(error)}.`);
}
