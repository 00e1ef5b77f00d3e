// Row 86: a key is revoked in the middle of the day, and works again later.
import OpenAI from 'openai';
import { expect, it } from 'vitest';
import { manualClock, type Script } from '../../src/testing/index.ts';
import { chat, chatStream, FULL, failure, many, read, servedBy, tally } from '../support/calls.ts';
import { openStage } from '../support/stage.ts';
import { textOf } from './error-text.ts';
import { row } from './row.ts';

const MINUTE = 60_000;
const CALLS = FULL ? 5_000 : 300;
const AT_ONCE = 20;

/** A logger that keeps the library's own warnings. */
function warnings() {
  const lines: string[] = [];
  const none = () => undefined;
  const warn = (line: string) => void (line.startsWith('[load-balanced-openai]') && lines.push(line));
  return { lines, logger: { error: warn, warn, info: none, debug: none } };
}

row(
  86,
  'a key revoked in mid-operation, and restored later',
  'no call is lost, neutral; the endpoint is left alone, asked again every 5 min, and comes back',
  () => {
    it('among hundreds of calls, in flight and later ones, plain and streamed, none is lost', async () => {
      const { lines, logger } = warnings();
      await using stage = await openStage({ a: [], b: [] }, { strategy: 'round-robin', logger, logLevel: 'warn' });
      const { client, servers } = stage;
      let asked = 0;
      let before = 0;
      const results = await many(CALLS, AT_ONCE, async (index) => {
        if (++asked === Math.floor(CALLS / 3)) {
          before = servers.a.calls;
          servers.a.script(({ apiKey }) => ({ status: 401, message: `Incorrect API key provided: ${apiKey}.` }));
        }
        if (index % 2 === 0) return servedBy(await chat(client));
        const { text, error } = await read(await chatStream(client));
        if (error !== undefined) throw error;
        return text.includes('Hello from a.') ? 'a' : 'b';
      });
      expect(results.flatMap((result) => (result.status === 'rejected' ? [String(result.reason)] : []))).toEqual([]);
      const served = tally(results.map((result) => (result as { value: string }).value));
      expect(served.a).toBeGreaterThan(CALLS / 10);
      // Whoever was on the way there when the first 401 came.
      expect(servers.a.calls - before).toBeLessThanOrEqual(2 * AT_ONCE);
      expect(stage.state('a')).toMatchObject({
        breaker: 'closed',
        models: [],
        failures: 0,
        inFlight: 0,
        excluded: 'cooling down (401)',
      });
      expect(lines).toEqual(['[load-balanced-openai] a refused its credentials; left out for 5 min']);
      expect(JSON.stringify([lines, stage.events.all])).not.toContain(stage.keys.a);
    });

    it('a stream that has begun goes on to its end', async () => {
      await using stage = await openStage({ a: [{ stream: 20, gap: 5 }], b: [] });
      const stream = await chatStream(stage.client);
      stage.servers.a.script(401);
      expect(servedBy(await chat(stage.client))).toBe('b');
      const { text, error } = await read(stream);
      expect([text.split(' ').length, text.slice(-5), error]).toEqual([21, 'a-19 ', undefined]);
      expect(stage.state('a')).toMatchObject({ inFlight: 0, excluded: 'cooling down (401)' });
    });

    it('asked again after 5 min to the millisecond, as long as it refuses; back with the first call that it serves', async () => {
      const clock = manualClock();
      const { lines, logger } = warnings();
      await using stage = await openStage(
        { a: ['ok', { status: 401, times: 3 }], b: [] },
        { clock, logger, logLevel: 'warn' },
      );
      const { client, servers } = stage;
      expect(servedBy(await chat(client))).toBe('a');
      for (let turn = 1; turn <= 3; turn++) {
        expect(servedBy(await chat(client))).toBe('b');
        expect(servers.a.calls).toBe(1 + turn);
        await clock.advance(5 * MINUTE - 1);
        expect(servedBy(await chat(client, { model: 'gpt-5-mini' }))).toBe('b');
        expect(servers.a.calls).toBe(1 + turn);
        expect(lines).toHaveLength(turn);
        await clock.advance(1);
      }
      for (let call = 0; call < 3; call++) expect(servedBy(await chat(client))).toBe('a');
      expect(stage.state('a')).toMatchObject({ cooldowns: [], excluded: null, failures: 0 });
      expect(servers.b.calls).toBe(6);
    });

    it('a crowd that comes in the moment of the next asking loses nothing', async () => {
      const clock = manualClock();
      const { lines, logger } = warnings();
      await using stage = await openStage(
        { a: 401, b: [] },
        { clock, strategy: 'round-robin', logger, logLevel: 'warn' },
      );
      await many(2, 1, () => chat(stage.client));
      await clock.advance(5 * MINUTE);
      const results = await many(100, 100, () => chat(stage.client).then(servedBy));
      expect(tally(results.map((result) => (result.status === 'fulfilled' ? result.value! : 'lost')))).toEqual({
        b: 100,
      });
      expect(stage.servers.a.calls).toBeLessThanOrEqual(1 + 50);
      expect(lines).toHaveLength(2);
    });

    it('without an alternative: AuthenticationError per call, at once and without the key; the first good answer ends it', async () => {
      const echo: Script = ({ apiKey }) => ({ status: 401, message: `Incorrect API key provided: ${apiKey}.` });
      await using stage = await openStage({ a: echo }, { clock: manualClock() });
      for (let call = 1; call <= 3; call++) {
        const error = await failure(chat(stage.client));
        expect(error).toBeInstanceOf(OpenAI.AuthenticationError);
        expect(textOf(error)).not.toContain(stage.keys.a);
        expect(stage.servers.a.calls).toBe(call);
      }
      stage.servers.a.script('ok');
      expect(servedBy(await chat(stage.client))).toBe('a');
      expect(stage.state('a')).toMatchObject({ cooldowns: [], excluded: null });
    });
  },
);
