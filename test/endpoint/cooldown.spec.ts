// Cooldowns: how long, for whom, never shorter than a running one, doubling without a hint.
import { beforeEach, describe, expect, it } from 'vitest';
import type { CooldownOrder } from '../../src/call/outcome.ts';
import { Cooldowns, keyOf } from '../../src/endpoint/cooldown.ts';
import { type ManualClock, manualClock } from '../../src/testing/index.ts';
import { fc, runs } from '../support/property.ts';

let clock: ManualClock;
let cooldowns: Cooldowns;
beforeEach(() => {
  clock = manualClock();
  cooldowns = new Cooldowns(clock);
});

const order = (ms: number | undefined, scope: CooldownOrder['scope'] = 'model'): CooldownOrder => ({
  ms,
  scope,
  reason: '429',
  pause: true,
});
const left = (model: string, operation = 'chat') => {
  const found = cooldowns.of(model, operation);
  return found && found.until - clock.now();
};

describe('a cooldown with a hint', () => {
  it('lasts exactly that long', async () => {
    expect(cooldowns.start(order(8_000), 'm')).toBe(8_000);
    expect(left('m')).toBe(8_000);
    await clock.advance(7_999);
    expect(left('m')).toBe(1);
    await clock.advance(1);
    expect(left('m')).toBeUndefined();
  });

  it('never shortens a running one, and lengthens it when it ends later', async () => {
    cooldowns.start(order(10_000), 'm');
    await clock.advance(1_000);
    expect(cooldowns.start(order(2_000), 'm')).toBe(9_000);
    expect(cooldowns.start(order(20_000), 'm')).toBe(20_000);
    expect(left('m')).toBe(20_000);
  });

  it('ends with the latest end ever ordered, whatever the order of orders', async () => {
    const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 60_000 }), fc.integer({ min: 0, max: 600_000 })), {
      minLength: 1,
      maxLength: 30,
    });
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        const time = manualClock();
        const own = new Cooldowns(time);
        let latest = 0;
        for (const [pause, ms] of all) {
          await time.advance(pause);
          latest = Math.max(latest, time.now() + ms);
          expect(own.start(order(ms), 'm')).toBe(latest - time.now());
          expect(own.of('m', 'chat')?.until ?? time.now()).toBe(latest);
        }
      }),
      runs(50),
    );
  });

  it('says why, and whether the upstream asked for it', () => {
    cooldowns.start({ scope: 'endpoint', ms: 300_000, reason: '401', pause: false }, '');
    expect(cooldowns.of('m', 'chat')).toMatchObject({
      scope: 'endpoint',
      key: '',
      until: 300_000,
      reason: '401',
      pause: false,
      since: 0,
    });
  });
});

