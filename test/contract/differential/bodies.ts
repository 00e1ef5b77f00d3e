// Rows: what comes with a 200. Streams of every API must be equal event by event; answers that are none are where we mean
// to differ, because the SDK hands them out as if they were answers.
import { expect } from 'vitest';
import {
  apiError,
  chatChunk,
  chatChunks,
  chatCompletion,
  DONE,
  responseEvents,
  responseObject,
  runEvents,
} from '../support/wire.ts';
import type { Observed } from './observe.ts';
import { always, chat, chatStream, type Row } from './row.ts';

const WORDS = ['Hel', 'lo ', '🦜', '\n'];
const type = (value: string) => ({ 'content-type': value });
const responseStream: Row['call'] = (client) => client.responses.create({ model: 'gpt-5', input: 'x', stream: true });
const helperStream: Row['call'] = (client) =>
  client.chat.completions.stream({ model: 'gpt-5', messages: [] }).finalChatCompletion();
const responseHelper: Row['call'] = (client) => client.responses.stream({ model: 'gpt-5', input: 'x' }).finalResponse();
const content = (said: string) => chatChunk('gpt-5', { content: said });
const finished = chatChunk('gpt-5', {}, 'stop');
const bytesOf = (events: readonly unknown[], newline = '\n') =>
  events
    .map((event) => (typeof event === 'string' ? event : `data: ${JSON.stringify(event)}\n\n`))
    .join('')
    .replaceAll('\n', newline);
const failed = (status: string) => {
  const response = {
    ...responseObject('resp_1', 'gpt-5', 'x', status),
    error: { code: 'server_error', message: 'model broke' },
  };
  return [
    ...responseEvents('resp_1', 'gpt-5', ['x']).slice(0, -1),
    { type: `response.${status}`, sequence_number: 9, response },
  ];
};

/** The SDK resolves or ends quietly; we throw an error of the SDK's family, after the same single request. */
const refused = (why: string, shown?: object): NonNullable<Row['differs']> => ({
  why,
  check: (ours, plain) => {
    expect(ours.wire).toEqual(plain.wire);
    const ended = (ours.result as { ended?: { classes?: string[] } } | undefined)?.ended;
    const error = ours.error ?? (ended as Record<string, unknown> | undefined);
    expect(error?.classes, 'must throw').toContain('OpenAIError');
    expect(error?.name).not.toBe('SyntaxError');
    if (shown) expect(ours).toMatchObject(shown);
  },
});
const BAD = 'api.md, Verdicts: bad 200s fail, they are not answers';
const SHORT = 'design.md §4: never a silent short end';

