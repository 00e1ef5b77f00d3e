// Rows 77 and 78: a body that can be read only once, and creates that would exist twice.
import OpenAI from 'openai';
import { expect, it } from 'vitest';
import { attemptsOf } from '../../src/index.ts';
import { manualClock, type Step } from '../../src/testing/index.ts';
import { failure } from '../support/calls.ts';
import { timed } from '../support/lag.ts';
import { openStage, type Stage } from '../support/stage.ts';
import { row } from './row.ts';

const MIB = 1_048_576;

/** A body that can be read once, of so many MiB. */
function oneShot(mib: number): ReadableStream<Uint8Array> {
  let left = mib;
  return new ReadableStream({
    pull(controller) {
      if (left-- > 0) controller.enqueue(new Uint8Array(MIB).fill(97));
      else controller.close();
    },
  });
}

const postRaw = ({ client }: Stage, mib: number) =>
  client.post('/uploads/upload_1/parts', {
    body: oneShot(mib),
    headers: { 'content-type': 'application/octet-stream' },
  });

const upload = ({ client }: Stage, options?: { timeout: number }) =>
  client.files.create({ file: new File(['{}'], 'a.jsonl'), purpose: 'batch' }, options);

const LARGE = 33;

row(
  77,
  'an upload from a stream that can be read once, and its endpoint fails',
  'up to 32 MiB kept and sent again where that is safe; beyond, never twice: the first error surfaces',
  () => {
    it('up to 32 MiB it is kept, and the next endpoint gets every byte', async () => {
      await using stage = await openStage({ a: [503], b: [] });
      await stage.client.post('/moderations', { body: oneShot(1), headers: { 'content-type': 'application/json' } });
      expect(stage.servers.a.requests[0]?.bytes).toBe(MIB);
      expect(stage.servers.b.requests.map(({ bytes }) => bytes)).toEqual([MIB]);
    });

    it('a larger one is sent once: the error of the only attempt surfaces, and nobody gets an empty body', async () => {
      await using stage = await openStage({ a: { repeat: [503] }, b: [] });
      const error = await failure(postRaw(stage, LARGE));
      expect(error).toBeInstanceOf(OpenAI.InternalServerError);
      expect(error.status).toBe(503);
      expect(stage.servers.a.requests.map(({ bytes }) => bytes)).toEqual([LARGE * MIB]);
      expect(stage.servers.b.calls).toBe(0);
      expect(attemptsOf(error)).toMatchObject([{ endpoint: 'a', verdict: 'overloaded', status: 503 }]);
      expect(stage.state('a').inFlight).toBe(0);
    });

    it('a larger one whose connection was refused is sent whole to the next, since nothing was read of it', async () => {
      await using stage = await openStage({ a: [], b: [] });
      await stage.servers.a.refuse();
      const outcome = await postRaw(stage, LARGE).then(
        () => 'served',
        (error: Error) => error,
      );
      if (outcome === 'served') expect(stage.servers.b.requests.map(({ bytes }) => bytes)).toEqual([LARGE * MIB]);
      else expect([outcome, stage.servers.b.calls]).toEqual([expect.any(OpenAI.APIConnectionError), 0]);
    });
  },
);

row(
  78,
  'a create that leaves an object behind fails after it was sent',
  'no failover unless nothing can exist; the error says maybeExecuted',
  () => {
    it('no answer until the deadline: the timeout error, at the deadline, and one request', async () => {
      await using stage = await openStage({ a: 'black-hole', b: [] });
      const { error, ms, lag } = await timed(() => upload(stage, { timeout: 300 }));
      expect(error).toBeInstanceOf(OpenAI.APIConnectionTimeoutError);
      expect(error).toMatchObject({ maybeExecuted: true });
      expect(ms).toBeLessThan(300 + 50 + lag);
      expect([stage.servers.a.calls, stage.servers.b.calls]).toEqual([1, 0]);
      expect(attemptsOf(error)).toMatchObject([{ endpoint: 'a', billed: 'maybe' }]);
    });

    it('slow, but within the deadline: no second attempt beside it', async () => {
      const clock = manualClock();
      await using stage = await openStage({ a: 'black-hole', b: [] }, { clock, timeout: 60_000 });
      const failed = failure(upload(stage));
      await stage.servers.a.until(({ calls }) => calls === 1);
      await clock.advance(59_999);
      expect(stage.servers.b.calls).toBe(0);
      await clock.advance(1);
      expect(await failed).toMatchObject({ maybeExecuted: true });
    });

    it.each<[what: string, step: Step]>([
      ['a 500', 500],
      ['a connection that breaks', 'reset'],
      ['an answer cut short', 'cut-body'],
    ])('%s surfaces at once, counts, and says so', async (_, step) => {
      await using stage = await openStage({ a: { repeat: [step] }, b: [] });
      const error = await failure(upload(stage));
      expect(error).toMatchObject({ maybeExecuted: true });
      expect([stage.servers.a.calls, stage.servers.b.calls]).toEqual([1, 0]);
      expect(stage.state('a')).toMatchObject({ failures: 1, inFlight: 0 });
      expect(stage.events.of('call-waiting')).toEqual([]);
    });

    it.each<[what: string, step: Step | 'refused']>([
      ['a refused connection', 'refused'],
      ['a 401', 401],
      ['a 403', 403],
      ['a 429', { status: 429, retryAfterMs: 1 }],
      ['a 503', 503],
    ])('%s: nothing exists, so it moves, and is made once', async (_, step) => {
      const script = step === 'refused' ? [] : { repeat: [step] };
      await using stage = await openStage({ a: script, b: [] }, { maxRetries: 0 });
      if (step === 'refused') await stage.servers.a.refuse();
      expect((await upload(stage)).id).toMatch(/^file-b/);
      expect(stage.servers.b.calls).toBe(1);
    });
  },
);
