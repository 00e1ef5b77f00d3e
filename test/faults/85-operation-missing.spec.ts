// Row 85: an endpoint lacks an operation that others have.
import OpenAI from 'openai';
import { expect, it } from 'vitest';
import { attemptsOf } from '../../src/index.ts';
import { manualClock, type Script, type Step } from '../../src/testing/index.ts';
import { chat, failure, many, servedBy } from '../support/calls.ts';
import { openStage } from '../support/stage.ts';
import { saying } from './error-text.ts';
import { row } from './row.ts';

const MINUTE = 60_000;
/** As servers that lack a path answer: OpenAI’s words, FastAPI’s, a web server’s page, nothing. */
const LACKS: readonly Step[] = [
  { status: 404, code: null, message: 'Invalid URL (POST /v1/responses)' },
  { status: 404, body: { detail: 'Not Found' } },
  { status: 405, body: { detail: 'Method Not Allowed' } },
  { status: 404, body: '<html>404 Not Found</html>' },
  { status: 404, body: '' },
  501,
];
const lacks =
  (route: string, step: Step = LACKS[0]!, method = 'POST'): Script =>
  (request) =>
    request.route === route && request.method === method ? step : 'ok';
const respond = ({ client }: { client: OpenAI }) => client.responses.create({ model: 'gpt-5', input: 'x' });
const tried = (answer: unknown) => attemptsOf(answer).map(({ endpoint }) => endpoint);

row(
  85,
  'an operation that an endpoint lacks: 404, 405 or 501 on a path without an id',
  'fails over, neutral; that operation is left alone there for 10 min, the others are unaffected',
  () => {
    it('whatever it says: the next endpoint answers, and this operation alone is kept away', async () => {
      for (const step of LACKS) {
        const clock = manualClock();
        await using stage = await openStage({ a: lacks('/responses', step), b: [] }, { clock });
        const what = JSON.stringify(step);
        expect(
          attemptsOf(await respond(stage)).map(({ verdict }) => verdict),
          what,
        ).toEqual(['operation-missing', 'ok']);
        expect(stage.state('a'), what).toMatchObject({
          ...{ breaker: 'closed', models: [], failures: 0, excluded: null },
          cooldowns: [{ model: '(post responses)', reason: 'operation not found', msLeft: 10 * MINUTE }],
        });
        expect(servedBy(await chat(stage.client)), what).toBe('a');
        await clock.advance(10 * MINUTE - 1);
        expect(tried(await respond(stage)), what).toEqual(['b']);
        await clock.advance(1);
        expect(tried(await respond(stage)), what).toEqual(['a', 'b']);
      }
    });

    it('what stands beside it in the path, or is another method of it, is another operation', async () => {
      const speech = { model: 'tts-1', voice: 'alloy', input: 'x' } as const;
      const file = () => new File(['x'], 'x.wav');
      await using stage = await openStage({ a: lacks('/audio/speech'), b: [] });
      const { client, servers } = stage;
      await client.audio.speech.create(speech);
      await client.audio.transcriptions.create({ model: 'gpt-5', file: file() });
      expect(servers.a.requests.map(({ route }) => route)).toEqual(['/audio/speech', '/audio/transcriptions']);
      // Most servers know no list of chats: 405.
      servers.a.script(lacks('/chat/completions', 405, 'GET'));
      await client.chat.completions.list();
      expect(servedBy(await chat(client))).toBe('a');
    });

    it('a 404 by an endpoint that served the operation within ten minutes is about that one call', async () => {
      const clock = manualClock();
      await using stage = await openStage({ a: ['ok', ...LACKS, 'ok', 404], b: [] }, { clock });
      await respond(stage);
      for (const _ of LACKS) expect(tried(await respond(stage))).toEqual(['a', 'b']);
      expect(stage.state('a').cooldowns).toEqual([]);
      expect(tried(await respond(stage))).toEqual(['a']);
      await clock.advance(10 * MINUTE);
      expect(tried(await respond(stage))).toEqual(['a', 'b']);
      expect(stage.state('a').cooldowns).toHaveLength(1);
    });

    it('a caller’s mistakes, however many, keep no operation from anybody', async () => {
      const said = (message: string) => ({ status: 404, body: { error: { message, param: 'model', code: null } } });
      const wrong: readonly Step[] = [
        said('This is not a chat model and thus not supported in the v1/chat/completions endpoint.'),
        said('This model is only supported in v1/responses and not in v1/chat/completions.'),
        { status: 404, code: null, message: "No assistant found with id 'asst_1'." },
        { status: 404, body: { error: { message: 'model "x" not found, try pulling it first' } } },
      ];
      const script: Script = ({ model, number }) => (model === 'wrong' ? wrong[number % wrong.length]! : 'ok');
      await using stage = await openStage({ a: script, b: script });
      await many(40, 4, () => chat(stage.client, { model: 'wrong' }).catch(() => undefined));
      for (let call = 0; call < 5; call++) expect(servedBy(await chat(stage.client))).toBe('a');
      expect(stage.state('a')).toMatchObject({ breaker: 'closed', failures: 0, excluded: null });
    });

    it('lacked everywhere, or alone: the NotFoundError at once, each endpoint asked once; then once more per call', async () => {
      await using stage = await openStage({ a: lacks('/responses'), b: lacks('/responses') });
      const first = await failure(respond(stage));
      expect(first).toBeInstanceOf(OpenAI.NotFoundError);
      expect(tried(first)).toEqual(['a', 'b']);
      expect(stage.events.of('call-waiting')).toEqual([]);
      const later = await failure(respond(stage));
      expect(later).toBeInstanceOf(OpenAI.NotFoundError);
      saying('Invalid URL')(stage, { error: later } as never);
      // It got it meanwhile: the refusal is over.
      stage.servers.a.script('ok');
      stage.servers.b.script('ok');
      await respond(stage);
      const { a, b } = { a: stage.state('a').cooldowns, b: stage.state('b').cooldowns };
      expect([a.length, b.length].sort()).toEqual([0, 1]);
    });
  },
);
