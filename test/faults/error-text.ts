// What an error that reached the caller says, all of it: it must name the fault, and must not name a key.
import { inspect } from 'node:util';
import { expect } from 'vitest';
import type { Outcome, Stage } from '../support/scenario.ts';

/** Everything that can be read off an error: message, stack, fields, causes. */
export function textOf(error: unknown): string {
  return inspect(error, { depth: 10, showHidden: true });
}

/** For `scenario().expect(…, saying('ECONNREFUSED'))`: the error says each of the words somewhere, and none of the keys. */
export function saying(...words: readonly string[]) {
  return ({ keys }: Stage, { error }: Outcome): void => {
    const text = textOf(error);
    for (const word of words) expect(text).toContain(word);
    for (const key of Object.values(keys)) expect(text).not.toContain(key);
  };
}
