// Row 51: what comes back is no HTTP, or contradicts itself.
import { expect, it } from 'vitest';
import type { ServerRequest, Step } from '../../src/testing/index.ts';
import { chat, chatStream, failure, read, servedBy } from '../support/calls.ts';
import { timed } from '../support/lag.ts';
import { scenario } from '../support/scenario.ts';
import { openStage } from '../support/stage.ts';
import { saying } from './error-text.ts';
import { row } from './row.ts';

const HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n';
/** Nothing of these can be believed. */
const BROKEN: Readonly<Record<string, Step>> = {
  'bytes that are no HTTP': 'garbage',
  'half a header': 'half-headers',
  'two lengths that contradict each other': 'conflicting-length',
  'lines that end in a bare LF': 'bare-lf',
  'a length and chunks': { raw: `${HEAD}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n` },
  'a length below zero': { raw: `${HEAD}content-length: -2\r\n\r\n{}` },
  'a broken chunk size': { raw: `${HEAD}transfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n` },
  'a folded header': { raw: `${HEAD}x-a: 1\r\n  2\r\ncontent-length: 9999\r\n\r\n{}` },
  'a status that is none': { raw: 'HTTP/1.1 20 OK\r\ncontent-length: 2\r\n\r\n{}' },
  'another protocol': { raw: 'SSH-2.0-OpenSSH_9.6\r\n' },
  'a NUL in a header': { raw: `${HEAD}x-a: a\0b\r\ncontent-length: 2\r\n\r\n{}` },
  'an upgrade nobody asked for': {
    raw: 'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n',
    end: 'open',
  },
};

const SSE = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n';
const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;
const word = (content: string) =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', choices: [{ index: 0, delta: { content }, finish_reason: null }] })}\n\n`;
const NO_CHUNK = 'zz\r\nmore\r\n';

row(51, 'no HTTP, contradicting lengths, broken lines', 'fails over, counts', () => {
  it('the next endpoint answers a call and a stream, at once; each was sent here once', async () => {
    for (const [what, step] of Object.entries(BROKEN)) {
      await using stage = await openStage({ a: step, b: [] });
      const { client, servers, state, events } = stage;
      const { value, error, ms, lag } = await timed(async () => [
        servedBy(await chat(client)),
        (await read(await chatStream(client))).text,
      ]);
      expect(error, what).toBeUndefined();
      expect(value, what).toEqual(['b', 'Hello from b.']);
      expect(ms - lag, what).toBeLessThan(200);
      expect([servers.a.calls, servers.b.calls], what).toEqual([2, 2]);
      for (const { endpoint, verdict } of events.of('attempt-end').filter(({ endpoint }) => endpoint === 'a'))
        expect(['connection-lost', 'bad-reply'], `${what} at ${endpoint}`).toContain(verdict);
      expect(state('a'), what).toMatchObject({ failures: 2, cooldowns: [], inFlight: 0 });
    }
  });

  it('five in a row eject it', async () => {
    await using stage = await openStage({ a: 'garbage', b: [] });
    for (let call = 0; call < 6; call++) expect(servedBy(await chat(stage.client))).toBe('b');
    expect([stage.servers.a.calls, stage.servers.b.calls]).toEqual([5, 6]);
    expect(stage.state('a').breaker).toBe('open');
  });

  it('a header that comes twice is no fault: the answer is taken', async () => {
    await scenario()
      .endpoints({ a: ['duplicate-headers'], b: [] })
      .call('gpt-5')
      .expect({ served: 'a', attempts: ['a'], verdicts: ['ok'], calls: { a: 1, b: 0 } });
  });

  it('a stream that breaks its chunks moves before its first word, and throws after it', async () => {
    await scenario()
      .endpoints({ a: [{ raw: SSE + NO_CHUNK }], b: [] })
      .call('gpt-5', { stream: true })
      .expect({ served: 'b', text: 'Hello from b.', calls: { a: 1, b: 1 } });
    await scenario()
      .endpoints({ a: [{ raw: [SSE + chunk(word('one')), { wait: 20 }, NO_CHUNK] }], b: [] })
      .call('gpt-5', { stream: true })
      .expect({ served: null, text: 'one', error: { name: 'APIConnectionError' }, calls: { a: 1, b: 0 } }, saying());
  });

  it('an upload is not sent twice: it may have been done, and the error says so', async () => {
    await scenario()
      .endpoints({ a: ['garbage'], b: [] })
      .does(({ client }) => client.files.create({ file: new File(['x'], 'x.txt'), purpose: 'batch' }))
      .expect({ served: null, error: { name: 'APIConnectionError', maybeExecuted: true }, calls: { a: 1, b: 0 } });
  });

  it('alone: an APIConnectionError; a key that came back in the garbage is not in it', async () => {
    for (const [what, step] of Object.entries(BROKEN)) {
      await using stage = await openStage({ a: step }, { maxRetries: 0 });
      const error = await failure(chat(stage.client));
      expect(error.constructor.name, what).toBe('APIConnectionError');
      expect(stage.servers.a.calls, what).toBe(1);
    }
    const echo = (request: ServerRequest) => ({ raw: `nonsense ${request.apiKey}\r\n\r\n` });
    await scenario()
      .endpoints({ a: echo })
      .options({ maxRetries: 0 })
      .call('gpt-5')
      .expect({ served: null }, saying('nonsense'));
  });
});
