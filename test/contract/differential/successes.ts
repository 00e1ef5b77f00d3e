// Rows: every kind of success, over many resources.
import { createReadStream } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { toFile } from 'openai';
import { ASK } from '../support/bench.ts';
import { chatCompletion } from '../support/wire.ts';
import { always, type Row } from './row.ts';

const row = (name: string, call: Row['call'], more: Partial<Row> = {}): Row => ({ name, call, ...more });
const text = (type: string, said: string) => ({ text: said, headers: { 'content-type': type } });
const wav = () => toFile(Buffer.from('RIFF....'), 'speech.wav', { type: 'audio/wav' });
const chatWith =
  (extra: object): Row['call'] =>
  (client) =>
    client.chat.completions.create({ ...ASK, ...extra });

/** Successes. */
export const successes: Row[] = [
  row('chat.completions.create', chatWith({})),
  row(
    'chat with many fields, unicode and nesting',
    chatWith({
      user: 'ünïcödé 🦜 "quoted" \u2028',
      metadata: { a: '1' },
      logit_bias: { '50256': -100 },
      n: 1,
      temperature: 0.1 + 0.2,
    }),
  ),
  row('chat with undefined and null fields', chatWith({ user: undefined, stop: null })),
  row('chat with options of the call', (client) =>
    client.chat.completions.create(ASK, {
      headers: { 'X-Call': 'yes', 'OpenAI-Beta': 'x=v1' },
      query: { a: ['1', '2'], b: { c: 'd' } },
      timeout: 7_000,
      maxRetries: 1,
    }),
  ),
  row('chat with a signal', (client) => client.chat.completions.create(ASK, { signal: new AbortController().signal })),
  row('chat with an idempotency key', (client) => client.chat.completions.create(ASK, { idempotencyKey: 'key-1' })),
  row('chat of a client with organisation, project, default headers and query', chatWith({}), {
    options: {
      organization: 'org-1',
      project: 'proj_1',
      defaultHeaders: { 'X-Default': 'd' },
      defaultQuery: { v: '1' },
      maxRetries: 0,
    },
  }),
  row('chat with a store flag', chatWith({ store: true })),
  row('chat.completions.parse', (client) =>
    client.chat.completions.parse({
      ...ASK,
      response_format: { type: 'json_schema', json_schema: { name: 'place', schema: {} } },
    }),
  ),
  row('completions.create', (client) => client.completions.create({ model: 'gpt-5', prompt: ['a', 'b'] })),
  row('embeddings.create', (client) => client.embeddings.create({ model: 'embed', input: ['a', 'b'] })),
  row('embeddings.create as floats', (client) =>
    client.embeddings.create({ model: 'embed', input: 'a', encoding_format: 'float' }),
  ),
  row('embeddings.create as base64', (client) =>
    client.embeddings.create({ model: 'embed', input: 'a', encoding_format: 'base64' }),
  ),
  row('moderations.create', (client) => client.moderations.create({ input: 'x' })),
  row('images.generate', (client) => client.images.generate({ model: 'gpt-image-1', prompt: 'x' })),
  row('images.edit', async (client) =>
    client.images.edit({ model: 'gpt-image-1', prompt: 'x', image: [await wav(), await wav()] }),
  ),
  row('audio.speech.create', (client) => client.audio.speech.create({ model: 'tts-1', voice: 'alloy', input: 'x' })),
  row('audio.transcriptions.create', async (client) =>
    client.audio.transcriptions.create({ model: 'whisper-1', file: await wav(), timestamp_granularities: ['word'] }),
  ),
  row('audio.translations.create', async (client) =>
    client.audio.translations.create({ model: 'whisper-1', file: await wav() }),
  ),
  row('responses.create', (client) => client.responses.create({ model: 'gpt-5', input: 'x', store: false })),
  row('responses.parse', (client) =>
    client.responses.parse({
      model: 'gpt-5',
      input: 'x',
      text: { format: { type: 'json_schema', name: 'place', schema: {} } },
    }),
  ),
  row('responses.retrieve', (client) => client.responses.retrieve('resp_any')),
  row('responses.retrieve with a query', (client) =>
    client.responses.retrieve('resp_any', { include: ['message.output_text.logprobs'] }),
  ),
  row('responses.cancel', (client) => client.responses.cancel('resp_any')),
  row('responses.delete, a 204', (client) => client.responses.delete('resp_any')),
  row('responses.inputItems.list', (client) =>
    client.responses.inputItems.list('resp_any', { limit: 2, order: 'asc' }),
  ),
  row('models.list', (client) => client.models.list()),
  row('models.retrieve with a name to encode', (client) => client.models.retrieve('ft:gpt/ä b')),
  row('files.list', (client) => client.files.list({ purpose: 'batch' })),
  row('files.list, every page', async (client) => {
    const ids: string[] = [];
    for await (const file of client.files.list({ limit: 2 })) ids.push(file.id);
    return ids;
  }),
  row('files.create from a File', (client) =>
    client.files.create({ purpose: 'batch', file: new File(['one', 'two'], 'ä b.jsonl', { type: 'text/plain' }) }),
  ),
  row('files.create from fs.createReadStream', (client) =>
    client.files.create({
      purpose: 'batch',
      file: createReadStream(fileURLToPath(import.meta.url)),
      expires_after: { anchor: 'created_at', seconds: 3600 },
    }),
  ),
  row('files.retrieve', (client) => client.files.retrieve('file_any')),
  row('files.delete', (client) => client.files.delete('file_any')),
  row('files.content', (client) => client.files.content('file_any')),
  row('uploads: create, part, complete', async (client) => {
    const upload = await client.uploads.create({ bytes: 3, filename: 'a', mime_type: 'text/plain', purpose: 'batch' });
    const part = await client.uploads.parts.create(upload.id, { data: await toFile(Buffer.from('abc'), 'a') });
    return client.uploads.complete(upload.id, { part_ids: [part.id] });
  }),
  row('fineTuning.jobs.list', (client) => client.fineTuning.jobs.list({ limit: 2 })),
  row('batches.create', (client) =>
    client.batches.create({ input_file_id: 'file_any', endpoint: '/v1/responses', completion_window: '24h' }),
  ),
  row('conversations.create and retrieve', async (client) => {
    const { id } = await client.conversations.create({ metadata: { a: 'b' } });
    return client.conversations.retrieve(id);
  }),
  row('threads.create and a run that is polled', async (client) => {
    const { id } = await client.beta.threads.create({});
    return client.beta.threads.runs.createAndPoll(id, { assistant_id: 'asst_any' });
  }),
  row('vectorStores.create and uploadAndPoll', async (client) => {
    const { id } = await client.vectorStores.create({ name: 'x' });
    return client.vectorStores.files.uploadAndPoll(id, await wav());
  }),
  ...(['get', 'post', 'put', 'patch', 'delete'] as const).map((method) =>
    row(`raw client.${method}`, (client) =>
      client[method]('/echo', { query: { q: 'x y' }, ...(method === 'get' ? {} : { body: { a: [1] } }) }),
    ),
  ),
  row(
    'raw post with a string body and an own content type',
    (client) => client.post('/unknown/path', { body: 'plain text', headers: { 'content-type': 'text/plain' } }),
    { script: () => text('text/plain', 'pong') },
  ),
  row('raw post with bytes', (client) => client.post('/unknown/path', { body: Buffer.from([0, 255, 1]) }), {
    script: () => ({ json: { ok: true } }),
  }),
  row('raw get of an unknown path that answers HTML', (client) => client.get('/unknown/path'), {
    script: () => text('text/html', '<html></html>'),
  }),
  row('raw get of an unknown path that answers nothing', (client) => client.get('/unknown/path'), {
    script: () => ({ text: '' }),
  }),
  row('request() with every field', (client) =>
    client.request({
      method: 'post',
      path: '/chat/completions',
      body: ASK,
      headers: { 'x-a': 'b' },
      query: { q: '1' },
      timeout: 5_000,
    }),
  ),

  always(
    'a body under application/json with a charset',
    { text: '{"id":1}', headers: { 'content-type': 'application/json; charset=utf-8' } },
    (client) => client.models.retrieve('x'),
  ),
  always(
    'a body under a +json type',
    { text: '{"id":1}', headers: { 'content-type': 'application/vnd.api+json' } },
    (client) => client.models.retrieve('x'),
  ),
  always('a 201', { status: 201, json: chatCompletion('gpt-5', 'made') }),
  always('a compressed body', {
    bytes: gzipSync(JSON.stringify(chatCompletion('gpt-5', 'z'.repeat(10_000)))),
    headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
  }),
  always('a body of 2 MB', { json: chatCompletion('gpt-5', 'ä'.repeat(1_000_000)) }),
  always('many headers, some twice', {
    json: chatCompletion('gpt-5', 'x'),
    headers: {
      'set-cookie': ['a=1', 'b=2'],
      'x-ratelimit-remaining-requests': '99',
      'openai-processing-ms': '12',
      'openai-organization': 'org',
    },
  }),
  always('an empty content with a finish_reason', { json: chatCompletion('gpt-5', '') }),
  always('a refusal', { json: chatCompletion('gpt-5', '', { content: null, refusal: 'No.' }) }),
  always('a finish_reason of the content filter', { json: chatCompletion('gpt-5', '', {}, 'content_filter') }),
  always('fields nobody knows yet', { json: { ...chatCompletion('gpt-5', 'x'), brand_new: { deep: [null] } } }),
  always('no request id', { json: chatCompletion('gpt-5', 'x'), headers: { 'x-request-id': [] } }),
  ...['srt', 'text', 'vtt'].map((response_format) =>
    always(
      `a transcription as ${response_format}`,
      text('text/plain; charset=utf-8', '1\n00:00 --> 00:01\nHi\n'),
      async (client) =>
        client.audio.transcriptions.create({
          model: 'whisper-1',
          file: await wav(),
          response_format: response_format as 'srt',
        }),
    ),
  ),
  always('a transcription as text that happens to be JSON', text('text/plain', '42'), async (client) =>
    client.audio.transcriptions.create({ model: 'whisper-1', file: await wav(), response_format: 'text' }),
  ),
  always(
    'the content of an empty file',
    { bytes: Buffer.alloc(0), headers: { 'content-type': 'application/octet-stream' } },
    (client) => client.files.content('file_any'),
  ),
  always('the content of a file that is HTML', text('text/html', '<html></html>'), (client) =>
    client.files.content('file_any'),
  ),
  always(
    'the content of a file that is an error object in JSON',
    { json: { error: { message: 'my own file' } } },
    (client) => client.files.content('file_any'),
  ),
  always('an empty page', { json: { object: 'list', data: [], has_more: false } }, (client) => client.files.list()),
];
