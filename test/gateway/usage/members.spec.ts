// Members of JSON objects, found where they stand and taken out so that every other byte stays.
import { describe, expect, it } from 'vitest';
import { memberIn, withoutMember } from '../../../src/gateway/usage/members.ts';

const without = (text: string) => {
  const place = memberIn(text, 'usage');
  return place ? withoutMember(text, place) : text;
};

describe('a member of an object', () => {
  it.each([
    ['{"a":1,"usage":null,"b":2}', '{"a":1,"b":2}'],
    ['{"a":1,"usage":null}', '{"a":1}'],
    ['{"usage":null,"b":2}', '{"b":2}'],
    ['{ "usage" : null , "b":2}', '{ "b":2}'],
    ['{"a":1 , "usage" : null }', '{"a":1  }'],
    ['{"usage":null}', '{}'],
    ['{"\\u0075sage":null,"b":2}', '{"b":2}'],
    [
      '{"a":"\\",\\"usage\\":null","b":{"usage":null},"c":["usage"]}',
      '{"a":"\\",\\"usage\\":null","b":{"usage":null},"c":["usage"]}',
    ],
    ['{"a":"usage","usage":null,"b":"usage"}', '{"a":"usage","b":"usage"}'],
    ['{"a":[1,{"x":","}],"usage":null,"z":"}"}', '{"a":[1,{"x":","}],"z":"}"}'],
    ['{}', '{}'],
  ])('is taken out of %s', (text, left) => {
    expect(without(text)).toBe(left);
    expect(JSON.parse(left)).toEqual(JSON.parse(left));
  });

  it('is the last of several', () => {
    const text = '{"usage":1,"usage":null}';
    expect(without(text)).toBe('{"usage":1}');
    const place = memberIn(text, 'usage');
    expect(place && text.slice(place.value, place.end)).toBe('null');
  });
});
