// Row 52: faults of HTTP/2, for an endpoint whose agent speaks it.
import { constants, type ServerHttp2Stream } from 'node:http2';
import { expect } from 'vitest';
import { attemptsOf } from '../../src/index.ts';
import { chat, FULL, failure, many, servedBy, tally } from '../support/calls.ts';
import { begin, type H2Step, h2Server } from '../support/h2-server.ts';
import { timed } from '../support/lag.ts';
import { sinceNode } from '../support/node.ts';
import { openStage, type Stage } from '../support/stage.ts';
import { textOf } from './error-text.ts';
import { row } from './row.ts';

const upload = ({ client }: Stage) => client.files.create({ file: new File(['x'], 'x.txt'), purpose: 'batch' });
/** The HTTP/2 of older Nodes' fetch is an experiment, and hangs when a stream is reset. */
const spoken = sinceNode(24);
const goaway = (code: number) => (stream: ServerHttp2Stream) => {
  stream.session?.goaway(code, 0);
  stream.session?.destroy();
};
const { NGHTTP2_NO_ERROR, NGHTTP2_ENHANCE_YOUR_CALM, NGHTTP2_INTERNAL_ERROR, NGHTTP2_CANCEL, NGHTTP2_REFUSED_STREAM } =
  constants;

/** The request arrived, nothing came back. */
const LOST: Readonly<Record<string, H2Step>> = {
  GOAWAY: goaway(NGHTTP2_NO_ERROR),
  'GOAWAY for too many calls': goaway(NGHTTP2_ENHANCE_YOUR_CALM),
  'the connection dropped': (stream) => stream.session?.destroy(),
  'reset with INTERNAL_ERROR': NGHTTP2_INTERNAL_ERROR,
  'reset with ENHANCE_YOUR_CALM': NGHTTP2_ENHANCE_YOUR_CALM,
  'reset with CANCEL': NGHTTP2_CANCEL,
};

row(
  52,
  'HTTP/2: GOAWAY, streams reset',
  'fails over, counts; on a connection that served before once more on the same endpoint',
  () => {
    spoken('the next endpoint answers, at once', async () => {
      for (const [what, step] of Object.entries({ ...LOST, 'reset with REFUSED_STREAM': NGHTTP2_REFUSED_STREAM })) {
        await using server = await h2Server(step);
        await using stage = await openStage({ a: server.endpoint, b: [] });
        const { value, ms, lag } = await timed(() => chat(stage.client));
        expect(
          attemptsOf(value).map(({ endpoint }) => endpoint),
          what,
        ).toEqual(['a', 'b']);
        expect(ms - lag, what).toBeLessThan(200);
        expect([server.calls, stage.servers.b.calls], what).toEqual([1, 1]);
        expect(stage.state('a'), what).toMatchObject({ failures: 1, breaker: 'closed', cooldowns: [], inFlight: 0 });
        expect(attemptsOf(await chat(stage.client))).toMatchObject([{ endpoint: 'a', verdict: 'ok' }]);
      }
    });

    spoken('GOAWAY on a connection that served before: once more there, and nobody notices', async () => {
      await using server = await h2Server('ok', goaway(NGHTTP2_NO_ERROR));
      await using stage = await openStage({ a: server.endpoint, b: [] });
      await chat(stage.client);
      const answer = await chat(stage.client);
      expect(attemptsOf(answer)).toMatchObject([
        { endpoint: 'a', verdict: 'connection-lost' },
        { endpoint: 'a', verdict: 'ok' },
      ]);
      expect([server.calls, server.sessions, stage.servers.b.calls]).toEqual([3, 2, 0]);
      expect(stage.state('a').failures).toBe(0);
    });

    spoken('a storm of resets: no call is lost, the endpoint is ejected and left alone', async () => {
      const count = FULL ? 2_000 : 200;
      await using server = await h2Server(...Array.from({ length: 3 * count }, () => NGHTTP2_INTERNAL_ERROR));
      await using stage = await openStage(
        { a: server.endpoint, b: [], c: [] },
        { strategy: 'round-robin', breaker: { resetTimeout: 60_000 } },
      );
      const results = await many(count, 16, async () => servedBy(await chat(stage.client)));
      const served = results.map((result) =>
        result.status === 'fulfilled' ? String(result.value) : textOf(result.reason),
      );
      expect(Object.keys(tally(served)).sort()).toEqual(['b', 'c']);
      expect(stage.state('a')).toMatchObject({ breaker: 'open', inFlight: 0 });
      // Those on their way as it was ejected, and no more.
      expect(server.calls).toBeLessThanOrEqual(5 + 16);
    });

    spoken('reset in the middle of an answer: the next endpoint answers', async () => {
      await using server = await h2Server(
        (stream) => {
          begin(stream);
          setImmediate(() => stream.close(NGHTTP2_INTERNAL_ERROR));
        },
        (stream) => {
          begin(stream);
          setImmediate(() => stream.session?.destroy());
        },
      );
      await using stage = await openStage({ a: server.endpoint, b: [] });
      for (let call = 0; call < 2; call++) expect(servedBy(await chat(stage.client))).toBe('b');
      expect(stage.state('a')).toMatchObject({ failures: 2, inFlight: 0 });
    });

    spoken('an upload moves when its stream was refused, and is not sent twice after any other loss', async () => {
      await using server = await h2Server(NGHTTP2_REFUSED_STREAM, ...Object.values(LOST));
      await using stage = await openStage({ a: server.endpoint, b: [] }, { breaker: false });
      expect(attemptsOf(await upload(stage)).map(({ verdict }) => verdict)).toEqual(['connect-failed', 'ok']);
      for (const what of Object.keys(LOST)) {
        const error = await failure(upload(stage));
        expect({ name: error.constructor.name, done: error.maybeExecuted }, what).toEqual({
          name: 'APIConnectionError',
          done: true,
        });
      }
      expect([server.calls, stage.servers.b.calls]).toEqual([1 + Object.keys(LOST).length, 1]);
    });

    spoken('alone: an APIConnectionError, and no key in it', async () => {
      await using server = await h2Server(...Object.values(LOST));
      await using stage = await openStage({ a: server.endpoint }, { maxRetries: 0, breaker: false });
      for (const what of Object.keys(LOST)) {
        const error = await failure(chat(stage.client));
        expect(error.constructor.name, what).toBe('APIConnectionError');
        expect(textOf(error)).not.toContain(stage.keys.a);
      }
      expect(server.calls).toBe(Object.keys(LOST).length);
    });
  },
);
