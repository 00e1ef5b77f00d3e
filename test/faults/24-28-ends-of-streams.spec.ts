// Rows 24 to 28: streams that end too early, in every way, and ends that only look odd.
import OpenAI from 'openai';
import { expect, it } from 'vitest';
import type { StreamStep } from '../../src/testing/index.ts';
import { chat, chatStream, read, readAll, STREAMS } from '../support/calls.ts';
import { openStage } from '../support/stage.ts';
import { textOf } from './error-text.ts';
import { row } from './row.ts';
import { endpoints, freed, healthy, PART, PLAIN, STREAMED, WHOLE } from './ways.ts';

type Fault = Omit<StreamStep, 'stream'>;

interface Broken {
  readonly number: number;
  readonly fault: string;
  /** How the stream breaks after so many events. */
  readonly after: (place: 'headers' | number) => readonly Fault[];
  readonly verdict: string;
}

const ROWS: readonly Broken[] = [
  {
    number: 24,
    fault: 'a stream that ends without its end marker',
    after: (place) => [{ cutAfter: place, cut: 'end' }],
    verdict: 'bad-reply',
  },
  {
    number: 25,
    fault: 'a stream that is cut inside of an event, or garbage',
    // The first content of a response comes in three events at once, so that half of it is content already.
    after: (place) => [
      ...(place === 0 ? [] : [{ cutAfter: place, cut: 'half-frame' } as const]),
      { garbageAfter: place },
    ],
    verdict: 'bad-reply',
  },
  {
    number: 26,
    fault: 'a stream whose connection is destroyed',
    after: (place) => [{ cutAfter: place }, { cutAfter: place, cut: 'close' }],
    verdict: 'connection-lost',
  },
];

for (const { number, fault, after, verdict } of ROWS) {
  row(number, fault, 'fails over before its first content, throws after it; counts', () => {
    it('before the first content the next endpoint answers the whole', async () => {
      for (const { ask } of STREAMED)
        for (const broken of [...after('headers'), ...after(0)]) {
          await using stage = await openStage({ a: [{ stream: 5, ...broken }], b: healthy });
          const answer = await ask(stage.client);
          expect([answer.text, answer.error, ...endpoints(answer)]).toEqual([WHOLE, undefined, `a ${verdict}`, 'b ok']);
          expect([stage.servers.a.calls, stage.servers.b.calls]).toEqual([1, 1]);
          await freed(stage);
          expect(stage.state('a')).toMatchObject({ failures: 1, successes: 0, cooldowns: [] });
          expect(answer.ms).toBeLessThan(250 + answer.lag);
        }
    });

    it('after it: what had come, then an APIConnectionError that shows nothing of it; nobody else is asked', async () => {
      for (const { ask } of STREAMED)
        for (const broken of after(3)) {
          await using stage = await openStage({ a: [{ stream: 5, ...broken }], b: healthy });
          const answer = await ask(stage.client);
          expect([answer.text, ...endpoints(answer)]).toEqual([PART, `a ${verdict}`]);
          expect(answer.error).toBeInstanceOf(OpenAI.APIConnectionError);
          for (const word of [stage.keys.a, 'delta', 'choices', 'a-3'])
            expect(textOf(answer.error)).not.toContain(word);
          expect([stage.servers.a.calls, stage.servers.b.calls]).toEqual([1, 0]);
          await freed(stage);
          expect(stage.state('a')).toMatchObject({ failures: 1, successes: 0, cooldowns: [] });
        }
    });

    it('alone and before the first content: an APIConnectionError, after one request', async () => {
      for (const { ask } of STREAMED)
        for (const broken of [...after('headers'), ...after(0)]) {
          await using stage = await openStage({ a: [{ stream: 5, ...broken }] });
          const answer = await ask(stage.client, { maxRetries: 0 });
          expect(answer.error).toBeInstanceOf(OpenAI.APIConnectionError);
          expect([answer.text, stage.servers.a.calls, stage.state('a').failures]).toEqual(['', 1, 1]);
          expect(textOf(answer.error)).not.toContain(stage.keys.a);
        }
    });

    it('five in a row eject the endpoint', async () => {
      for (const { ask } of STREAMED) {
        await using stage = await openStage({ a: { stream: 5, ...after(3)[0] }, b: healthy });
        for (let i = 0; i < 5; i++) expect((await ask(stage.client)).text).toBe(PART);
        expect(stage.state('a')).toMatchObject({ breaker: 'open', failures: 5 });
        expect((await ask(stage.client)).text).toBe(WHOLE);
      }
    });

    if (number !== 24) return;
    it('a stream of two answers needs the end of both', async () => {
      const says = (index: number, content: string) => ({
        choices: [{ index, delta: { content }, finish_reason: null }],
      });
      const ends = (index: number) => ({ choices: [{ index, delta: {}, finish_reason: 'stop' }] });
      const frames = [says(0, 'x'), says(1, 'y'), ends(0)];
      await using stage = await openStage({
        a: [
          { stream: frames, endMarker: false },
          { stream: [...frames, ends(1)], endMarker: false },
        ],
      });
      expect((await read(await chatStream(stage.client, { n: 2 }))).error).toBeInstanceOf(OpenAI.APIConnectionError);
      expect((await read(await chatStream(stage.client, { n: 2 }))).error).toBeUndefined();
      expect(stage.state('a')).toMatchObject({ failures: 1, successes: 1 });
    });
  });
}