/** Streams and odd answers. */
export const bodies: Row[] = [
  always('a chat stream', { sse: chatChunks('gpt-5', WORDS) }, chatStream),
  always(
    'a chat stream of 2,000 chunks',
    {
      sse: chatChunks(
        'gpt-5',
        Array.from({ length: 2_000 }, (_, i) => `w${i} `),
      ),
    },
    chatStream,
  ),
  always(
    'a chat stream with comments, pings and unknown fields',
    { sse: [': ping\n\n', 'id: 7\nretry: 10\n\n', ...chatChunks('gpt-5', WORDS)] },
    chatStream,
  ),
  always(
    'a chat stream with CRLF',
    { bytes: Buffer.from(bytesOf(chatChunks('gpt-5', WORDS), '\r\n')), headers: type('text/event-stream') },
    chatStream,
  ),
  always('a chat stream without [DONE] after its finish_reason', { sse: [content('Hi'), finished] }, chatStream),
  always('a chat stream whose [DONE] comes without finish_reason', { sse: [content('Hi'), DONE] }, chatStream),
  always('a chat stream with text after [DONE]', { sse: [content('Hi'), finished, DONE, content('late')] }, chatStream),
  always('a chat stream that begins with content', { sse: [content('Hi'), finished, DONE] }, chatStream),
  always(
    'a chat stream with an empty answer that is finished',
    { sse: [chatChunk('gpt-5', { role: 'assistant', content: '' }), finished, DONE] },
    chatStream,
  ),
  always(
    'a chat stream of two choices',
    {
      sse: [
        content('a'),
        { ...content('b'), choices: [{ index: 1, delta: { content: 'b' }, finish_reason: 'stop' }] },
        finished,
        DONE,
      ],
    },
    chatStream,
  ),
  always(
    'a chat stream with reasoning text of another vendor',
    { sse: [chatChunk('m', { reasoning_content: 'hm' }), content('x'), finished, DONE] },
    chatStream,
  ),
  always(
    'a chat stream with a prompt filter result first, as Azure sends it',
    {
      sse: [
        { id: '', object: '', created: 0, model: '', choices: [], prompt_filter_results: [{}] },
        ...chatChunks('gpt-5', WORDS),
      ],
    },
    chatStream,
  ),
  always(
    'a chat stream under text/plain',
    { text: bytesOf(chatChunks('gpt-5', WORDS)), headers: type('text/plain') },
    chatStream,
  ),
  always(
    'a chat stream with an error after content',
    { sse: [content('Hi'), { error: { message: 'broke', code: 'server_error', type: 'server_error', param: null } }] },
    chatStream,
  ),
  always(
    'a chat stream with an error event after content',
    { sse: [content('Hi'), 'event: error\ndata: {"error":{"message":"broke","code":"x"}}\n\n'] },
    chatStream,
  ),
  always(
    'a chat stream with an error first',
    { sse: [{ error: { message: 'broke', code: 'server_error', type: 'server_error', param: null } }] },
    chatStream,
    {
      differs: {
        why: 'design.md §4: an error before the first content is known before the stream is handed out, so create() rejects',
        check: (ours, plain) => {
          expect(ours.error ?? (ours.result as { ended: object }).ended).toMatchObject({
            message: 'broke',
            code: 'server_error',
            type: 'server_error',
          });
          expect(ours.wire).toEqual(plain.wire);
        },
      },
    },
  ),
  always('chat.completions.stream()', { sse: chatChunks('gpt-5', WORDS) }, helperStream),
  always(
    'completions as a stream',
    {
      sse: [
        { id: 'c', object: 'text_completion', choices: [{ index: 0, text: 'a', finish_reason: null }] },
        { id: 'c', object: 'text_completion', choices: [{ index: 0, text: '', finish_reason: 'stop' }] },
        DONE,
      ],
    },
    (client) => client.completions.create({ model: 'm', prompt: 'x', stream: true }),
  ),
  always('a responses stream', { sse: responseEvents('resp_1', 'gpt-5', WORDS) }, responseStream),
  always(
    'a responses stream with event types nobody knows yet',
    { sse: [{ type: 'response.brand_new', x: 1 }, ...responseEvents('resp_1', 'gpt-5', WORDS)] },
    responseStream,
  ),
  always('a responses stream that fails', { sse: failed('failed') }, responseStream),
  always(
    'a responses stream with an error event after content',
    {
      sse: [
        ...responseEvents('resp_1', 'gpt-5', ['x']).slice(0, 5),
        { type: 'error', code: 'server_error', message: 'broke', param: null, sequence_number: 5 },
      ],
    },
    responseStream,
    {
      differs: {
        why: 'openai 7 throws it, 6 hands it out as an event and ends quietly; we never end quietly',
        check: (ours, plain) => {
          const ended = (of: Observed) => (of.result as { ended: unknown }).ended;
          if (ended(plain) === 'normally')
            expect(ended(ours)).toMatchObject({ message: expect.stringMatching(/broke|end/) });
          else expect(ours).toEqual(plain);
        },
      },
    },
  ),
  always('a responses stream that is incomplete', { sse: failed('incomplete') }, responseStream),
  always(
    'a responses stream that fails before any content',
    { sse: [responseEvents('r', 'm', [])[0], failed('failed').at(-1)] },
    responseStream,
  ),
  always('responses.stream()', { sse: responseEvents('resp_1', 'gpt-5', WORDS) }, responseHelper),
  always('an assistants stream', { sse: runEvents('thread_any', WORDS) }, (client) =>
    client.beta.threads.runs.create('thread_any', { assistant_id: 'asst_any', stream: true }),
  ),
  always(
    'a speech stream of events',
    {
      sse: [
        { type: 'speech.audio.delta', audio: 'AAAA' },
        { type: 'speech.audio.done', usage: {} },
      ],
    },
    (client) => client.audio.speech.create({ model: 'tts', voice: 'alloy', input: 'x', stream_format: 'sse' }),
  ),
  always(
    'an image stream',
    {
      sse: [
        { type: 'image_generation.partial_image', b64_json: 'AAAA' },
        { type: 'image_generation.completed', b64_json: 'AAAA' },
      ],
    },
    (client) => client.images.generate({ model: 'gpt-image-1', prompt: 'x', stream: true }),
  ),
  always('a stream of an unknown path that ends without a marker', { sse: [{ any: 1 }, { any: 2 }] }, (client) =>
    client.post('/unknown/path', { body: {}, stream: true }),
  ),

  always('a chat stream cut after content', { sse: [content('Hi')] }, chatStream, {
    differs: refused(SHORT, { result: { events: [content('Hi')] } }),
  }),
  always(
    'a chat stream that ends after the role',
    { sse: [chatChunk('gpt-5', { role: 'assistant', content: '' })] },
    chatStream,
    { differs: refused(SHORT) },
  ),
  always('a chat stream of nothing', { sse: [] }, chatStream, { differs: refused(SHORT) }),
  always('a chat stream of [DONE] alone', { sse: [DONE] }, chatStream, { differs: refused(BAD) }),
  always('a chat stream cut inside an event', { sse: [content('Hi'), 'data: {"id":"chatc'] }, chatStream, {
    differs: refused(SHORT),
  }),
  always('a chat stream with garbage', { sse: [content('Hi'), 'data: {not json}\n\n'] }, chatStream, {
    differs: refused('behaviour.md row 25: a typed error, not a SyntaxError'),
  }),
  always(
    'a chat stream whose connection is reset',
    {
      text: bytesOf([content('Hi')]),
      headers: { ...type('text/event-stream'), 'content-length': '9000' },
      cutAfter: 9000,
    },
    chatStream,
    {
      differs: refused('behaviour.md row 26: a connection error of the SDK, not a bare TypeError'),
    },
  ),
  always(
    'a responses stream cut after content',
    { sse: responseEvents('resp_1', 'gpt-5', WORDS).slice(0, 6) },
    responseStream,
    { differs: refused(SHORT) },
  ),
  always('a stream call answered with HTML', { text: '<html></html>', headers: type('text/html') }, chatStream, {
    differs: refused(BAD),
  }),
  always('chat answered with HTML', { text: '<html></html>', headers: type('text/html') }, chat, {
    differs: refused(BAD),
  }),
  always('chat answered with nothing', { text: '', headers: type('application/json') }, chat, {
    differs: refused(BAD),
  }),
  always('chat answered with a 204', { status: 204 }, chat, { differs: refused(BAD) }),
  always('chat answered with cut JSON', { text: '{"id":"chatcm', headers: type('application/json') }, chat, {
    differs: refused(BAD),
  }),
  always(
    'chat whose body is cut off by a reset',
    { json: chatCompletion('gpt-5', 'x'), headers: { 'content-length': '9000' }, cutAfter: 50 },
    chat,
    { differs: refused(BAD) },
  ),
  always('chat answered with an error object', { json: apiError('inner', { code: 'inner_code' }) }, chat, {
    differs: refused(BAD, { error: { code: 'inner_code' } }),
  }),
  always('chat answered without choices in them', { json: { ...chatCompletion('gpt-5', 'x'), choices: [] } }, chat, {
    differs: refused(BAD),
  }),
  always("chat answered with finish_reason: 'error'", { json: chatCompletion('gpt-5', '', {}, 'error') }, chat, {
    differs: refused(BAD),
  }),
  always(
    'a list answered with HTML',
    { text: '<html></html>', headers: type('text/html') },
    (client) => client.files.list(),
    { differs: refused(BAD) },
  ),
  always(
    'a list answered with cut JSON',
    { text: '{"object":"list","da', headers: type('application/json') },
    (client) => client.models.list(),
    { differs: refused(BAD) },
  ),
  always(
    'valid JSON under text/plain',
    { text: JSON.stringify(chatCompletion('gpt-5', 'x')), headers: type('text/plain') },
    chat,
    {
      differs: {
        why: 'api.md, JSON operations: valid JSON under a wrong content type is parsed',
        check: (ours) => expect(ours.result).toMatchObject({ json: { object: 'chat.completion' } }),
      },
    },
  ),
  always('valid JSON without any content type', { text: JSON.stringify(chatCompletion('gpt-5', 'x')) }, chat, {
    differs: {
      why: 'api.md, JSON operations: valid JSON under a wrong content type is parsed',
      check: (ours) => expect(ours.result).toMatchObject({ json: { object: 'chat.completion' } }),
    },
  }),
];
