// Threats T3 to T6: nothing in a call says where it goes or by which key. Redirects, paths, headers, queries, bodies; and every shape by
// which other gateways were led astray, sent again here. For the library alone: test/invariants/{redirects,origins,key-isolation}.spec.ts.
import { describe, expect, it } from 'vitest';
import { type FaultServer, faultServer } from '../../../src/testing/index.ts';
import { FULL } from '../../support/calls.ts';
import { chat, endpointOf, gatewayWith, type TestGateway } from '../../support/gateway.ts';
import { fc, runs } from '../../support/property.ts';
import { rawRequest } from '../../support/raw-client.ts';

interface Stage extends AsyncDisposable {
  readonly a: FaultServer;
  readonly b: FaultServer;
  /** Nobody's endpoint. */
  readonly trap: FaultServer;
  readonly gateway: TestGateway;
}

async function stage(more: object = {}, ofA: object = {}): Promise<Stage> {
  const [a, b, trap] = await Promise.all(['a', 'b', 'trap'].map((name) => faultServer({ name })));
  const gateway = await gatewayWith({
    ...{ strategy: 'priority', endpoints: [endpointOf(a!, ofA), endpointOf(b!)] },
    ...more,
  });
  const dispose = async () => {
    await gateway[Symbol.asyncDispose]();
    await Promise.all([a!.close(), b!.close(), trap!.close()]);
  };
  return { a: a!, b: b!, trap: trap!, gateway, [Symbol.asyncDispose]: dispose };
}

const form = () => {
  const made = new FormData();
  made.append('purpose', 'batch');
  made.append('file', new Blob(['a prompt']), 'x.jsonl');
  return made;
};

const ASKS: Readonly<Record<string, [path: string, init: () => RequestInit]>> = {
  'a chat call': ['/v1/chat/completions', () => chat('gpt-5')],
  'a stream': ['/v1/chat/completions', () => chat('gpt-5', { stream: true })],
  'a Responses call': ['/v1/responses', () => chat('gpt-5', { input: 'x' })],
  'a message': ['/v1/messages', () => chat('gpt-5', { max_tokens: 9 })],
  'a streamed message': ['/v1/messages', () => chat('gpt-5', { max_tokens: 9, stream: true })],
  'an upload': ['/v1/files', () => ({ method: 'POST', body: form() })],
  'a read': ['/v1/files/file-1', () => ({})],
  'a path of a vendor': ['/v1/rerank', () => chat('gpt-5')],
};

describe('T3: a redirect is not followed and not handed down', () => {
  it.each(Object.keys(ASKS))('by %s', async (ask) => {
    for (const type of ask.includes('message') ? [{}, { type: 'anthropic' }] : [{}]) {
      for (const status of FULL ? [301, 302, 303, 307, 308] : [302, 307]) {
        await using s = await stage({ maxRetries: 0 }, type);
        const [path, init] = ASKS[ask]!;
        for (const to of [s.trap.url, s.a.url, '//evil.example', '/v1/other', 'http://169.254.169.254/latest']) {
          for (const server of [s.a, s.b]) server.script({ repeat: [{ redirect: `${to}/x?seen=1`, status }] });
          const response = await s.gateway.get(path, { ...init(), redirect: 'manual' });
          expect([to, response.status >= 500, response.headers.get('location')]).toEqual([to, true, null]);
          expect(await response.text()).not.toContain('seen=1');
        }
        expect(s.trap.calls).toBe(0);
        for (const { requests } of [s.a, s.b])
          expect(requests.every(({ query }) => query.seen === undefined)).toBe(true);
      }
    }
  });
});

/** What it says byte by byte, also where that is no text. */
const decoded = (path: string) =>
  path.replaceAll(/%([0-9a-f]{2})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));

