// A set that hardly ever has more than one member, and is a set all the same.
import { expect, it } from 'vitest';
import { Few } from '../../src/dispatch/few.ts';
import { fc, runs } from '../support/property.ts';

const MEMBERS = Array.from({ length: 4 }, (_, number) => ({ number }));
const act = fc.tuple(fc.constantFrom('add', 'add', 'delete', 'clear'), fc.constantFrom(...MEMBERS));

it('is told from a set by nothing', () => {
  const shown = (set: Iterable<object> & Pick<Set<object>, 'size' | 'has'>) => [
    [...set],
    set.size,
    MEMBERS.map((member) => set.has(member)),
  ];
  fc.assert(
    fc.property(fc.array(act), (acts) => {
      const few = new Few<object>();
      const set = new Set<object>();
      for (const [what, member] of acts) {
        for (const each of [few, set])
          if (what === 'clear') each.clear();
          else each[what as 'add' | 'delete'](member);
        expect(shown(few)).toEqual(shown(set));
      }
    }),
    runs(200),
  );
});
