// Invariant 15 and threats T1 and T21: no line of the log tells a secret, at any level, whoever wrote it, and none can be forged.
import { inspect } from 'node:util';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { LoadBalancedOpenAI, type LoadBalancedOpenAIOptions } from '../../src/index.ts';
import { type FaultServer, faultServer } from '../../src/testing/index.ts';
import { chat, chatStream, FULL, failure, read } from '../support/calls.ts';
import { canary, leaks } from '../support/canary.ts';
import { ECHOES, echoing } from '../support/echo.ts';

const LEVELS = ['error', 'warn', 'info', 'debug'] as const;
type Level = (typeof LEVELS)[number];

/** A logger that keeps all it is told. */
function notebook() {
  const said: { level: Level; text: string }[] = [];
  const note =
    (level: Level) =>
    (...parts: unknown[]) =>
      void said.push({ level, text: parts.map((part) => (typeof part === 'string' ? part : shown(part))).join(' ') });
  const logger = Object.fromEntries(LEVELS.map((level) => [level, note(level)])) as Record<Level, () => void>;
  return { said, logger, text: () => said.map(({ text }) => text).join('\n') };
}

const shown = (part: unknown) => inspect(part, { depth: null, showHidden: true, maxStringLength: null });

/** Every secret an endpoint and a call can have, and the client's options with them. */
function secrets(server: FaultServer) {
  const names = [
    'key',
    'auth',
    'cookie',
    'known',
    'query',
    'call',
    'callQuery',
    'url',
    'top',
    'azure',
    'token',
  ] as const;
  const keys = Object.fromEntries(names.map((name) => [name, canary(name)])) as Record<(typeof names)[number], string>;
  const { key, auth, cookie, known, query, call, callQuery, url, top, azure, token } = keys;
  const at = { endpoint: server.origin, apiVersion: '2024-10-21' };
  const options: LoadBalancedOpenAIOptions = {
    ...{ apiKey: top, strategy: 'priority', maxRetries: 0, shareState: false, breaker: false },
    endpoints: [
      {
        ...{ name: 'a', baseURL: `${server.url}?sig=${url}`, apiKey: async () => key },
        defaultHeaders: { 'x-vendor-auth': auth, cookie: `session=${cookie}`, 'x-upstream': `Token ${known}` },
        defaultQuery: { code: query },
      },
      { name: 'z', type: 'azure', ...at, apiKey: azure },
      { name: 't', type: 'azure', ...at, azureADTokenProvider: async () => token },
    ],
  };
  const said = { headers: { 'x-tenant-token': call }, query: { api_key: callQuery } };
  return { options, said, all: Object.values(keys) };
}

/** Calls whose replies repeat what they were sent, one after the other. */
async function use(client: LoadBalancedOpenAI, server: FaultServer, said: object): Promise<void> {
  const echoes = Object.keys(ECHOES) as (keyof typeof ECHOES)[];
  for (const echo of FULL ? echoes : echoes.filter((_, index) => index % 3 === 0)) {
    server.script(echoing(echo));
    if (/stream|event/.test(echo)) await chatStream(client, {}, said).then(read, () => undefined);
    else await failure(chat(client, {}, said));
  }
  server.script('ok');
  await chat(client, {}, said);
  await failure(client.get('http://127.0.0.1:9/'));
}

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

