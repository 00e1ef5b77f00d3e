// Row 32: good replies whose headers say that a rate-limit window is used up.
import { expect, it } from 'vitest';
import { attemptsOf } from '../../src/index.ts';
import { manualClock, type StatusStep } from '../../src/testing/index.ts';
import { chat, servedBy } from '../support/calls.ts';
import { openStage } from '../support/stage.ts';
import { row } from './row.ts';

/** A healthy answer with these figures beside it. */
const told = (remaining: string, reset = '8s', limit = '60'): StatusStep => ({
  status: 200,
  headers: {
    'x-ratelimit-limit-requests': limit,
    'x-ratelimit-remaining-requests': remaining,
    'x-ratelimit-reset-requests': reset,
  },
});

row(
  32,
  'x-ratelimit-remaining 0 on a success',
  'served; others first until the reset, once three replies say so',
  () => {
    it('the third such reply in a row sends that model elsewhere until the reset, and nobody is to blame', async () => {
      const clock = manualClock();
      await using stage = await openStage({ a: { repeat: [told('0')] }, b: [] }, { clock });
      const { client, servers, events, state } = stage;
      for (let call = 0; call < 3; call++) expect(servedBy(await chat(client))).toBe('a');
      expect(events.of('endpoint-cooldown')).toMatchObject([
        { endpoint: 'a', model: 'gpt-5', ms: 8_000, reason: 'rate limit used up' },
      ]);
      expect(servedBy(await chat(client))).toBe('b');
      expect(servedBy(await chat(client, { model: 'gpt-5-mini' }))).toBe('a');
      expect(state('a')).toMatchObject({ breaker: 'closed', failures: 0, successes: 4 });
      await clock.advance(7_999);
      expect(servedBy(await chat(client))).toBe('b');
      await clock.advance(1);
      expect(servedBy(await chat(client))).toBe('a');
      expect([servers.a.calls, servers.b.calls]).toEqual([5, 2]);
    });

    it('a reset of hours counts for a minute', async () => {
      const clock = manualClock();
      await using stage = await openStage({ a: { repeat: [told('0', '6h0m0s')] }, b: [] }, { clock });
      for (let call = 0; call < 3; call++) await chat(stage.client);
      expect(stage.state('a').cooldowns).toEqual([{ model: 'gpt-5', reason: 'rate limit used up', msLeft: 60_000 }]);
    });

    it('figures that cannot be are not believed', async () => {
      const nonsense = [
        told('0', '8s', '0'),
        told('-1'),
        told('0', '0s'),
        told('0', 'soon'),
        told('', '8s'),
        told('90'),
      ];
      await using stage = await openStage({ a: { repeat: nonsense }, b: [] });
      for (let call = 0; call < 18; call++) expect(servedBy(await chat(stage.client))).toBe('a');
      expect(stage.state('a')).toMatchObject({ cooldowns: [], excluded: null });
    });

    it('a reply in between that tells of room starts the count anew, and ends what three others began', async () => {
      const clock = manualClock();
      const script = [told('0'), told('0'), told('59'), told('0'), told('0'), told('0')];
      await using stage = await openStage({ a: [...script, told('59')], b: [] }, { clock });
      for (let call = 0; call < 6; call++) expect(servedBy(await chat(stage.client))).toBe('a');
      expect(stage.state('a').cooldowns).toHaveLength(1);
      await clock.advance(1);
      await chat(stage.client.balancer.pin('a'));
      expect(stage.state('a').cooldowns).toEqual([]);
      expect(servedBy(await chat(stage.client))).toBe('a');
    });

    it('with nobody else left it is asked all the same, at once: an endpoint that always says so loses no call', async () => {
      const clock = manualClock();
      const script = { repeat: [told('0', '60s')] };
      await using stage = await openStage({ a: script, b: script }, { clock, maxRetries: 0 });
      for (let call = 0; call < 30; call++) {
        expect(attemptsOf(await chat(stage.client))).toHaveLength(1);
        await clock.advance(10);
      }
      expect(stage.events.of('call-waiting')).toEqual([]);
      expect(stage.servers.a.calls + stage.servers.b.calls).toBe(30);
    });

    it('where the figures were true, the 429 that comes then is what counts', async () => {
      const clock = manualClock();
      const script = [told('0', '60s'), told('0', '60s'), told('0', '60s'), { status: 429, retryAfter: 5 }];
      await using stage = await openStage({ a: script }, { clock });
      for (let call = 0; call < 3; call++) await chat(stage.client);
      const fourth = chat(stage.client);
      expect(await stage.events.until('call-waiting')).toMatchObject({ ms: 5_000, reason: 'cooling down (429)' });
      await clock.advance(5_500);
      expect(attemptsOf(await fourth).map(({ verdict }) => verdict)).toEqual(['rate-limited', 'ok']);
    });
  },
);