describe('T4: a path', () => {
  it('leads to the endpoint’s own API and nowhere else, however it is written', async () => {
    await using s = await stage();
    const { port } = s.gateway.gateway;
    const trap = new URL(s.trap.url).host;
    const part = fc.constantFrom(
      ...[
        '/',
        '//',
        '\\',
        '..',
        '.',
        '%2e',
        '%2E%2e',
        '%2f',
        '%5c',
        '%00',
        '%0d%0a',
        '@',
        ':',
        '?',
        '#',
        ';',
        '&',
        '=',
      ],
      ...[
        'v1',
        'chat',
        'completions',
        'admin',
        'files',
        trap,
        `http://${trap}`,
        `${trap}/v1/models`,
        '%',
        '%zz',
        '~',
        '*',
      ],
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('', '/', '/v1/', '/v1/files/', '/v1/models/'),
        fc.array(part, { maxLength: 7 }),
        async (start, parts) => {
          const target = (start + parts.join('')).replaceAll(/[\s#]/g, '') || '/';
          await rawRequest(port, {
            bytes: `GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
            quietMs: 1_000,
          });
        },
      ),
      runs(250),
    );
    expect(s.trap.calls).toBe(0);
    const seen = [...s.a.requests, ...s.b.requests].map(({ path }) => path);
    expect(seen.length).toBeGreaterThan(5);
    for (const path of seen) {
      expect(path).toMatch(/^\/v1\/./);
      expect(decoded(path).split(/[\\/]/)).not.toContain('..');
    }
  });
});

describe('T5: what a caller sends to be known by', () => {
  it('goes to no endpoint; what an endpoint is known by goes to that one alone, also when it fails', async () => {
    const header = (name: string) => ({ defaultHeaders: { [`x-vendor-${name}`]: `secret-of-${name}` } });
    await using a = await faultServer({ name: 'a', script: { repeat: [503] } });
    await using b = await faultServer({ name: 'b' });
    await using gateway = await gatewayWith({
      ...{ strategy: 'priority', breaker: false },
      endpoints: [endpointOf(a, header('a')), endpointOf(b, header('b'))],
      clientKeys: [{ name: 'app', key: 'callers-own-key' }],
    });
    const own = ['authorization', 'api-key', 'x-goog-api-key', 'openai-organization', 'openai-project', 'cookie'];
    const more = ['x-amz-security-token', 'proxy-authorization', 'x-vendor-a', 'x-vendor-b', 'x-auth-token'];
    const headers = Object.fromEntries([...own, ...more].map((name) => [name, 'callers-own-value']));
    for (const [path, init] of Object.values(ASKS)) {
      const asked = init();
      const response = await gateway.get(path, {
        ...asked,
        headers: { ...headers, ...asked.headers, authorization: 'Bearer callers-own-key' },
      });
      await response.text();
    }
    for (const [server, other] of [
      [a, 'b'],
      [b, 'a'],
    ] as const) {
      expect(server.calls).toBeGreaterThan(3);
      for (const request of server.requests) {
        expect(request.apiKey).toBe(`sk-upstream-${server.name}`);
        expect(request.headers[`x-vendor-${server.name}`]).toBe(`secret-of-${server.name}`);
        expect(JSON.stringify(request.headers)).not.toMatch(
          new RegExp(`callers-own|secret-of-${other}|sk-upstream-${other}`),
        );
      }
    }
  });
});

/** A call by which somebody else's gateway was led astray: what it was, and what is sent. `TRAP` is an address that must not be asked. */
interface Shape {
  readonly path?: string;
  readonly body?: object | string;
  readonly headers?: Record<string, string>;
  readonly method?: string;
  /** How it is answered; one that is answered well is data, and goes where it would have gone anyway. @default 200 */
  readonly status?: number;
  /** What of it stands in the message that goes up, as data. */
  readonly asData?: string;
}

const json = { 'content-type': 'application/json' };
const ask = (more: object) => ({ model: 'gpt-5', messages: [{ role: 'user', content: 'hi' }], ...more });

const SHAPES: Readonly<Record<string, Shape>> = {
  'CVE-2024-6587, LiteLLM: api_base in the body': {
    body: ask({ api_base: 'TRAP', base_url: 'TRAP', api_key: 'x' }),
    asData: 'api_base',
  },
  'the same in a nested place': { body: ask({ litellm_params: { api_base: 'TRAP' }, metadata: { api_base: 'TRAP' } }) },
  'the same in extra_body and extra_headers': {
    body: ask({ extra_body: { api_base: 'TRAP' }, extra_headers: { authorization: 'x' } }),
  },
  'the same in the query': { path: '/v1/chat/completions?api_base=TRAP&base_url=TRAP&baseURL=TRAP', body: ask({}) },
  'MLflow, GHSA-h7x2-h6g9-p789: api_base of a route': {
    path: '/v1/embeddings',
    body: { model: 'gpt-5', input: 'x', config: { api_base: 'TRAP' } },
  },
  'CVE-2025-66405, Portkey: x-portkey-custom-host': {
    headers: { 'x-portkey-custom-host': 'TRAP', 'x-portkey-provider': 'openai' },
    body: ask({}),
  },
  'its bypass: /v1/proxy/*': {
    path: '/v1/proxy/chat/completions',
    headers: { 'x-portkey-custom-host': 'TRAP' },
    body: ask({}),
    status: 404,
  },
  'the same by a configuration in a header': {
    headers: { 'x-portkey-config': '{"provider":"openai","custom_host":"TRAP"}' },
    body: ask({}),
  },
  'MCP Gateway, GHSA-g53w-w6mj-hrpp: the upstream in a header': {
    headers: {
      'x-upstream': 'TRAP',
      'x-base-url': 'TRAP',
      'x-target-url': 'TRAP',
      'x-forwarded-host': 'TRAP',
      'x-original-url': '/admin',
    },
    body: ask({}),
  },
  'CVE-2026-42208, LiteLLM: SQL in the key': {
    headers: { authorization: "Bearer sk-' OR '1'='1' UNION SELECT token FROM keys --" },
    body: ask({}),
  },
  'CVE-2026-42271, LiteLLM: a command in a test of a connection': {
    path: '/mcp-rest/test/connection',
    body: { command: 'sh', args: ['-c', 'id'], url: 'TRAP' },
    status: 404,
  },
  'the same below /v1': { path: '/v1/mcp/test/connection', body: { command: 'sh', args: ['-c', 'id'], url: 'TRAP' } },
  'CVE-2026-48710, Starlette: another host': {
    headers: { 'x-forwarded-host': 'localhost', forwarded: 'host=localhost', 'x-real-ip': '127.0.0.1' },
    body: ask({}),
  },
  'CVE-2026-47101, LiteLLM: a key that grants itself more': {
    path: '/key/generate',
    body: { allowed_routes: ['/admin'], role: 'admin' },
    status: 404,
  },
  'CVE-2026-47102, LiteLLM: a role of one’s own': {
    path: '/user/update',
    body: { user_role: 'proxy_admin' },
    status: 404,
  },
  'CVE-2026-40217, LiteLLM: code in a guardrail': {
    body: ask({ guardrails: ["exec('import os')"], custom_code: 'process.exit(1)' }),
    asData: 'process.exit(1)',
  },
  'GHSA-xqmj-j6mv-4862, LiteLLM: a template in a prompt': {
    path: '/prompts/test',
    body: { prompt: '{{ 7919 * 7919 }}' },
    status: 404,
  },
  'GHSA-46cm-pfwv-cgf8, LiteLLM: a template in a completion': {
    path: '/v1/completions',
    body: { model: 'gpt-5', prompt: '{{ 7919 * 7919 }} ${7919*7919} <%= 7919 * 7919 %> #{7919*7919} {% if 1 %}' },
    asData: '{{ 7919 * 7919 }} ${7919*7919} <%= 7919 * 7919 %> #{7919*7919} {% if 1 %}',
  },
  'references to the environment in a prompt': {
    body: ask({ user: '${PATH} ${OPENAI_API_KEY} os.environ/PATH' }),
    asData: '${PATH} ${OPENAI_API_KEY} os.environ/PATH',
  },
  'CVE-2025-59146, new-api: an image from an address': {
    body: ask({ messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'TRAP/x.png' } }] }] }),
  },
  'one-api#2388: the same by the Messages API': {
    path: '/v1/messages',
    body: {
      model: 'gpt-5',
      max_tokens: 9,
      messages: [{ role: 'user', content: [{ type: 'image', source: { type: 'url', url: 'TRAP/x.png' } }] }],
    },
  },
  'CVE-2026-42339, new-api: the same at 0.0.0.0': {
    body: ask({
      messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'http://0.0.0.0:PORT/x.png' } }] }],
    }),
  },
  'a file and a tool from an address': {
    path: '/v1/responses',
    body: {
      model: 'gpt-5',
      input: [{ role: 'user', content: [{ type: 'input_file', file_url: 'TRAP' }] }],
      tools: [{ type: 'mcp', server_url: 'TRAP', server_label: 'x' }],
    },
  },
  'a hook and a call back': {
    path: '/v1/responses',
    body: { model: 'gpt-5', input: 'x', webhook_url: 'TRAP', callback: 'TRAP' },
  },
  'CVE-2026-25591, new-api: wildcards in a search': {
    method: 'GET',
    path: `/v1/models/${'%25'.repeat(500)}`,
    status: 404,
  },
  'an empty secret': { headers: { authorization: 'Bearer ', 'x-api-key': '' }, body: ask({}) },
  'CVE-2024-6825, LiteLLM: a file to be read by its path': {
    path: '/v1/files',
    body: { file: 'file:///etc/passwd', purpose: '../../x' },
  },
};

describe('T6: what led others astray leads nowhere here', () => {
  it.each(Object.entries(SHAPES))(
    '%s',
    async (_, { path = '/v1/chat/completions', body, headers, method = 'POST', status = 200, asData }) => {
      await using s = await stage({ groups: { 'gpt-5': { endpoints: [{ endpoint: 'a', model: 'gpt-5' }] } } });
      const { host, port } = new URL(s.trap.url);
      const led = (text: string) => text.replaceAll('TRAP', `http://${host}`).replaceAll('PORT', port);
      const told = Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name, led(value)]));
      const text = body === undefined ? undefined : led(JSON.stringify(body));
      const response = await s.gateway.get(led(path), {
        method,
        headers: { ...json, ...told },
        ...(text && { body: text }),
      });
      const answer = await response.text();
      // What no endpoint has is not there; what is no call cannot be written to.
      const also = status === 404 ? [405] : path.includes('completions') ? [] : [400, 404];
      expect([status, ...also]).toContain(response.status);
      expect(s.trap.calls).toBe(0);
      expect(s.b.calls).toBe(0);
      if (response.status === 200) expect(s.a.calls).toBe(1);
      for (const request of s.a.requests) {
        expect(request.apiKey).toBe('sk-upstream-a');
        const { host: _, ...headers } = request.headers;
        expect(JSON.stringify(headers)).not.toContain(host);
        if (asData !== undefined) expect(JSON.stringify(request.body)).toContain(JSON.stringify(asData).slice(1, -1));
      }
      // 62710561 is 7919 * 7919: a number that no time of day and no duration has in it.
      expect(answer + JSON.stringify(s.gateway.lines)).not.toMatch(/sk-upstream|\b62710561\b|root:|uid=/);
    },
  );

  it.each(['/v1/audio/transcriptions', '/v1/files', '/v1/images/edits'])(
    'CVE-2024-8984, LiteLLM: a boundary of dashes costs no more than its length, at %s',
    async (path) => {
      await using s = await stage();
      const spent = async (length: number) => {
        const from = process.cpuUsage();
        const boundary = '-'.repeat(70);
        const send = (body: string) =>
          s.gateway.get(path, {
            method: 'POST',
            headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
            body,
          });
        for (const body of [
          `${'-'.repeat(length)}`,
          `--${boundary}\r\n${'-'.repeat(length)}`,
          `--${boundary}${`\r\n--${boundary}`.repeat(length / 80)}`,
        ])
          await (await send(body)).text();
        const { user, system } = process.cpuUsage(from);
        return (user + system) / 1_000;
      };
      await spent(1_000);
      const [small, large] = [
        Math.min(await spent(250_000), await spent(250_000)),
        Math.min(await spent(2_000_000), await spent(2_000_000)),
      ];
      expect(large).toBeLessThan(Math.max(2.5 ** 3 * small, 300));
    },
  );

  it('the key of one endpoint cannot be chosen by a caller who knows it', async () => {
    await using s = await stage({ clientKeys: [{ name: 'app', key: 'right' }] });
    for (const key of ['sk-upstream-a', 'sk-upstream-b']) {
      const { status } = await s.gateway.get('/v1/chat/completions', {
        ...chat('gpt-5'),
        headers: { ...json, authorization: `Bearer ${key}` },
      });
      expect(status).toBe(401);
    }
    expect([s.a.calls, s.b.calls]).toEqual([0, 0]);
  });
});
