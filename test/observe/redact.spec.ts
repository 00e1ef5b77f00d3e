// Secrets are taken out of text in every form in which they could be read, in time linear in the text; other text stays.
import { describe, expect, it } from 'vitest';
import { redactor } from '../../src/observe/redact.ts';
import { FORMS } from '../support/canary.ts';
import { fc, runs } from '../support/property.ts';

const KEY = 'sk-proj-Kx7Qw2Zr9TnB5vLp4Yd8HsJ';
const ODD = 'p"a\\s/s&w<o>r\'d+x=y%41z';

describe('a secret', () => {
  it.each(Object.entries(FORMS))('%s', (_, form) => {
    const text = redactor([KEY]).clean(`before ${form(KEY)} after`);
    expect(text).toMatch(/^before .*\[redacted\].* after$/);
    expect(text.length).toBeLessThan(60);
  });

  it.each(Object.entries(FORMS).slice(0, 11))('with odd letters, %s', (_, form) => {
    expect(redactor([ODD]).clean(`before ${form(ODD)} after`)).toMatch(/^before .*\[redacted\].* after$/);
  });

  it('several times, overlapping and side by side', () => {
    const redact = redactor(['first-secret-1', 'secret-1-second']);
    expect(redact.clean('first-secret-1-second')).toBe('[redacted]');
    expect(redact.clean('first-secret-1first-secret-1 x first-secret-1')).toBe('[redacted] x [redacted]');
  });

  it('with letters whose small form is longer', () => {
    expect(redactor([KEY]).clean(`İİİ ${KEY} İ`)).toBe('İİİ [redacted] İ');
  });

  it('in parts, at every cut', () => {
    const redact = redactor([KEY]);
    for (let from = 0; from < KEY.length; from++)
      for (let to = from + 12; to <= KEY.length; to++)
        expect(redact.clean(`<${KEY.slice(from, to)}>`)).toBe('<[redacted]>');
  });

  it('of any kind: no part of more than eleven letters is left', () => {
    const letter = fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code));
    const key = fc.array(letter, { minLength: 12, maxLength: 200 }).map((letters) => letters.join(''));
    fc.assert(
      fc.property(key, fc.string(), fc.string(), (secret, before, after) => {
        const text = redactor([secret])
          .clean(before + secret + after)
          .toLowerCase();
        const low = secret.toLowerCase();
        for (let at = 0; at + 12 <= low.length; at++)
          if (!'[redacted]'.includes(low.slice(at, at + 12))) expect(text).not.toContain(low.slice(at, at + 12));
      }),
      runs(40),
    );
  });
});

describe('left alone', () => {
  it.each([
    ['text without a secret', 'The server had an error.'],
    ['what a vendor masked itself', `Incorrect API key provided: ${KEY.slice(0, 8)}*****${KEY.slice(-4)}.`],
    ['a shorter part', KEY.slice(0, 11)],
    ['escapes of other text', 'a%20b &amp; \\u0041'],
  ])('%s', (_, text) => {
    expect(redactor([KEY]).clean(text)).toBe(text);
  });

  it('everything, when there are no secrets or only short ones', () => {
    expect(redactor([]).clean(KEY)).toBe(KEY);
    expect(redactor(['none', 'EMPTY']).clean('none EMPTY')).toBe('none EMPTY');
    // What is written where a server needs no key.
    expect(redactor(['ollama', 'not-needed']).clean('ollama: not-needed')).toBe('ollama: not-needed');
  });
});

it('reads a page of slashes in no time', () => {
  const redact = redactor(Array.from({ length: 10 }, (_, index) => `sk-${index}-${KEY}`));
  const from = performance.now();
  redact.clean('\\\\'.repeat(500_000));
  expect(performance.now() - from).toBeLessThan(2_000);
});

it('keeps no more than it must: the hundredth set of secrets drops the first', () => {
  const first = redactor(['secret-number-0']);
  expect(redactor(['secret-number-0'])).toBe(first);
  for (let index = 1; index <= 100; index++) redactor([`secret-number-${index}`]);
  expect(redactor(['secret-number-0'])).not.toBe(first);
});
