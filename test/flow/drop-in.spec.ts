// The README's first promise: swap the import, and nothing else changes. One program, run once as it was written for the
// SDK and once with that single line changed, as processes of their own, must print and send the same.
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { account } from '../contract/support/account.ts';
import { FORMATS, type Format, install, removeInstallations } from '../contract/support/installations.ts';
import { type Seen, startUpstream, type Upstream } from '../contract/support/upstream.ts';

const IMPORTS: Record<Format, (name: string) => string> = {
  esm: (name) => `import OpenAI from '${name}';\nimport { createReadStream } from 'node:fs';`,
  cjs: (name) => `const { default: OpenAI } = require('${name}');\nconst { createReadStream } = require('node:fs');`,
};

/** Somebody's application, written for the SDK. */
const PROGRAM = `
const said = (line) => console.log(JSON.stringify(line));
const main = async () => {
  const client = new OpenAI();
  const messages = [{ role: 'user', content: 'Say hello' }];
  const answer = await client.chat.completions.create({ model: 'gpt-5', messages });
  said([answer.choices[0].message.content, answer._request_id]);
  for await (const chunk of await client.chat.completions.create({ model: 'gpt-5', messages, stream: true })) said(chunk);
  const runner = client.chat.completions.stream({ model: 'gpt-5', messages });
  runner.on('content', (delta) => said({ delta }));
  said(await runner.finalContent());
  said((await client.responses.create({ model: 'gpt-5', input: 'x' })).output_text);
  said((await client.embeddings.create({ model: 'e', input: 'x' })).data);
  for await (const file of client.files.list({ limit: 2 })) said(file);
  said(await client.files.create({ purpose: 'batch', file: createReadStream(process.argv[2]) }));
  const speech = await client.audio.speech.create({ model: 't', voice: 'alloy', input: 'x' });
  said([...new Uint8Array(await speech.arrayBuffer())]);
  said((await client.chat.completions.create({ model: 'gpt-5', messages }).withResponse()).response.status);
  said(await client.withOptions({ timeout: 5000 }).post('/echo', { body: { a: 1 } }));
  try {
    await client.chat.completions.create({ model: 'wrong', messages });
  } catch (error) {
    said([error instanceof OpenAI.BadRequestError, error.name, error.status, error.code, error.message, error.requestID]);
  }
  said([client instanceof OpenAI, typeof OpenAI.toFile, Object.keys(client).length]);
};
main();
`;

interface Run {
  stdout: string;
  stderr: string;
  sent: { method: string; url: string; headers: Record<string, unknown>; body: string }[];
}

const sent = ({ method, url, headers, raw }: Seen): Run['sent'][number] => {
  const { host: _, 'user-agent': agent, ...rest } = headers;
  const boundary = /boundary=(.+)$/.exec(rest['content-type'] ?? '')?.[1] ?? '(none)';
  const hide = (text: string) => text.replaceAll(boundary, 'BOUNDARY');
  const shown = { ...rest, 'user-agent': agent?.replace(/^\w+/, 'Client') };
  return { method, url, headers: JSON.parse(hide(JSON.stringify(shown))), body: hide(raw.toString('latin1')) };
};

describe('swap the import, and nothing else changes', () => {
  let folder: string;
  beforeAll(() => {
    folder = install('openai');
  });
  afterAll(removeInstallations);

  async function run(
    format: Format,
    name: string,
    env: (upstreams: Upstream[]) => Record<string, string>,
  ): Promise<Run> {
    const upstreams = await Promise.all(
      [0, 1].map((at) =>
        startUpstream(at, (request) =>
          request.json.model === 'wrong'
            ? { status: 400, json: { error: { message: 'Wrong model', code: 'wrong_model', param: 'model' } } }
            : account(request),
        ),
      ),
    );
    try {
      const file = join(folder, `app-${name}.${format === 'esm' ? 'mjs' : 'cjs'}`);
      const data = join(folder, 'data.jsonl');
      writeFileSync(file, IMPORTS[format](name) + PROGRAM);
      writeFileSync(data, '{"line":1}\n'.repeat(5_000));
      const { PATH = '' } = process.env;
      const result = await promisify(execFile)(process.execPath, ['--unhandled-rejections=strict', file, data], {
        env: { PATH, ...env(upstreams) },
      });
      return { ...result, sent: upstreams.flatMap(({ seen }) => seen).map(sent) };
    } finally {
      await Promise.all(upstreams.map((upstream) => upstream.close()));
    }
  }

  const one = ([first]: Upstream[]) => ({ OPENAI_API_KEY: 'sk-drop-in', OPENAI_BASE_URL: first?.url ?? '' });
  for (const format of FORMATS) {
    it(`the same program prints and sends the same (${format})`, async () => {
      const before = await run(format, 'openai', one);
      const after = await run(format, 'load-balanced-openai', one);
      expect(before.stdout.split('\n').length).toBeGreaterThan(25);
      expect(after).toEqual(before);
    });

    it(`and with OPENAI_API_KEYS it is a pool, still without a change (${format})`, async () => {
      const keys = (upstreams: Upstream[]) => ({
        OPENAI_API_KEYS: 'sk-one, sk-two',
        OPENAI_BASE_URL: upstreams[0]?.url ?? '',
      });
      const before = await run(format, 'openai', one);
      const after = await run(format, 'load-balanced-openai', keys);
      // A list asks with both keys, so that what comes after it is counted otherwise.
      const uncounted = (text: string) => text.replaceAll(/_e1_\d+/g, '_e1_n');
      expect(uncounted(after.stdout)).toBe(uncounted(before.stdout));
      expect(after.stderr).toBe('');
      const used = new Set(after.sent.map(({ headers }) => headers.authorization));
      expect([...used].sort()).toEqual(['Bearer sk-one', 'Bearer sk-two']);
    });
  }

  it('nothing set: the missing-credentials error of the SDK itself', async () => {
    const messages = await Promise.all(
      ['openai', 'load-balanced-openai'].map(async (name) => {
        const file = join(folder, `bare-${name}.mjs`);
        writeFileSync(
          file,
          `import OpenAI from '${name}';\ntry { new OpenAI(); } catch (e) { console.log(e.name, e.message); }`,
        );
        return (await promisify(execFile)(process.execPath, [file], { env: { PATH: process.env.PATH ?? '' } })).stdout;
      }),
    );
    expect(messages[0]).toContain('OPENAI_API_KEY');
    expect(messages[1]).toBe(messages[0]);
  });
});