describe('invariant 15: no secret in the log', () => {
  it.each(LEVELS)('T1: at level %s, ours and the SDK’s lines', async (logLevel) => {
    await using server = await faultServer();
    const { options, said, all } = secrets(server);
    const { logger, text, said: lines } = notebook();
    await using client = new LoadBalancedOpenAI({ ...options, logger, logLevel });
    await use(client, server, said);
    expect(leaks(text(), all)).toEqual([]);
    expect(lines.every(({ level }) => LEVELS.indexOf(level) <= LEVELS.indexOf(logLevel))).toBe(true);
    if (logLevel === 'debug') {
      expect(text()).toMatch(/\[load-balanced-openai\] a /);
      expect(text()).toContain('sending request');
      expect(text()).toContain('[redacted]');
    }
  });

  it('T1: on the console, where no logger is given, and by a client of one endpoint alone', async () => {
    await using server = await faultServer();
    const { options, said, all } = secrets(server);
    const { logger, text, said: lines } = notebook();
    for (const level of LEVELS) vi.spyOn(console, level).mockImplementation(logger[level]);
    vi.stubEnv('OPENAI_LOG', 'debug');
    await using client = new LoadBalancedOpenAI(options);
    await use(client, server, said);
    for (const name of ['a', 'z']) {
      const direct = client.balancer.endpoint(name);
      for (const one of [direct, direct.withOptions({ timeout: 5_000 })]) {
        server.script(echoing('the message of an error'));
        const body = { model: 'gpt-5', messages: [{ role: 'user' as const, content: 'hi' }] };
        await failure(one.chat.completions.create(body, said));
      }
    }
    expect(lines.length).toBeGreaterThan(30);
    expect(leaks(text(), all)).toEqual([]);
  });

  it('a key that is changed on the client is no less a secret', async () => {
    await using server = await faultServer({ script: echoing('the message of an error') });
    const changed = canary('changed');
    const { logger, text } = notebook();
    await using client = new LoadBalancedOpenAI([{ baseURL: server.url, apiKey: 'first-key-first' }], {
      ...{ logger, logLevel: 'debug', maxRetries: 0 },
    });
    client.apiKey = changed;
    const error = await failure(chat(client));
    expect(server.requests[0]?.apiKey).toBe(changed);
    expect(leaks([error, text()], [changed])).toEqual([]);
  });

  it('no process warning tells one either, and nothing warns at all', async () => {
    const warnings: unknown[] = [];
    const hear = (warning: Error) => void warnings.push(warning);
    process.on('warning', hear);
    await using server = await faultServer();
    const { options, said } = secrets(server);
    await using client = new LoadBalancedOpenAI({ ...options, logLevel: 'off' });
    await use(client, server, said);
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', hear);
    expect(warnings).toEqual([]);
  });
});

describe('T21: a line of ours is one line, whatever a caller or a server says', () => {
  const EVIL = 'gpt\r\n[load-balanced-openai] all is well\u001b[31m\u2028\u202e\u0000';
  const CONTROL = /[\p{Cc}\p{Cf}\u2028\u2029]/u;

  it('in the log, in explanations and in messages', async () => {
    const body = { error: { message: EVIL, type: EVIL, code: EVIL, param: EVIL } };
    const headers = { 'x-request-id': 'req\t1\x9b31m', 'retry-after': '\x9b1' };
    await using a = await faultServer({ script: { repeat: [{ status: 500, body, headers }] } });
    const { logger, said } = notebook();
    await using client = new LoadBalancedOpenAI([{ name: 'a', baseURL: a.url, apiKey: 'k' }], {
      ...{
        logger,
        logLevel: 'debug',
        maxRetries: 0,
        shareState: false,
        panic: false,
        breaker: { consecutiveFailures: 1 },
      },
    });
    await failure(chat(client, { model: EVIL }));
    const error = await failure(chat(client, { model: EVIL }));
    expect(error.constructor.name).toBe('NoEndpointAvailableError');
    const ours = said.map(({ text }) => text).filter((text) => text.startsWith('[load-balanced-openai]'));
    expect(ours.length).toBeGreaterThanOrEqual(3);
    for (const line of [...ours, error.message]) expect(line).not.toMatch(CONTROL);
    expect(ours.join('\n')).toContain('\\u000d\\u000a');
  });

  it('and short, however long the name of a model is', async () => {
    await using client = new LoadBalancedOpenAI([{ apiKey: 'k', models: ['gpt-5'] }]);
    const error = await failure(chat(client, { model: 'x'.repeat(1_000_000) }));
    expect(error.message.length).toBeLessThan(1_000);
  });
});
