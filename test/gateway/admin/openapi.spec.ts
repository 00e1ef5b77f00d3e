// The OpenAPI file of the admin API: every route is in it, and every reply is what it says.
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { AdminApi, adminRoutes } from '../../../src/gateway/admin/admin-api.ts';
import { openPath } from '../../../src/gateway/admin/openapi.ts';
import { faultServer } from '../../../src/testing/index.ts';
import { type AdminReply, ask, issuesIn } from '../../support/admin.ts';
import { chat, endpointOf, gatewayWith } from '../../support/gateway.ts';

type Schema = Exclude<Parameters<typeof z.fromJSONSchema>[0], boolean>;
interface Operation {
  readonly operationId: string;
  readonly parameters: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: { readonly content: Record<string, { readonly schema: Schema }> };
  readonly responses: Record<
    string,
    { readonly content: Record<string, { readonly schema: Schema & { $ref?: string } }> }
  >;
}
interface File {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly schemas: Record<string, Schema> };
}

/** One reply to each route, good and bad. */
async function tour(): Promise<{ file: File; replies: { at: string; reply: AdminReply }[] }> {
  await using a = await faultServer({ name: 'a', script: ['ok', 500, 'ok'] });
  await using gateway = await gatewayWith({
    endpoints: [endpointOf(a, { apiKey: 'sk-0123456789-0123456789', limits: { requestsPerMinute: 1_000 } })],
    admin: { allowInsecure: true },
    adminKeys: [{ name: 'boss', key: 'admin' }],
    clientKeys: [{ name: 'app', key: 'k1', limits: { budget: 5 }, expiresAt: '2999-01-01T00:00:00Z' }],
    prices: { '*': { input: 1, output: 2 } },
  });
  const replies: { at: string; reply: AdminReply }[] = [];
  const say = async (method: string, path: string, body?: unknown, query = '', key = 'admin') => {
    const reply = await ask(gateway, method, `/admin${path}${query}`, body, { key });
    const fits = (route: string) => new RegExp(`^${route.replace(/:\w+/g, '[^/]+')}$`).test(`/admin${path}`);
    const route = adminRoutes.find((each) => each.method === method && fits(each.path));
    replies.push({ at: `${method} ${openPath(route?.path ?? '')}`, reply });
    return reply;
  };
  const call = chat('g', { stream: true });
  const keyed = { ...call, headers: { ...(call.headers as object), authorization: 'Bearer k1' } };
  const endpoint = { baseURL: a.url, apiKey: 'k', modelMap: { x: { model: 'y', omit: ['user'] } }, tags: ['eu'] };
  await say('PUT', '/endpoints/b', endpoint);
  await say('PUT', '/endpoints/b', { ...endpoint, defaultHeaders: { 'x-a': 'b' }, weight: 2 });
  await say('PUT', '/endpoints/b', { wieght: 1 });
  await say('PUT', '/endpoints/a', endpoint);
  const group = { strategy: { priority: 'least-busy' }, timeout: 5_000, endpoints: [{ endpoint: 'a', weight: 2 }] };
  await say('PUT', '/groups/g', group);
  await say('PUT', '/groups/g', { ...group, endpoints: [...group.endpoints, { endpoint: 'b', model: 'z' }] });
  await say('PUT', '/groups/g', { endpoints: [] });
  for (let calls = 0; calls < 3; calls++)
    await gateway.get('/v1/chat/completions', keyed).then((reply) => reply.text());
  await gateway.get('/v1/models', { headers: { authorization: 'Bearer nope' } });
  const made = await say('POST', '/keys', { name: 'new', groups: ['g'], limits: { tokensPerMinute: 5 } });
  await say('POST', '/keys', { name: 'new' });
  await say('POST', '/keys', { role: 'admin' });
  await say('POST', '/endpoints/b/drain', {});
  await say('POST', '/endpoints/c/drain');
  for (const path of ['/groups', '/endpoints', '/keys', '/config', '/log', '/usage', '/live', '/openapi.json']) {
    await say('GET', path);
    await say('GET', path, undefined, '', 'wrong');
    await say('GET', path, undefined, '?nonsense=1');
  }
  await say('GET', '/log', undefined, '?limit=1&status=200&key=app&model=g');
  await say('GET', '/log', undefined, '?status=many');
  await say('GET', '/usage', undefined, '?by=key,model,day,endpoint&from=2000-01-01&to=2999-01-01');
  await say('GET', '/usage', undefined, '?by=colour');
  await new Promise((resolve) => setTimeout(resolve, 1_050));
  await say('GET', '/live', undefined, '?after=5');
  await say('POST', '/reload', {});
  await say('POST', '/test', { model: 'g' });
  await say('POST', '/test', { model: 'unknown' });
  await say('POST', '/test', { model: 'g', api_base: 'https://evil.com' });
  await say('DELETE', '/endpoints/b/drain');
  await say('DELETE', '/endpoints/b');
  await say('DELETE', '/groups/g');
  await say('DELETE', '/groups/g');
  await say('DELETE', '/endpoints/b');
  await say('DELETE', `/keys/${made.body.id}`);
  await say('DELETE', '/keys/nope');
  const { text } = await ask(gateway, 'GET', '/admin/openapi.json', undefined, { key: 'admin' });
  return { file: JSON.parse(text) as File, replies };
}

