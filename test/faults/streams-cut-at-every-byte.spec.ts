// The promise: wherever a stream is cut, and however, the caller gets one server's answer whole, or a part of it and an
// error; never two servers' words in one answer, never a part that looks whole, no second request after the first word.
import { afterAll, beforeAll, describe, it } from 'vitest';
import { FULL } from '../support/calls.ts';
import { CUTS, type Cutting, cutting } from './streams/cutting.ts';
import { KINDS, type Recording } from './streams/recordings.ts';

/** Every byte; in the reduced mode around the end of every event, and every seventh in turn. */
function placesOf({ length, events }: Recording, turn: number): number[] {
  const borders = new Set(events.flatMap(({ end }) => [end - 2, end - 1, end, end + 1]));
  const all = Array.from({ length: length + 1 }, (_, at) => at);
  return FULL ? all : all.filter((at) => borders.has(at) || at % (7 * CUTS.length) === 7 * turn);
}

describe.each(KINDS)('$kind: a stream cut at any byte is one answer or a part of one and an error', (kind) => {
  let cuts: Cutting;

  beforeAll(async () => {
    cuts = await cutting(kind);
  });
  afterAll(() => cuts[Symbol.asyncDispose]());

  it.each(CUTS)('%s', { timeout: 180_000 }, (how) =>
    cuts.expectAll(placesOf(cuts.a, CUTS.indexOf(how)).map((at) => ({ how, at }))),
  );
});
