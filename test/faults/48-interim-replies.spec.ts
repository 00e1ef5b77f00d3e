// Row 48: replies of the 1xx class before the real one, or in its place.
import { expect, it } from 'vitest';
import { attemptsOf } from '../../src/index.ts';
import { manualClock } from '../../src/testing/index.ts';
import { chat, chatStream, read, servedBy } from '../support/calls.ts';
import { scenario } from '../support/scenario.ts';
import { openStage } from '../support/stage.ts';
import { saying } from './error-text.ts';
import { row } from './row.ts';

row(
  48,
  '1xx replies: early hints, 100 without end',
  'hints are transparent; nothing after them: as a black hole; 100: fails over, counts',
  () => {
    it('early hints before the answer change nothing, for calls and streams', async () => {
      for (const stream of [false, true]) {
        await scenario()
          .endpoints({ a: [{ step: 'early-hints', every: 5 }], b: [] })
          .call('gpt-5', { stream })
          .expect({ served: 'a', attempts: ['a'], verdicts: ['ok'], calls: { a: 1, b: 0 } }, ({ state }) =>
            expect(state('a')).toMatchObject({ failures: 0, successes: 1 }),
          );
      }
    });

    it('hints without end do not pass for an answer: a call is rescued', async () => {
      const clock = manualClock();
      await using stage = await openStage({ a: { step: 'only-hints', every: 5 }, b: [] }, { clock, timeout: 30_000 });
      const call = chat(stage.client);
      await stage.servers.a.until(({ calls }) => calls === 1);
      await clock.advance(14_999);
      expect(stage.servers.b.calls).toBe(0);
      await clock.advance(1);
      expect(servedBy(await call)).toBe('b');
      expect([stage.servers.a.calls, stage.servers.b.calls, stage.state('a').inFlight]).toEqual([1, 1, 0]);
    });

    it('and a stream moves after a minute', async () => {
      const clock = manualClock();
      await using stage = await openStage({ a: { step: 'only-hints', every: 5 }, b: [] }, { clock });
      const call = chatStream(stage.client);
      await stage.servers.a.until(({ calls }) => calls === 1);
      await clock.advance(60_000);
      expect((await read(await call)).text).toContain('b');
      expect(attemptsOf(call).map(({ verdict }) => verdict)).toEqual(['timed-out', 'ok']);
    });

    it('a 100 nobody asked for breaks the connection at once: the next endpoint answers', async () => {
      await scenario()
        .endpoints({ a: ['only-continue'], b: [] })
        .call('gpt-5')
        .expect({ served: 'b', verdicts: ['connection-lost', 'ok'], calls: { a: 1, b: 1 } }, ({ state }) =>
          expect(state('a')).toMatchObject({ failures: 1, inFlight: 0 }),
        );
    });

    it('also on a connection that served before: an answer came back, so it is not asked once more', async () => {
      await scenario()
        .endpoints({ a: ['ok', 'only-continue'], b: [] })
        .call('gpt-5')
        .does(() => new Promise((resolve) => setImmediate(resolve)))
        .call('gpt-5')
        .expect({ served: 'b', attempts: ['a', 'b'], calls: { a: 2, b: 1 } });
    });

    it('alone: an APIConnectionTimeoutError after hints when the time is up, an APIConnectionError after a 100', async () => {
      await scenario()
        .endpoints({ a: [{ step: 'only-hints', every: 5 }] })
        .call('gpt-5', {}, { timeout: 200 })
        .expect(
          { served: null, error: { name: 'APIConnectionTimeoutError' }, calls: { a: 1 }, withinMs: 250 },
          saying(),
        );
      await scenario()
        .endpoints({ a: ['only-continue'] })
        .options({ maxRetries: 0 })
        .call('gpt-5')
        .expect({ served: null, error: { name: 'APIConnectionError' }, calls: { a: 1 } }, saying());
    });
  },
);
