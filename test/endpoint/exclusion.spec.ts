// Which of several reasons an exclusion names.
import { expect, it } from 'vitest';
import type { Cooldown } from '../../src/endpoint/cooldown.ts';
import { exclusionOf } from '../../src/endpoint/exclusion.ts';

const NOW = 1_000;
const cooldown = (changes: Partial<Cooldown> = {}): Cooldown => ({
  ...{ scope: 'model', key: 'm', until: 9_000, reason: '429', pause: true, since: 0 },
  ...changes,
});
const FIGURES = cooldown({ scope: 'figures', reason: 'used up' });

it.each<[string, Parameters<typeof exclusionOf>, object | undefined]>([
  ['nothing', [undefined, 0, 0, NOW], undefined],
  ['what is over', [undefined, NOW, NOW, NOW], undefined],
  [
    'a rate limit',
    [cooldown(), 0, 0, NOW],
    { kind: 'limited', reason: 'cooling down (429)', until: 9_000, rateLimited: true },
  ],
  ['a pause', [cooldown({ reason: '503' }), 0, 0, NOW], { kind: 'limited', rateLimited: false, ejected: false }],
  [
    'a pause and a breaker',
    [cooldown({ reason: '503' }), 5_000, 0, NOW],
    { kind: 'limited', ejected: true, until: 9_000 },
  ],
  ['a pause and silence', [cooldown({ reason: '503' }), 0, 5_000, NOW], { kind: 'limited', ejected: true }],
  ['a refusal', [cooldown({ reason: '401', pause: false }), 0, 0, NOW], { kind: 'refused', rateLimited: false }],
  ['a refusal before a breaker', [cooldown({ pause: false }), 5_000, 5_000, NOW], { kind: 'refused' }],
  ['figures', [FIGURES, 0, 0, NOW], { kind: 'doubtful', reason: 'no headroom', until: 9_000, rateLimited: true }],
  ['a breaker before figures', [FIGURES, 5_000, 0, NOW], { kind: 'ejected', until: 5_000 }],
  ['silence before figures', [FIGURES, 0, 5_000, NOW], { kind: 'ejected', reason: 'unresponsive' }],
  ['a breaker', [undefined, 5_000, 7_000, NOW], { kind: 'ejected', reason: 'ejected after failures', until: 5_000 }],
])('%s', (_, facts, expected) => {
  if (expected) expect(exclusionOf(...facts)).toMatchObject(expected);
  else expect(exclusionOf(...facts)).toBeUndefined();
});
