// The two tables of texts say the same things with the same places to fill.
import { describe, expect, it } from 'vitest';
import { en } from '../../src/gateway/dashboard/texts/en.ts';
import { fill } from '../../src/gateway/dashboard/texts/fill.ts';
import { inChinese } from '../../src/gateway/dashboard/texts/reasons.ts';
import { zh } from '../../src/gateway/dashboard/texts/zh.ts';

const places = (text: string): string[] => [...text.matchAll(/\{\w+\}/g)].map(([place]) => place).sort();

describe('texts', () => {
  it('are the same in both languages', () => {
    expect(Object.keys(zh)).toEqual(Object.keys(en));
  });

  it.each(Object.keys(en) as (keyof typeof en)[])('%s has a text and the same places', (name) => {
    expect(en[name]).not.toBe('');
    expect(zh[name]).not.toBe('');
    expect(places(zh[name])).toEqual(places(en[name]));
  });

  it('are Chinese in Chinese, but for words that are the same', () => {
    const same = Object.keys(en).filter((name) => !/\p{Script=Han}/u.test(zh[name as keyof typeof zh]));
    expect(same).toEqual(['tokens', 'why.at', 'measure.tokens']);
  });

  it('name what a reader looks for', () => {
    expect([en['endpoint.add'], en['state.ejected'], en['state.cooling'], en.lost]).toEqual([
      'Add endpoint',
      'ejected',
      'cooling down',
      'Connection lost.',
    ]);
  });

  it.each([
    ['failed this call', '本次调用已在此失败'],
    ['cooling down (429), for 12 s', '冷却中（429），还有 12 s'],
    ['cooling down (out of credit)', '冷却中（额度已用完）'],
    ["has no model 'a, for b' (models)", "没有模型 'a, for b'"],
    ['the call belongs to azure-eu', '此调用属于 azure-eu'],
    ['server-error', '服务器错误'],
    ['something of tomorrow', 'something of tomorrow'],
    ['constructor', 'constructor'],
  ])('say why in Chinese: %s', (english, chinese) => {
    expect(inChinese(english)).toBe(chinese);
  });

  it('are filled once: what is filled in is only shown', () => {
    expect(fill('{name} and {other} of {missing}', { name: '{other}', other: '$&' })).toBe(
      '{other} and $& of {missing}',
    );
  });
});
