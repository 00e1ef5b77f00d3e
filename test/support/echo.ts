// A server that repeats whatever secret reaches it, in every place of its replies; and the places in which a secret can be.
import OpenAI, { AzureOpenAI } from 'openai';
import type { EndpointOptions, LoadBalancedOpenAIOptions } from '../../src/index.ts';
import type { FaultServer, Script, ServerRequest, Step } from '../../src/testing/index.ts';

/** Where in a reply the server repeats what it was sent. */
export const ECHOES = {
  'the message of an error': (x) => error({ message: `Incorrect API key provided: ${x}.` }),
  'code, param and type of an error': (x) => error({ code: x, param: x, type: x }),
  'fields of an error': (x) => error({ request: { headers: [{ deep: { deeper: [[x]] } }] } }),
  'names of fields': (x) => error({ [x]: 1, inner: { [x]: { [x]: 2 } } }),
  'a deep field': (x) => error({ deep: nested(x, 40) }),
  'two fields, half and half': (x) => error({ message: x.slice(0, x.length / 2), code: x.slice(x.length / 2) }),
  'reply headers': (x) => ({ ...error({}), headers: { 'x-echo': latin(x), 'x-request-id': latin(x) } }),
  'the location of a redirect': (x) => ({ redirect: `http://127.0.0.1:9/?key=${encodeURI(x)}` }),
  'a web page': (x) => ({ status: 502, headers: { 'content-type': 'text/html' }, body: `<html>${x}</html>` }),
  'bare text': (x) => ({ status: 400, headers: { 'content-type': 'text/plain' }, body: `who is ${x}?` }),
  'an error with status 200': (x) => ({ status: 200, body: { error: { message: x, code: x } } }),
  'the first event of a stream': (x) => ({ stream: 3, errorAfter: 'headers', error: { message: x, code: x } }),
  'an event of that name': (x) => ({ stream: 3, errorAfter: 'headers', errorAs: 'event', error: { message: x } }),
  'an event after the first words': (x) => ({ stream: 3, errorAfter: 2, error: { message: x, param: x } }),
  'garbage in a stream': (x) => ({ stream: [`data: {"${x}": ${x}\n\n`] }),
  'cut JSON': (x) => ({ status: 200, body: `{"choices": [{"text": "${x}"` }),
} as const satisfies Record<string, (secret: string) => Step>;

function error(fields: object): { status: number; body: object } {
  return { status: 400, body: { error: { message: 'bad', type: 'invalid_request_error', code: null, ...fields } } };
}

function nested(value: unknown, depth: number): unknown {
  return depth === 0 ? value : { deeper: [nested(value, depth - 1)] };
}

/** What may stand in a header. */
const latin = (text: string) => text.replace(/[^\x20-\x7e]/g, '');

/** Everything a request said that may be secret, one after the other. */
export function saidBy({ headers, query }: ServerRequest): string {
  const plain = new Set(['host', 'connection', 'accept', 'content-type', 'user-agent', 'content-length']);
  const rows = Object.entries(headers).filter(([name]) => !plain.has(name) && !name.startsWith('x-stainless'));
  return [...rows.map(([, value]) => String(value)), ...Object.values(query)].join(' ');
}

/** The script of such a server. @param form how a secret is written in the reply */
export function echoing(echo: keyof typeof ECHOES, form: (said: string) => string = (said) => said): Script {
  return (request) => ECHOES[echo](form(saidBy(request)));
}

/** A place where a secret can be: the endpoint, what stands beside the pool, and what one call says. */
export interface Place {
  readonly endpoint: (server: FaultServer, secret: string) => EndpointOptions;
  readonly options?: (secret: string) => LoadBalancedOpenAIOptions;
  readonly call?: (secret: string) => Record<string, unknown>;
  readonly env?: (secret: string) => Record<string, string>;
}

