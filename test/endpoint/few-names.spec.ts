// A map that mostly has one entry: whatever is done to it, it is what a Map would be.
import { expect, it } from 'vitest';
import { FewNames } from '../../src/endpoint/few-names.ts';
import { fc, runs } from '../support/property.ts';

const name = fc.constantFrom('a', 'b', 'c', '');

it('is what a Map would be, in the same order', () => {
  const step = fc.record({ does: fc.constantFrom('set', 'delete', 'again'), name, value: fc.nat() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      const few = new FewNames<number>();
      const map = new Map<string, number>();
      for (const { does, name: key, value } of steps) {
        if (does !== 'set') for (const each of [few, map]) each.delete(key);
        if (does !== 'delete') for (const each of [few, map]) each.set(key, value);
        expect([...few]).toEqual([...map]);
        expect(few.size).toBe(map.size);
        for (const each of ['a', 'b', 'c', '']) expect(few.get(each)).toBe(map.get(each));
      }
    }),
    runs(500),
  );
});
