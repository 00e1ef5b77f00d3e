// Streams: every named fault and every place one can strike, seen byte by byte.
import { describe, expect, it } from 'vitest';
import { STEP_NAMES } from '../../src/testing/step-names.ts';
import { bench, close, contentEvents, DONE, status, unchunk } from './observe.ts';

const FIRST = /"content":"a-0 "/;
const { send, stream, idle } = bench();

/** What is seen of each stream by name. */
const SEEN: Record<string, () => Promise<void>> = {
  'sse-error': async () => {
    const reply = await stream('sse-error', close);
    expect(unchunk(reply)).toMatchObject({ complete: true, text: expect.stringMatching(/^data: {"error":/) });
  },
  'sse-stall': async () => {
    const reply = await stream('sse-stall');
    expect(reply.head).toContain('text/event-stream');
    expect([status(reply), reply.body, reply.end]).toEqual([200, '', 'open']);
  },
  'sse-comments': async () => {
    const reply = await stream({ step: 'sse-comments', every: 5 }, { limit: 500 });
    expect(unchunk(reply).text.replaceAll(': keep-alive\n\n', '')).toBe('');
    await idle();
  },
  'sse-cut': async () => {
    const reply = await stream('sse-cut');
    expect([contentEvents(reply), reply.end, unchunk(reply).complete]).toEqual([3, 'reset', false]);
  },
  'sse-half-frame': async () => {
    const reply = await stream('sse-half-frame', close);
    const { text, complete } = unchunk(reply);
    expect([contentEvents(reply), reply.end, complete]).toEqual([3, 'fin', true]);
    expect(text.endsWith('\n\n')).toBe(false);
  },
  'sse-garbage': async () => {
    const reply = await stream('sse-garbage', close);
    const last = unchunk(reply).text.split('\n\n').at(-2) ?? '';
    expect(contentEvents(reply)).toBe(3);
    expect(() => JSON.parse(last.slice(6))).toThrow();
  },
  'sse-no-end': async () => {
    const reply = await stream('sse-no-end', close);
    const { text, complete } = unchunk(reply);
    expect([contentEvents(reply), complete, reply.end]).toEqual([10, true, 'fin']);
    expect(text).not.toMatch(/\[DONE\]|"finish_reason":"/);
  },
  'sse-open': async () => {
    const reply = await stream('sse-open');
    expect([unchunk(reply).text.endsWith(DONE), reply.end]).toEqual([true, 'open']);
  },
};

describe('a stream by name', () => {
  for (const [name, see] of Object.entries(SEEN)) it(name, see);
  it('is described for each name there is', () =>
    expect(Object.keys(SEEN)).toEqual(Object.keys(STEP_NAMES).filter((name) => name.startsWith('sse-'))));
});

describe('a stream', () => {
  it('has as many content events as asked for, each naming the server', async () => {
    const { text } = unchunk(await stream({ stream: 4 }, close));
    expect(text.match(/"content":"[^"]+"/g)).toEqual([0, 1, 2, 3].map((i) => `"content":"a-${i} "`));
    expect(text).toMatch(/"role":"assistant".*"finish_reason":"stop".*\[DONE\]\n\n$/s);
  });
  it('says the text it was given, in that many events', async () => {
    const { text } = unchunk(await stream({ stream: 3, text: 'Bonjour', finishReason: 'length' }, close));
    expect([...text.matchAll(/"content":"([^"]+)"/g)].map((match) => match[1])).toEqual(['Bo', 'nj', 'our']);
    expect(text).toContain('"finish_reason":"length"');
  });
  it('carries own events as they are', async () => {
    const { text } = unchunk(await stream({ stream: [{ n: 1 }, ': ping\n\n'], keepOpen: false }, close));
    expect(text).toBe(`data: {"n":1}\n\n: ping\n\n${DONE}`);
  });
  it('can be cut anywhere and in four ways', async () => {
    const early = await stream({ stream: 5, cutAfter: 'headers', cut: 'close' });
    expect([early.end, early.body]).toEqual(['fin', '']);
    const preamble = await stream({ stream: 5, cutAfter: 0, cut: 'end' }, close);
    expect(unchunk(preamble)).toMatchObject({ complete: true, text: expect.not.stringMatching(FIRST) });
    expect(unchunk(preamble).text).toContain('"role":"assistant"');
    const all = await stream({ stream: 5, cutAfter: 5, cut: 'reset' });
    expect([contentEvents(all), all.end]).toEqual([5, 'reset']);
    expect(unchunk(all).text).not.toContain('"finish_reason":"stop"');
  });
  it('can be cut at any byte', async () => {
    const whole = unchunk(await stream({ stream: 2 }, close)).text.length;
    for (const cutAtByte of [0, 1, 7, whole - 1]) {
      const reply = await stream({ stream: 2, cutAtByte, cut: 'end' }, close);
      expect(unchunk(reply)).toMatchObject({ complete: true });
      expect(unchunk(reply).text).toHaveLength(cutAtByte);
    }
    expect((await stream({ stream: 2, cutAtByte: 9 })).end).toBe('reset');
  });
  it('stalls, errs and babbles after so many events', async () => {
    const stalled = await stream({ stream: 5, stallAfter: 2 });
    expect([contentEvents(stalled), stalled.end]).toEqual([2, 'open']);
    const error = { message: 'no', code: 'server_is_overloaded' };
    const erring = unchunk(await stream({ stream: 5, errorAfter: 2, error, errorAs: 'event' }, close));
    expect(erring.text).toContain(
      '\n\nevent: error\ndata: {"error":{"message":"no","code":"server_is_overloaded"}}\n\n',
    );
    const talk = await stream({ stream: 5, commentsAfter: 1, every: 5 }, { limit: 1_500 });
    expect(contentEvents(talk)).toBe(1);
    expect(unchunk(talk).text).toContain(': keep-alive\n\n');
    await idle();
  });
  it('waits between events and splits them into chunks', async () => {
    const reply = await stream({ stream: 5, gap: 20 }, close);
    expect(reply.times.at(-1)).toBeGreaterThanOrEqual(95);
    const chunked = await stream({ stream: 2, chunkBytes: 7 }, close);
    expect(chunked.body.match(/^7\r$/gm)?.length).toBeGreaterThan(20);
    expect(contentEvents(chunked)).toBe(2);
  });
  it('of a call that asked for none is its JSON in as many pieces, with the same faults', async () => {
    const whole = unchunk(await send({ stream: 4 }, close));
    expect(JSON.parse(whole.text)).toMatchObject({ object: 'chat.completion' });
    const half = await send({ stream: 4, cutAfter: 2 });
    expect(unchunk(half).text.length).toBeGreaterThan(50);
    expect(() => JSON.parse(unchunk(half).text)).toThrow();
    expect(half.end).toBe('reset');
  });
  it('cut by RST delivers every event before the cut, every time', async () => {
    for (let i = 0; i < 100; i++) expect(contentEvents(await stream({ stream: 20, cutAfter: 7 }))).toBe(7);
  });
});
