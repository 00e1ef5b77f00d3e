// The tests' own tools: third-party servers really serve the SDK, certificates really certify, the control timer really sees lag.
import { X509Certificate } from 'node:crypto';
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { certificate } from '../support/certificate.ts';
import { lag, timed } from '../support/lag.ts';
import { freePort, startAimock, startSteady } from '../support/third-party.ts';

const messages = [{ role: 'user' as const, content: 'hi' }];

describe('aimock', () => {
  it('serves chat, streams, responses and embeddings', async () => {
    await using aimock = await startAimock();
    const client = new OpenAI({ apiKey: 'k', baseURL: aimock.url, maxRetries: 0 });
    const chat = await client.chat.completions.create({ model: 'gpt-5', messages });
    expect(chat.choices[0]?.message.content).toBe('Hello from aimock.');
    let text = '';
    for await (const chunk of await client.chat.completions.create({ model: 'gpt-5', messages, stream: true }))
      text += chunk.choices[0]?.delta.content ?? '';
    expect(text).toBe('Hello from aimock.');
    expect((await client.responses.create({ model: 'gpt-5', input: 'hi' })).output_text).toBe('Hello from aimock.');
    const request = { model: 'text-embedding-3-small', input: 'hi', encoding_format: 'float' as const };
    const { data } = await client.embeddings.create(request);
    expect(data[0]?.embedding).toEqual([0.25, -0.5, 0.75, 1]);
    expect((await client.models.list()).data.length).toBeGreaterThan(0);
  });

  it('can be chaotic, and stops', async () => {
    const aimock = await startAimock({ chaos: { dropRate: 1 } });
    const client = new OpenAI({ apiKey: 'k', baseURL: aimock.url, maxRetries: 0 });
    await expect(client.chat.completions.create({ model: 'gpt-5', messages })).rejects.toMatchObject({ status: 500 });
    await aimock.close();
    await aimock.close();
    await expect(client.models.list()).rejects.toThrow('Connection error');
  });
});

describe('steady', () => {
  it('serves what its document describes and refuses what it forbids', async () => {
    await using steady = await startSteady();
    const client = new OpenAI({ apiKey: 'k', baseURL: steady.url, maxRetries: 0 });
    const chat = await client.chat.completions.create({ model: 'gpt-5', messages });
    expect(chat.choices[0]?.message.content).toBe('Hello from steady.');
    const { data } = await client.embeddings.create({ model: 'text-embedding-3-small', input: 'hi' });
    expect(data[0]?.embedding).toEqual([0.25, -0.5, 0.75, 1]);
    expect((await client.models.list()).data.map(({ id }) => id)).toEqual(['gpt-5']);
    await expect(client.chat.completions.create({ model: 5 as never, messages })).rejects.toMatchObject({
      status: 400,
    });
    await steady.close();
    await expect(client.models.list()).rejects.toThrow('Connection error');
  }, 60_000);
});

describe('certificate', () => {
  it('is for whom and when it says', () => {
    const fresh = new X509Certificate(certificate().cert);
    expect([fresh.checkIP('127.0.0.1'), fresh.checkIP('127.0.0.2')]).toEqual(['127.0.0.1', undefined]);
    expect(fresh.verify(fresh.publicKey)).toBe(true);
    const old = new X509Certificate(
      certificate({ for: 'example.test', from: new Date(0), until: new Date(1_000) }).cert,
    );
    expect(old.checkHost('example.test')).toBe('example.test');
    expect(new Date(old.validTo).getTime()).toBe(1_000);
  });
});

describe('lag', () => {
  it('sees a blocked event loop, also one that is not over', async () => {
    const control = lag();
    block(60);
    expect(control.worst()).toBeGreaterThan(50);
    expect(control.stop()).toBeGreaterThan(50);
  });

  it('timed() reports the outcome, the time and the lag of it', async () => {
    const late = await timed(async () => {
      await new Promise((resolve) => setTimeout(resolve, 10));
      block(60);
      return 'done';
    });
    expect(late).toMatchObject({ value: 'done', error: undefined });
    expect(late.ms).toBeGreaterThanOrEqual(60);
    expect(late.ms - late.lag).toBeLessThan(40);
    const failed = await timed(() => {
      throw new Error('mine');
    });
    expect(String(failed.error)).toBe('Error: mine');
  });
});

describe('freePort', () => {
  it('is a port nobody listens on', async () => {
    const port = await freePort();
    await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
  });
});

function block(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}
