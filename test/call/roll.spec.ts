// Who is under way: in order, out in any order, and forgotten with the end.
import { describe, expect, it } from 'vitest';
import { Roll } from '../../src/call/roll.ts';

describe('a roll', () => {
  it('knows who is there in the order in which they came, whoever left', () => {
    const roll = new Roll<string>();
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((member) => roll.add(member));
    expect([[...roll], roll.size, roll.first?.member]).toEqual([['a', 'b', 'c', 'd'], 4, 'a']);
    expect([b?.leave(), d?.leave(), a?.leave()]).toEqual([true, true, true]);
    expect([[...roll], roll.size, roll.first?.member]).toEqual([['c'], 1, 'c']);
    roll.add('e');
    c?.leave();
    expect([[...roll], roll.first?.member]).toEqual([['e'], 'e']);
    roll.first?.leave();
    roll.add('f');
    expect([[...roll], roll.size]).toEqual([['f'], 1]);
  });

  it('lets everybody leave once', () => {
    const roll = new Roll<string>();
    const place = roll.add('a');
    roll.add('b');
    expect([place.taken, place.leave(), place.leave(), place.taken]).toEqual([true, true, false, false]);
    expect([[...roll], roll.size]).toEqual([['b'], 1]);
  });

  it('leads from nobody who left to anybody else', () => {
    const roll = new Roll<string>();
    const [a, b] = [roll.add('a'), roll.add('b')];
    roll.add('c');
    b.leave();
    expect([b.before, b.next, a.next?.member]).toEqual([undefined, undefined, 'c']);
  });

  it('goes through those who are there at first, though they leave and others come meanwhile', () => {
    const roll = new Roll<string>();
    const places = ['a', 'b', 'c'].map((member) => roll.add(member));
    const met: string[] = [];
    for (const member of roll) {
      met.push(member);
      for (const place of places) place.leave();
      roll.add(`${member}!`);
    }
    expect([met, [...roll]]).toEqual([
      ['a', 'b', 'c'],
      ['a!', 'b!', 'c!'],
    ]);
  });
});
