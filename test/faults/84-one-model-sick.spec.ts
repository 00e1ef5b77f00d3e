// Row 84: one model of an endpoint is sick, the others are well.
import { expect, it } from 'vitest';
import { manualClock, type Script, type Step } from '../../src/testing/index.ts';
import { chat, chatStream, failure, many, read, servedBy } from '../support/calls.ts';
import { openStage } from '../support/stage.ts';
import { row } from './row.ts';

const MODELS = ['gpt-5', 'gpt-5-mini', 'gpt-4o'];
/** The ways in which a model can be sick while its server is well. */
const SICKNESSES: readonly Step[] = [500, 503, 408, 'error-200', 'truncated-json', 'html', 'empty'];
const sick =
  (step: Step): Script =>
  ({ model }) =>
    model === 'gpt-5' ? step : 'ok';

row(
  84,
  'one model of an endpoint sick',
  'that model is ejected there; the endpoint’s other models are unaffected',
  () => {
    it('whatever it is sick with: five failures eject it, its calls go elsewhere, those of the others stay', async () => {
      for (const step of SICKNESSES) {
        const what = JSON.stringify(step);
        await using stage = await openStage({ a: sick(step), b: [] }, { clock: manualClock() });
        for (let turn = 0; turn < 8; turn++)
          for (const model of MODELS)
            expect(servedBy(await chat(stage.client, { model })), what).toBe(model === 'gpt-5' ? 'b' : 'a');
        expect(stage.state('a'), what).toMatchObject({
          ...{ breaker: 'closed', models: [{ model: 'gpt-5', breaker: 'open' }] },
          ...{ failures: 5, excluded: null, cooldowns: [] },
        });
        expect(stage.events.of('endpoint-ejected'), what).toMatchObject([{ endpoint: 'a', model: 'gpt-5' }]);
        expect([stage.servers.a.calls, stage.servers.b.calls], what).toEqual([5 + 16, 8]);
      }
    });

    it('streams alike, and the sick model’s streams lose nothing', async () => {
      await using stage = await openStage({ a: sick('sse-error'), b: [] }, { clock: manualClock() });
      for (let turn = 0; turn < 8; turn++)
        for (const model of MODELS) {
          const { text, error } = await read(await chatStream(stage.client, { model }));
          expect([text, error]).toEqual([`Hello from ${model === 'gpt-5' ? 'b' : 'a'}.`, undefined]);
        }
      expect(stage.state('a')).toMatchObject({ breaker: 'closed', models: [{ model: 'gpt-5', breaker: 'open' }] });
    });

    it('in the midst of a crowd no call is lost, and the others never see the second endpoint', async () => {
      await using stage = await openStage({ a: sick(500), b: [] });
      const results = await many(300, 20, (index) => chat(stage.client, { model: MODELS[index % 3]! }));
      expect(results.flatMap((result) => (result.status === 'rejected' ? [String(result.reason)] : []))).toEqual([]);
      expect(new Set(stage.servers.b.requests.map(({ model }) => model))).toEqual(new Set(['gpt-5']));
      expect(stage.state('a')).toMatchObject({ breaker: 'closed', models: [{ model: 'gpt-5' }], inFlight: 0 });
    });

    it('well again: one call finds out when the breaker’s time is over, and the model comes back', async () => {
      const clock = manualClock();
      await using stage = await openStage({ a: sick(500), b: [] }, { clock });
      await chat(stage.client, { model: 'gpt-4o' });
      for (let call = 0; call < 6; call++) await chat(stage.client);
      stage.servers.a.reset();
      stage.servers.a.script('ok');
      await clock.advance(10_000);
      expect(servedBy(await chat(stage.client))).toBe('a');
      expect(stage.events.of('endpoint-restored')).toMatchObject([{ endpoint: 'a', model: 'gpt-5' }]);
      expect(stage.state('a')).toMatchObject({ breaker: 'closed', models: [] });
    });

    it('without an alternative: its calls fail, within 5 ms once it is ejected; the others answer', async () => {
      await using stage = await openStage({ a: sick(500) }, { maxRetries: 0, panic: false });
      await chat(stage.client, { model: 'gpt-4o' });
      for (let call = 0; call < 5; call++) expect(await failure(chat(stage.client))).toMatchObject({ status: 500 });
      expect(await failure(chat(stage.client))).toMatchObject({ name: 'NoEndpointAvailableError', status: 503 });
      expect(servedBy(await chat(stage.client, { model: 'gpt-4o' }))).toBe('a');
      expect(stage.servers.a.calls).toBe(7);
    });
  },
);