const azure = (server: FaultServer) => ({ type: 'azure', endpoint: server.origin, apiVersion: '2024-10-21' }) as const;
const at = (server: FaultServer) => ({ baseURL: server.url });
/** What a client of one's own writes is its own affair. */
const quiet = { logLevel: 'off' } as const;
const other = { apiKey: 'harmless-key-of-another-kind' };

/** The places. */
export const PLACES: Readonly<Record<string, Place>> = {
  'apiKey, a text': { endpoint: (server, apiKey) => ({ ...at(server), apiKey }) },
  'apiKey, a function': { endpoint: (server, key) => ({ ...at(server), apiKey: async () => key }) },
  apiKeyEnv: {
    endpoint: (server) => ({ ...at(server), apiKeyEnv: 'VENDOR_KEY' }),
    env: (VENDOR_KEY) => ({ VENDOR_KEY }),
  },
  'apiKey beside the pool': { endpoint: () => ({}), options: (apiKey) => ({ apiKey }) },
  OPENAI_API_KEY: { endpoint: () => ({}), env: (OPENAI_API_KEY) => ({ OPENAI_API_KEY }) },
  OPENAI_CUSTOM_HEADERS: {
    endpoint: () => ({ ...other }),
    env: (secret) => ({ OPENAI_CUSTOM_HEADERS: `x-vendor-auth: ${secret}` }),
  },
  'an Azure key': { endpoint: (server, apiKey) => ({ ...azure(server), apiKey }) },
  'an Azure token': { endpoint: (server, token) => ({ ...azure(server), azureADTokenProvider: async () => token }) },
  'a client of one’s own': {
    endpoint: (server, apiKey) => ({ client: new OpenAI({ ...quiet, ...at(server), apiKey }) }),
  },
  'the key function of such a client': {
    endpoint: (server, key) => ({ client: new OpenAI({ ...quiet, ...at(server), apiKey: async () => key }) }),
  },
  'the headers and query of such a client': {
    endpoint: (server, secret) => ({
      client: new OpenAI({
        ...quiet,
        ...at(server),
        ...other,
        defaultHeaders: { 'x-api-key': secret },
        defaultQuery: { sig: secret },
      }),
    }),
  },
  'an Azure client of one’s own': {
    endpoint: (server, apiKey) => ({
      client: new AzureOpenAI({ ...quiet, endpoint: server.origin, apiVersion: '2024-10-21', apiKey }),
    }),
  },
  'default headers': {
    endpoint: (server, secret) => ({
      ...at(server),
      apiKey: '',
      defaultHeaders: { authorization: `Basic ${secret}`, 'x-goog-api-key': secret, cookie: `session=${secret}` },
    }),
  },
  'a default header known by its value': {
    endpoint: (server, secret) => ({ ...at(server), ...other, defaultHeaders: [['x-upstream', `Bearer ${secret}`]] }),
  },
  'default query': { endpoint: (server, code) => ({ ...at(server), ...other, defaultQuery: { code, token: code } }) },
  'headers of the call': {
    endpoint: (server) => ({ ...at(server), ...other }),
    call: (secret) => ({ headers: { Authorization: `Bearer ${secret}`, 'x-vendor-token': secret } }),
  },
  'query of the call': {
    endpoint: (server) => ({ ...at(server), ...other }),
    call: (secret) => ({ query: { api_key: secret } }),
  },
};

/** The options of a client with one endpoint at this place, and a spare one. Environment variables must be set before. */
export function clientAt(place: Place, server: FaultServer, secret: string): LoadBalancedOpenAIOptions {
  const inherits = Object.keys(place.endpoint(server, secret)).every((name) => name === 'apiKey');
  return {
    ...(inherits ? at(server) : {}),
    ...place.options?.(secret),
    ...{ maxRetries: 0, shareState: false, strategy: 'priority' as const },
    endpoints: [{ name: 'a', ...place.endpoint(server, secret) } as EndpointOptions],
  };
}
