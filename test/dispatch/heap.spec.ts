// The least first, whatever came and went in between.
import { describe, expect, it } from 'vitest';
import { Heap } from '../../src/dispatch/heap.ts';
import { fc, runs } from '../support/property.ts';

const drain = (heap: Heap<number>): number[] => Array.from({ length: heap.size }, () => heap.pop() as number);
const sorted = (items: readonly number[]) => [...items].sort((a, b) => a - b);

describe('a heap', () => {
  it('gives out in order what was put in, in between as well', () => {
    const commands = fc.array(fc.oneof(fc.integer({ min: 0, max: 20 }), fc.constant('pop' as const)));
    fc.assert(
      fc.property(commands, (given) => {
        const heap = new Heap<number>((a, b) => a < b);
        const model: number[] = [];
        for (const command of given) {
          if (command === 'pop') expect(heap.pop()).toBe(sorted(model)[0]);
          if (command === 'pop') model.splice(model.indexOf(sorted(model)[0] as number), model.length > 0 ? 1 : 0);
          else {
            heap.push(command);
            model.push(command);
          }
          expect([heap.size, heap.first]).toEqual([model.length, sorted(model)[0]]);
        }
        expect(drain(heap)).toEqual(sorted(model));
      }),
      runs(200),
    );
  });

  it('keeps only what it is told to keep', () => {
    const heap = new Heap<number>((a, b) => a < b);
    for (const item of [5, 2, 9, 4, 7, 6]) heap.push(item);
    heap.keep((item) => item % 2 === 0);
    expect(drain(heap)).toEqual([2, 4, 6]);
    expect([heap.pop(), heap.first]).toEqual([undefined, undefined]);
  });
});