describe('a cooldown without a hint', () => {
  /** One 429 after the other, each as soon as the last cooldown is over. */
  async function inRow(times: number): Promise<number[]> {
    const spans: number[] = [];
    for (let i = 0; i < times; i++) {
      spans.push(cooldowns.start(order(undefined), 'm'));
      await clock.advance(spans.at(-1)!);
    }
    return spans;
  }

  it('lasts 1 s, doubling to 60 s', async () => {
    expect(await inRow(9)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  });

  it('starts with 1 s again after a success of that model', async () => {
    await inRow(3);
    cooldowns.succeeded('other', 'chat', clock.now());
    expect(cooldowns.start(order(undefined), 'm')).toBe(8_000);
    cooldowns.succeeded('m', 'chat', clock.now());
    await clock.advance(8_000);
    expect(cooldowns.start(order(undefined), 'm')).toBe(1_000);
  });

  it('of an endpoint starts anew after a success of any model', async () => {
    for (const span of [1_000, 2_000]) {
      expect(cooldowns.start(order(undefined, 'endpoint'), '')).toBe(span);
      await clock.advance(span);
    }
    cooldowns.succeeded('any', 'chat', clock.now());
    expect(cooldowns.start(order(undefined, 'endpoint'), '')).toBe(1_000);
  });

  it('doubles per cooldown, not per reply: a burst of replies to calls already on their way is one', async () => {
    for (let i = 0; i < 64; i++) cooldowns.start(order(undefined), 'm');
    expect(left('m')).toBe(1_000);
    await clock.advance(1_000);
    expect(cooldowns.start(order(undefined), 'm')).toBe(2_000);
  });

  it('may grow in other steps', async () => {
    const grows = { first: 600_000, longest: 3_600_000 };
    const spans: number[] = [];
    for (let i = 0; i < 5; i++) {
      spans.push(
        cooldowns.start({ scope: 'endpoint', ms: undefined, grows, reason: 'out of credit', pause: false }, ''),
      );
      await clock.advance(spans.at(-1)!);
    }
    expect(spans.map((ms) => ms / 60_000)).toEqual([10, 20, 40, 60, 60]);
  });

  it('counts for each model by itself', async () => {
    await inRow(4);
    expect(cooldowns.start(order(undefined), 'other')).toBe(1_000);
  });
});

describe('who is kept away', () => {
  it.each<[CooldownOrder['scope'], string, [string, string, boolean][]]>([
    [
      'model',
      'm',
      [
        ['m', 'chat', true],
        ['m', 'embeddings', true],
        ['other', 'chat', false],
      ],
    ],
    [
      'endpoint',
      '',
      [
        ['m', 'chat', true],
        ['other', 'files', true],
      ],
    ],
    [
      'operation',
      'chat',
      [
        ['m', 'chat', true],
        ['other', 'chat', true],
        ['m', 'embeddings', false],
      ],
    ],
  ])('by scope %s', (scope, key, rows) => {
    cooldowns.start(order(1_000, scope), key);
    for (const [model, operation, kept] of rows) expect(left(model, operation) !== undefined).toBe(kept);
  });

  it('is told the longest of what applies', () => {
    cooldowns.start(order(1_000, 'endpoint'), '');
    cooldowns.start(order(3_000, 'model'), 'm');
    cooldowns.start(order(2_000, 'operation'), 'chat');
    expect([left('m', 'chat'), left('x', 'chat'), left('x', 'files')]).toEqual([3_000, 2_000, 1_000]);
  });

  it('of a use is about this model in this operation', () => {
    cooldowns.start(order(1_000, 'use'), keyOf('use', 'm', 'chat'));
    expect([left('m'), left('m', 'embeddings'), left('other')]).toEqual([1_000, undefined, undefined]);
  });

  it('does not mix a model up with an operation of that name', () => {
    cooldowns.start(order(1_000, 'model'), 'chat');
    expect(left('m', 'chat')).toBeUndefined();
  });
});

describe('made-up names, however many', () => {
  const refuse = (scope: CooldownOrder['scope'], key: string, ms: number, pause: boolean) =>
    cooldowns.start({ scope, ms, reason: 'x', pause }, key);

  it('push out each other, and nothing that others need', () => {
    refuse('endpoint', '', 1_000, false);
    refuse('operation', 'chat', 1_000, false);
    refuse('model', 'real', 1_000, true);
    for (let i = 0; i < 2_000; i++) refuse('model', `made-up-${i}`, 300_000, false);
    const kept = cooldowns.list();
    expect(kept).toHaveLength(500);
    expect(kept.map(({ key }) => key)).toEqual(expect.arrayContaining(['', 'chat', 'real', 'made-up-1999']));
  });

  it('push out first what is over, then what ends first', async () => {
    for (let i = 0; i < 499; i++) refuse('model', `paused-${i}`, 10_000 + i, true);
    refuse('endpoint', '', 500, false);
    await clock.advance(500);
    refuse('model', 'one', 300_000, false);
    expect(cooldowns.list()).toHaveLength(500);
    refuse('model', 'two', 200_000, true);
    expect(cooldowns.list().some(({ key }) => key === 'one')).toBe(false);
    refuse('endpoint', '', 100, false);
    const keys = cooldowns.list().map(({ key }) => key);
    expect([keys.includes('paused-0'), keys.includes('paused-1'), keys.includes('two')]).toEqual([false, true, true]);
  });
});

describe('a success', () => {
  const refuse = (scope: CooldownOrder['scope'], key: string) =>
    cooldowns.start({ scope, ms: 300_000, reason: '401', pause: false }, key);

  it.each<[CooldownOrder['scope'], string, boolean]>([
    ['endpoint', '', true],
    ['model', 'm', true],
    ['model', 'other', false],
    ['operation', 'chat', true],
    ['operation', 'audio', false],
    ['use', 'chat m', true],
    ['use', 'audio m', false],
  ])('disproves a refusal of the %s %s: %s', (scope, key, disproved) => {
    refuse(scope, key);
    expect(cooldowns.succeeded('m', 'chat', clock.now())).toBe(disproved);
    expect(cooldowns.list()).toHaveLength(disproved ? 0 : 1);
  });

  it('of an attempt from before disproves nothing, nor does one end a pause', async () => {
    const startedAt = clock.now();
    await clock.advance(10);
    refuse('endpoint', '');
    cooldowns.start(order(8_000), 'm');
    expect(cooldowns.succeeded('m', 'chat', startedAt)).toBe(false);
    expect(cooldowns.succeeded('other', 'chat', clock.now())).toBe(true);
    expect(left('m')).toBe(8_000);
  });
});

describe('mere figures', () => {
  const figures = (ms: number) => cooldowns.start({ ...order(ms, 'figures'), reason: 'used up' }, 'm');

  it('keep the model away in every operation, and are forgotten alone', () => {
    figures(5_000);
    cooldowns.start(order(3_000, 'endpoint'), '');
    expect([left('m'), left('other')]).toEqual([3_000, 3_000]);
    cooldowns.forgetFigures('other');
    expect(cooldowns.figures('m')).toMatchObject({ until: 5_000, scope: 'figures' });
    cooldowns.forgetFigures('m');
    expect(cooldowns.figures('m')).toBeUndefined();
    expect(left('m')).toBe(3_000);
  });

  it('weigh less than anything else, however long they last', async () => {
    figures(9_000);
    cooldowns.start(order(1_000), 'm');
    expect(cooldowns.of('m', 'chat')).toMatchObject({ scope: 'model', until: 1_000 });
    await clock.advance(1_000);
    expect(cooldowns.of('m', 'chat')).toMatchObject({ scope: 'figures', until: 9_000 });
    await clock.advance(8_000);
    expect([cooldowns.of('m', 'chat'), cooldowns.figures('m')]).toEqual([undefined, undefined]);
  });
});
