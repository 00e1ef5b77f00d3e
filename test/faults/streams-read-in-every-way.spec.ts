// The promise: what is true of a cut stream is true in whichever way it is read, and in whichever pieces its bytes come.
import { afterAll, beforeAll, describe, it } from 'vitest';
import { FULL } from '../support/calls.ts';
import { CUTS, type Cut, type Cutting, cutting } from './streams/cutting.ts';
import { HELPERS, READERS } from './streams/readers.ts';
import { KINDS, type Recording } from './streams/recordings.ts';

/** Cuts around the end of every event and here and there, each stream in pieces of another size. */
function cutsOf({ length, events }: Recording): Cut[] {
  const borders = new Set(events.flatMap(({ end }) => [end - 1, end]));
  const some = Array.from({ length: length + 1 }, (_, at) => at).filter(
    (at) => borders.has(at) || at % (FULL ? 5 : 211) === 0,
  );
  return some.flatMap((at, i) => CUTS.map((how, j) => ({ how, at, chunkBytes: 1 + ((i * 7 + j * 29) % 200) })));
}

for (const { kind } of KINDS.filter(({ kind: name }) => name in HELPERS)) {
  describe(`${kind}: a cut stream is one answer or a part of one and an error, read by`, () => {
    let cuts: Cutting;

    beforeAll(async () => {
      cuts = await cutting(KINDS.find((each) => each.kind === kind)!);
    });
    afterAll(() => cuts[Symbol.asyncDispose]());

    it.each(Object.entries(READERS))('%s', { timeout: 120_000 }, (_, reader) => cuts.expectAll(cutsOf(cuts.a), reader));

    it('the helper stream()', { timeout: 120_000 }, () => cuts.expectAll(cutsOf(cuts.a), HELPERS[kind]));
  });
}