describe('the OpenAPI file', async () => {
  const { file, replies } = await tour();
  const schemaOf = ({ $ref, ...schema }: Schema & { $ref?: string }): z.ZodType =>
    z.fromJSONSchema(
      $ref === undefined ? schema : (file.components.schemas[$ref.split('/').at(-1) as string] as Schema),
    );

  it('has every route of the server, and no other', () => {
    const described = Object.entries(file.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const api = new AdminApi({} as ConstructorParameters<typeof AdminApi>[0]);
    const served = api.served.map(openPath);
    expect(described.sort()).toEqual(served.sort());
    expect(new Set(described).size).toBe(18);
    expect(file.openapi).toBe('3.1.0');
    const ids = Object.values(file.paths).flatMap((methods) =>
      Object.values(methods).map(({ operationId }) => operationId),
    );
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('was asked about every route, with good replies and bad ones', () => {
    const good = new Set(replies.filter(({ reply }) => reply.status < 300).map(({ at }) => at));
    expect([...good].sort()).toEqual(adminRoutes.map(({ method, path }) => `${method} ${openPath(path)}`).sort());
    expect(replies.filter(({ reply }) => reply.status >= 400).length).toBeGreaterThan(20);
    expect(replies.filter(({ reply }) => reply.status >= 500)).toEqual([]);
  });

  it.each(replies.map(({ at, reply }, index) => [`${index + 1}: ${at} ${reply.status}`, at, reply] as const))(
    'reply %s is what it says',
    (_, at, { status, body, headers }) => {
      const [method = '', path = ''] = at.split(' ');
      const told = file.paths[path]?.[method.toLowerCase()]?.responses[status];
      expect(told, `no ${status} in the file`).toBeDefined();
      expect(headers['content-type']).toBe('application/json');
      const schema = told?.content['application/json']?.schema as Schema;
      expect(schemaOf(schema).safeParse(body).error?.issues).toBeUndefined();
    },
  );

  it('would notice a reply that is not: the schemas are strict', () => {
    const [first] = replies.filter(({ at, reply }) => at === 'GET /admin/keys' && reply.status === 200);
    const schema = schemaOf(
      file.paths['/admin/keys']?.get?.responses[200]?.content['application/json']?.schema as Schema,
    );
    const body = first?.reply.body;
    expect(schema.safeParse(body).success).toBe(true);
    expect(schema.safeParse({ ...body, more: 1 }).success).toBe(false);
    expect(schema.safeParse({ ...body, keys: [{ ...body.keys[0], key: 'secret' }] }).success).toBe(false);
  });

  it('says what bodies and queries are taken: what it refuses, the server refuses', () => {
    const body = schemaOf(file.paths['/admin/keys']?.post?.requestBody?.content['application/json']?.schema as Schema);
    expect(body.safeParse({ name: 'app' }).success).toBe(true);
    expect(body.safeParse({ name: 'app', role: 'admin' }).success).toBe(false);
    expect(file.paths['/admin/log']?.get?.parameters.map(({ name }) => name)).toEqual([
      'limit',
      'before',
      'model',
      'endpoint',
      'key',
      'status',
    ]);
    const wrong = replies.filter(({ reply }) => reply.status === 422).map(({ reply }) => issuesIn(reply)[0]);
    expect(wrong).toContain('nonsense: unknown option');
    expect(wrong).toContain('by: must name some of day, key, model, endpoint, with commas between');
    expect(wrong).toContain("status: must be a status such as 429, or 'failed'");
  });
});
