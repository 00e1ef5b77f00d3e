/** What the checks of stores play on, and how they wait and compare. */
import type { SharedStore } from '../index.ts';
import { show } from './check.ts';

/** What a check plays on: two stores, the same one unless they share facts, and a key that no other check has. */
export interface Bench {
  readonly one: SharedStore;
  readonly other: SharedStore;
  readonly key: string;
  readonly wait: (ms: number) => PromiseLike<unknown>;
}

/** A promise in words, and its check. */
export type Promised = readonly [promise: string, check: (bench: Bench) => Promise<void>];

/** What a store must have. */
export const MEMBERS = ['get', 'set', 'add', 'publish', 'subscribe'] as const;
/** In ms. */
export const HOUR = 3_600_000;
/** A fact may outlive its time by so much, in ms, and a message be on its way for as long. */
export const LATE = 1_000;
const STEP = 20;
/** Texts that a careless store changes. */
export const TEXTS = [
  'azure-eu',
  '',
  ' ',
  '0',
  'null',
  'true',
  '{"a":1}',
  'line\nline\r\n',
  '"\\\'`',
  'é 日本 😀',
  'x'.repeat(1_000),
];

/** @throws Error that says what is not as it should be */
export function same(found: unknown, wanted: unknown, what: string): void {
  const text = (value: unknown) => JSON.stringify(value) ?? show(value);
  if (text(found) !== text(wanted)) throw new Error(`${what}: expected ${text(wanted)}, got ${text(found)}`);
}

/** What is under a key; `undefined` when nothing is. */
export const read = async (store: SharedStore, key: string) => (await store.get(key)) ?? undefined;

/** Whether less than so many ms have gone by since: a machine that stood still must not be taken for a store that forgets. */
export function within(ms: number): () => boolean {
  const from = performance.now();
  return () => performance.now() - from < ms;
}

/** Waits until it is so, and no longer than it may take. */
export async function until(is: () => boolean | Promise<boolean>, ms: number, wait: Bench['wait'], what: string) {
  for (let waited = 0; !(await is()); waited += STEP) {
    if (waited > ms) throw new Error(what);
    await wait(STEP);
  }
}

/** Waits until the key is gone. @param ms its ttl */
export const gone = ({ other, key, wait }: Bench, ms: number) =>
  until(async () => (await read(other, key)) === undefined, ms + LATE, wait, `still there ${LATE} ms after its ttl`);
