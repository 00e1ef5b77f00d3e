// Threat T16: no configuration, call or reply reaches the prototypes, and none is read from them.
import { afterEach, describe, expect, it } from 'vitest';
import { attemptsOf, ConfigurationError, LoadBalancedOpenAI } from '../../src/index.ts';
import { faultServer } from '../../src/testing/index.ts';
import { chat, failure } from '../support/calls.ts';
import { fc, runs } from '../support/property.ts';
import { openStage } from '../support/stage.ts';

const EVIL = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'valueOf', '__defineGetter__'];
const build = (options: unknown) => new LoadBalancedOpenAI(options as never);

afterEach(() => {
  // Whatever a test does, every object of this process is as it was.
  for (const name of ['polluted', 'apiKey', 'baseURL', 'endpoints']) expect(({} as never)[name]).toBeUndefined();
  expect(Object.keys(Object.prototype)).toEqual([]);
});

describe('T16: configurations', () => {
  it('with such keys anywhere pollute nothing: they are refused, or mean nothing', () => {
    const name = fc.oneof(fc.constantFrom(...EVIL), fc.constantFrom('apiKey', 'name', 'modelMap', 'breaker', 'tags'));
    const { json } = fc.letrec((tie) => ({
      json: fc.oneof({ depthSize: 'small' }, fc.constantFrom<unknown>('x', 1, null, true), tie('object')),
      object: fc.array(fc.tuple(name, tie('json')), { maxLength: 4 }).map((rows) => {
        const fields = rows.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`);
        return JSON.parse(`{${[...fields, '"polluted":true'].join(',')}}`) as unknown;
      }),
    }));
    fc.assert(
      fc.property(json, json, json, (first, second, third) => {
        const options = JSON.parse('{"__proto__":{"polluted":true,"apiKey":"smuggled"}}') as object;
        const endpoints = [{ apiKey: 'k' }, first];
        try {
          build({ ...options, endpoints, modelMaps: { openai: second }, breaker: third });
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigurationError);
        }
        expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
      }),
      runs(200),
    );
  });

  it.each(EVIL.slice(0, -1))('%s is no option', (name) => {
    const endpoint = JSON.parse(`{"apiKey":"k","${name}":{"baseURL":"http://evil.example/v1"}}`) as object;
    expect(() => build({ endpoints: [endpoint] })).toThrow(ConfigurationError);
    expect(() => build(JSON.parse(`{"endpoints":[{"apiKey":"k"}],"${name}":{"x":1}}`))).toThrow(ConfigurationError);
  });

  it('nothing is read through the prototype of what was given', () => {
    const endpoint = Object.create({ baseURL: 'http://evil.example/v1', apiKey: 'smuggled' }) as object;
    const client = build({ endpoints: [Object.assign(endpoint, { name: 'a', apiKey: 'k' })] });
    expect(client.balancer.snapshot().endpoints[0]?.baseURL).toBe('https://api.openai.com/v1');
  });

  it('headers and query parameters may have such names', async () => {
    await using server = await faultServer();
    const named = JSON.parse('{"__proto__":"1","constructor":"2","x-own":"3"}') as Record<string, string>;
    await using client = build({
      ...{ defaultHeaders: named, defaultQuery: named },
      endpoints: [{ baseURL: server.url, apiKey: 'k', defaultHeaders: { 'x-own': '4' }, defaultQuery: { x: '5' } }],
    });
    await chat(client);
    expect(server.requests[0]?.headers).toMatchObject({ constructor: '2', 'x-own': '4' });
    expect(server.requests[0]?.query).toMatchObject({ constructor: '2', x: '5' });
  });
});

describe('T16: calls and replies', () => {
  it.each(EVIL)('a model named %s is a model like others', async (model) => {
    await using stage = await openStage({
      a: { script: [500, 500], modelMap: { 'gpt-*': 'x-$1' } },
      b: { script: [], models: ['other', model], modelMap: { [model]: 'mapped' } },
    });
    const answer = await chat(stage.client, { model });
    // A map has no entry of this one name; it passes through.
    const name = model === '__proto__' ? model : 'mapped';
    expect(answer.model).toBe(name);
    expect(attemptsOf(answer).map((attempt) => attempt.model)).toEqual([model, name]);
    expect(stage.servers.a.requests[0]?.model).toBe(model);
    expect(stage.client.balancer.snapshot().endpoints[0]).toMatchObject({ failures: 1 });
  });

  it('replies with such fields', async () => {
    const body =
      '{"id":"x","object":"chat.completion","__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},';
    const choices = '"choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"hi"}}],';
    const usage = '"usage":{"__proto__":{"polluted":1},"constructor":2,"prompt_tokens":1}}';
    await using stage = await openStage({ a: [] });
    stage.servers.a.script([{ status: 200, body: body + choices + usage }]);
    const answer = await chat(stage.client);
    expect(attemptsOf(answer)[0]?.usage).not.toHaveProperty('polluted');
    const error = `{"error":{"message":"no","__proto__":{"polluted":1},"constructor":{"key":"${stage.keys.a.repeat(2)}"}}}`;
    stage.servers.a.script([{ status: 400, body: error }]);
    expect(JSON.stringify((await failure(stage.client.models.list())).error)).not.toContain(stage.keys.a.repeat(2));
  });

  it('errors whose fields are named so keep them, cleaned', async () => {
    const key = 'secret-key-secret-key';
    const body = `{"error":{"__proto__":{"deep":"${key}"},"message":"no"}}`;
    await using server = await faultServer({ script: { status: 400, body } });
    await using client = build({ endpoints: [{ baseURL: server.url, apiKey: key }], logLevel: 'off' });
    const { error } = await failure<Error & { error: object }>(chat(client));
    expect(JSON.stringify(error)).toBe('{"__proto__":{"deep":"[redacted]"},"message":"no"}');
    expect(Object.getPrototypeOf(error)).toBe(Object.prototype);
  });
});
