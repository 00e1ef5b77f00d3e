// A healthy server answers every kind of stateless SDK call so that the SDK is content.
import OpenAI, { AzureOpenAI, toFile } from 'openai';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type FaultServer, faultServer } from '../../src/testing/index.ts';

const model = 'gpt-5';
const messages = [{ role: 'user' as const, content: 'hi' }];
const HELLO = 'Hello from a.';

let server: FaultServer;
let client: OpenAI;
beforeAll(async () => {
  server = await faultServer({ name: 'a' });
  client = new OpenAI({ apiKey: 'k', baseURL: server.url, maxRetries: 0 });
});
beforeEach(() => {
  server.script('ok');
  server.reset();
});
afterAll(() => server.close());

describe('chat', () => {
  it('plain, streamed, with usage, n and store', async () => {
    const plain = await client.chat.completions.create({ model, messages, n: 2 });
    expect(plain.choices.map((choice) => choice.message.content)).toEqual([HELLO, HELLO]);
    expect(plain.usage?.total_tokens).toBeGreaterThan(0);
    const stream = client.chat.completions.stream({ model, messages, stream_options: { include_usage: true } });
    expect((await stream.finalChatCompletion()).choices[0]?.message.content).toBe(HELLO);
    expect((await stream.totalUsage()).total_tokens).toBeGreaterThan(0);
    const stored = await client.chat.completions.create({ model, messages, store: true });
    expect((await client.chat.completions.retrieve(stored.id)).id).toBe(stored.id);
  });

  it('tool calls, plain and streamed, drive runTools', async () => {
    for (const stream of [false, true] as const) {
      server.script([
        { step: 'ok', toolCalls: [{ name: 'add', arguments: { a: 2, b: 3 } }] },
        { step: 'ok', text: 'It is 5.' },
      ]);
      const seen: unknown[] = [];
      const tools = [
        {
          type: 'function' as const,
          function: {
            name: 'add',
            description: 'adds',
            parameters: { type: 'object' },
            parse: JSON.parse,
            function: (args: { a: number; b: number }) => {
              seen.push(args);
              return String(args.a + args.b);
            },
          },
        },
      ];
      const runner = stream
        ? client.chat.completions.runTools({ model, messages, tools, stream: true })
        : client.chat.completions.runTools({ model, messages, tools });
      expect(await runner.finalContent()).toBe('It is 5.');
      expect(seen).toEqual([{ a: 2, b: 3 }]);
    }
  });

  it('structured output fits its schema', async () => {
    const schema = {
      type: 'object',
      properties: {
        kind: { enum: ['x', 'y'] },
        n: { type: 'integer' },
        list: { type: 'array', items: { $ref: '#/$defs/item' } },
      },
      $defs: { item: { anyOf: [{ type: 'string' }, { type: 'null' }] } },
    };
    const format = { type: 'json_schema' as const, json_schema: { name: 's', schema } };
    const { choices } = await client.chat.completions.parse({ model, messages, response_format: format });
    expect(choices[0]?.message.parsed).toEqual({ kind: 'x', n: 1, list: ['text'] });
  });

  it('legacy completions', async () => {
    const plain = await client.completions.create({ model, prompt: 'hi' });
    expect(plain.choices[0]?.text).toBe(HELLO);
    let text = '';
    for await (const part of await client.completions.create({ model, prompt: 'hi', stream: true }))
      text += part.choices[0]?.text;
    expect(text).toBe(HELLO);
  });
});

describe('everything else that is stateless', () => {
  it('embeddings, in both encodings', async () => {
    const packed = await client.embeddings.create({ model, input: ['a', 'bb'], dimensions: 4 });
    const floats = await client.embeddings.create({
      model,
      input: ['a', 'bb'],
      dimensions: 4,
      encoding_format: 'float',
    });
    expect(packed.data).toHaveLength(2);
    expect(packed.data[0]?.embedding).toHaveLength(4);
    expect(packed.data).toEqual(floats.data);
    expect((await client.embeddings.create({ model, input: [1, 2, 3] })).data).toHaveLength(1);
  });

  it('moderations, images, audio, models', async () => {
    expect((await client.moderations.create({ input: ['a', 'b'] })).results).toHaveLength(2);
    expect((await client.images.generate({ model, prompt: 'x', n: 2 })).data?.[0]?.b64_json).toMatch(/^iVBOR/);
    const speech = await client.audio.speech.create({ model, voice: 'alloy', input: 'x', response_format: 'wav' });
    expect(speech.headers.get('content-type')).toBe('audio/wav');
    expect(Buffer.from(await speech.arrayBuffer()).toString()).toContain('a');
    const file = () => toFile(Buffer.from('abc'), 'a.wav');
    expect((await client.audio.transcriptions.create({ model, file: await file() })).text).toBe(HELLO);
    const text = await client.audio.translations.create({ model, file: await file(), response_format: 'text' });
    expect(String(text).trim()).toBe(HELLO);
    const heard: string[] = [];
    for await (const event of await client.audio.transcriptions.create({ model, file: await file(), stream: true }))
      heard.push(event.type);
    expect(heard.at(-1)).toBe('transcript.text.done');
    expect((await client.models.list()).data.map(({ id }) => id)).toContain('gpt-5');
    expect((await client.models.retrieve('gpt-5')).owned_by).toBe('a');
    await expect(client.models.retrieve('gpt-2')).rejects.toMatchObject({ status: 404, code: 'model_not_found' });
  });

  it('Azure paths', async () => {
    const azure = new AzureOpenAI({ endpoint: server.origin, apiKey: 'k', apiVersion: '2024-10-21', maxRetries: 0 });
    expect((await azure.chat.completions.create({ model: 'prod', messages })).model).toBe('prod');
    expect((await azure.responses.create({ model: 'prod', input: 'hi' })).output_text).toBe(HELLO);
    const file = await toFile(Buffer.from('abc'), 'a.wav');
    expect((await azure.audio.transcriptions.create({ model: 'prod', file })).text).toBe(HELLO);
  });

  it('an unknown path is a 404', async () => {
    await expect(client.post('/nothing/here')).rejects.toThrow('404 Invalid URL (POST /v1/nothing/here)');
  });
});
