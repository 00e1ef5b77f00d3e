// Used-up windows as good replies tell of them: believed after three in a row, forgotten when contradicted.
import { beforeEach, describe, expect, it } from 'vitest';
import { Cooldowns } from '../../src/endpoint/cooldown.ts';
import { ModelQuota } from '../../src/endpoint/quota.ts';
import { noteUsedUp, USED_UP } from '../../src/endpoint/used-up.ts';
import { type ManualClock, manualClock } from '../../src/testing/index.ts';

let clock: ManualClock;
let state: ModelQuota;
let cooldowns: Cooldowns;
beforeEach(() => {
  clock = manualClock();
  cooldowns = new Cooldowns(clock);
  state = new ModelQuota();
});

const headers = (remaining: string, reset = '8s') =>
  new Headers({
    'x-ratelimit-limit-requests': '60',
    'x-ratelimit-remaining-requests': remaining,
    'x-ratelimit-reset-requests': reset,
  });
const reply = (told: Headers, startedAt = clock.now()) => noteUsedUp(state, cooldowns, { model: 'm', startedAt }, told);

describe('a window that is used up', () => {
  it('excludes the model from the third reply in a row on', () => {
    expect([reply(headers('0')), reply(headers('0')), reply(headers('0')), reply(headers('0', '9s'))]).toEqual([
      undefined,
      undefined,
      8_000,
      undefined,
    ]);
    expect(cooldowns.of('m', 'chat')).toMatchObject({ scope: 'figures', reason: USED_UP, until: 8_000, pause: true });
    expect(cooldowns.of('other', 'chat')).toBeUndefined();
  });

  it('is not believed when a reply in between says otherwise', () => {
    for (const remaining of ['0', '0', '5', '0', '0']) expect(reply(headers(remaining))).toBeUndefined();
    expect(reply(headers('0'))).toBe(8_000);
  });

  it('is not contradicted by a reply that says nothing', () => {
    reply(headers('0'));
    reply(headers('0'));
    expect(reply(new Headers())).toBeUndefined();
    expect(reply(headers('0'))).toBe(8_000);
  });

  it('is forgotten on a success that contradicts it', () => {
    for (let i = 0; i < 3; i++) reply(headers('0'));
    reply(headers('59'));
    expect(cooldowns.of('m', 'chat')).toBeUndefined();
    expect(reply(headers('0'))).toBeUndefined();
  });

  it('is not what ends a 429', () => {
    cooldowns.start({ scope: 'model', reason: '429', ms: 30_000, pause: true }, 'm');
    reply(headers('59'));
    expect(cooldowns.of('m', 'chat')?.reason).toBe('429');
  });

  it.each(['8s', '59s'])('does not take the place of a 429 of 30 s, be it for %s', (reset) => {
    cooldowns.start({ scope: 'model', reason: '429', ms: 30_000, pause: true }, 'm');
    for (let i = 0; i < 3; i++) reply(headers('0', reset));
    expect(cooldowns.of('m', 'chat')).toMatchObject({ reason: '429', until: 30_000 });
  });

  it('is contradicted by a call that went there meanwhile and was served, not by one that was under way', async () => {
    for (let i = 0; i < 3; i++) reply(headers('0'));
    await clock.advance(100);
    reply(headers('0'), 0);
    expect(cooldowns.figures('m')?.until).toBe(8_000);
    reply(headers('0'), 50);
    expect(cooldowns.figures('m')).toBeUndefined();
    // Then it takes three again.
    expect([reply(headers('0')), reply(headers('0')), reply(headers('0'))]).toEqual([undefined, undefined, 8_000]);
  });
});