row(27, 'a stream that said its end, and whatever its connection does then', 'is whole, counts as a success', () => {
  it('left open: it ends, and the connection is free within a second', async () => {
    for (const { ask } of STREAMED) {
      await using stage = await openStage({ a: [{ stream: 3, keepOpen: true }], b: healthy });
      const { text, error, ms, lag } = await ask(stage.client);
      expect([text, error]).toEqual([PART, undefined]);
      expect(ms).toBeLessThan(1_000 + 50 + lag);
      await stage.servers.a.until(({ inFlight }) => inFlight === 0, 1_000);
      expect(stage.state('a')).toMatchObject({ failures: 0, successes: 1, inFlight: 0 });
      expect(stage.servers.b.calls).toBe(0);
    }
  });

  it('broken in any way: it ends', async () => {
    const end = { chat: 'finish_reason', responses: 'response.completed' } as const;
    for (const kind of STREAMS)
      for (const how of ['reset', 'close', 'garbage'] as const) {
        await using recorded = await openStage({ a: { stream: 3 } });
        const events = (await readAll(await kind.open(recorded.client), kind)).events as object[];
        expect(JSON.stringify(events.at(-1))).toContain(end[kind.kind as keyof typeof end]);
        const cut: Fault = how === 'garbage' ? { garbageAfter: events.length } : { cutAfter: events.length, cut: how };
        await using stage = await openStage({ a: [{ stream: events, ...cut }], b: healthy });
        const { text, error } = await readAll(await kind.open(stage.client), kind);
        expect([text, error]).toEqual([PART, undefined]);
        await freed(stage);
        expect(stage.state('a')).toMatchObject({ failures: 0, successes: 1 });
      }
  });

  it('closed as usual: the connection serves later calls', async () => {
    for (const { ask } of STREAMED) {
      await using stage = await openStage({ a: { stream: 3 } });
      for (let i = 0; i < 10; i++) {
        expect((await ask(stage.client)).error).toBeUndefined();
        await stage.servers.a.until(({ inFlight }) => inFlight === 0);
      }
      // One connection may still be on its way back when the next call begins.
      expect(new Set(stage.servers.a.requests.map(({ socketId }) => socketId)).size).toBeLessThanOrEqual(3);
    }
  });
});

row(
  28,
  'an answer without choices or without words',
  'an answer if it says why it ended, else fails over and counts',
  () => {
    const chunk = (delta: object, finish_reason: string | null = null) => ({
      id: 'x',
      object: 'chat.completion.chunk',
      choices: [{ index: 0, delta, finish_reason }],
    });
    const NOTHING = [chunk({ role: 'assistant', content: '' }), chunk({}), { ...chunk({}), choices: [] }];

    it('a stream of empty deltas that says why it ended is handed on as it came', async () => {
      const frames = [...NOTHING, chunk({}, 'content_filter')];
      await using stage = await openStage({ a: [{ stream: frames }], b: healthy });
      const { chunks, error } = await read(await chatStream(stage.client));
      expect([chunks, error]).toEqual([frames, undefined]);
      expect(stage.servers.b.calls).toBe(0);
      expect(stage.state('a')).toMatchObject({ failures: 0, successes: 1 });
    });

    it('a stream of empty deltas that says [DONE] alone moves', async () => {
      await using stage = await openStage({ a: [{ stream: NOTHING }], b: healthy });
      const { text, error } = await read(await chatStream(stage.client));
      expect([text, error]).toEqual([WHOLE, undefined]);
      expect(stage.state('a')).toMatchObject({ failures: 1, successes: 0 });
    });

    it('a plain answer without words is handed on if it says why, else it moves', async () => {
      const answer = (choices: object[]) => ({ status: 200, body: { id: 'x', object: 'chat.completion', choices } });
      const empty = { index: 0, message: { role: 'assistant', content: '' } };
      const done = answer([{ ...empty, finish_reason: 'stop' }]);
      await using stage = await openStage({
        a: [done, answer([{ ...empty, finish_reason: null }]), answer([])],
        b: [],
      });
      expect((await chat(stage.client)).choices[0]?.finish_reason).toBe('stop');
      expect(stage.servers.b.calls).toBe(0);
      for (let i = 0; i < 2; i++) expect(endpoints(await PLAIN.ask(stage.client))).toEqual(['a bad-reply', 'b ok']);
      expect(stage.state('a')).toMatchObject({ failures: 2, successes: 1 });
    });

    it('a response without output is handed on', async () => {
      const ended = { type: 'response.completed', response: { id: 'resp_x', status: 'completed', output: [] } };
      await using stage = await openStage({ a: [{ stream: [ended], endMarker: false }], b: healthy });
      const [, kind] = STREAMS;
      const { events, error } = await readAll(await kind!.open(stage.client), kind!);
      expect([events, error]).toEqual([[ended], undefined]);
      expect([stage.servers.b.calls, stage.state('a').successes]).toEqual([0, 1]);
    });
  },
);
