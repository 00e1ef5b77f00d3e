// Invariant 5 and threat T4: whatever path, base URL or host one call names, nothing of it leaves the origins of the pool: it goes
// where the endpoint is, or it is refused before anything is sent.
import OpenAI, { AzureOpenAI } from 'openai';
import { describe, expect, it } from 'vitest';
import { LoadBalancedOpenAI } from '../../src/index.ts';
import { failure } from '../support/calls.ts';
import { fc, runs } from '../support/property.ts';

interface Sent {
  readonly url: string;
  readonly said: string;
}

/** A fetch that sends nothing and remembers everything. */
function recorder() {
  const sent: Sent[] = [];
  const fetch = async (input: string | URL | Request, init?: RequestInit) => {
    const url = input instanceof Request ? input.url : String(input);
    sent.push({ url, said: JSON.stringify([...new Headers(init?.headers)]) });
    return Response.json({ id: 'x', object: 'list', data: [], choices: [] });
  };
  return { sent, fetch };
}

/** Addresses of different shapes; without a path the host can be prolonged by what is appended. */
const BASES = [
  'https://a.example/v1',
  'https://a.example',
  'http://127.0.0.1:4567',
  'http://[::1]:81/v1',
  'https://A.example:8443/v1/',
];

const kinds = (baseURL: string, fetch: typeof globalThis.fetch) => {
  const { origin } = new URL(baseURL);
  const quiet = { logLevel: 'off', maxRetries: 0, shareState: false } as const;
  const pool = (...endpoints: object[]) => new LoadBalancedOpenAI(endpoints as never, quiet);
  const one = { baseURL, apiKey: 'key-a', fetch };
  const azure = { endpoint: origin, apiVersion: '2024-10-21', apiKey: 'key-z', fetch };
  const two = pool(one, { ...one, apiKey: 'key-b' });
  const kinds: Record<string, OpenAI> = {
    'a pool of one': pool(one),
    'a pool of two': two,
    'a clone': two.withOptions({ timeout: 5_000 }),
    'a pinned client': two.balancer.pin('openai-2'),
    'an endpoint alone': two.balancer.endpoint('openai-1'),
    'a clone of an endpoint': two.balancer.endpoint('openai-1').withOptions({ timeout: 5_000 }),
    'an Azure endpoint': pool({ type: 'azure', ...azure }),
    'a client of one’s own': pool({ client: new OpenAI({ ...one, logLevel: 'off' }) }),
    'an Azure client of one’s own': pool({ client: new AzureOpenAI({ ...azure, logLevel: 'off' }) }),
  };
  return kinds;
};

const at = (url: string) => {
  try {
    return new URL(url).origin;
  } catch {
    return undefined;
  }
};

const bits = fc.constantFrom(
  ...[
    '/',
    '//',
    '\\',
    '/\\',
    '\\/',
    '@',
    ':',
    '?',
    '#',
    '.',
    '..',
    '/../',
    '%2f',
    '%40',
    '%5c',
    '%00',
    ' ',
    '\t',
    '\n',
  ],
  ...[
    'http:',
    'https:',
    'HTTPS:',
    'https',
    'file:',
    'data:',
    'javascript:',
    'ws:',
    'blob:',
    '//evil.example',
    'evil.example',
  ],
  ...[
    'a.example',
    '127.0.0.1',
    '[::1]',
    '0x7f000001',
    '2130706433',
    '8',
    '80',
    ':81',
    '。',
    '．',
    '\u00ad',
    '\ufeff',
    '\u2028',
  ],
  ...['user:pass@', 'key-a@', 'models', 'v1', 'deployments', '{}', '${x}', '*', '|', '^', '`', '<', '"'],
);
const path = fc
  .tuple(fc.constantFrom('', '/', 'https://', '//', '/models', 'http:/'), fc.array(bits, { maxLength: 6 }))
  .map(([start, rest]) => start + rest.join(''));

describe('T4: paths', () => {
  it.each(BASES)('of any spelling never lead away from %s', async (baseURL) => {
    const { sent, fetch } = recorder();
    const clients = Object.entries(kinds(baseURL, fetch));
    const own = new URL(baseURL).origin;
    const plain = new OpenAI({ apiKey: 'x', baseURL });
    await fc.assert(
      fc.asyncProperty(path, fc.nat(clients.length - 1), fc.boolean(), async (spelt, index, asOption) => {
        const [name, client] = clients[index]!;
        sent.length = 0;
        const call = asOption
          ? client.chat.completions.create({ model: 'm', messages: [] }, { path: spelt } as never)
          : client.get(spelt);
        const error = await call.then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
        for (const { url } of sent) expect(at(url), `${name} ${JSON.stringify(spelt)}`).toBe(own);
        // A list is asked of every endpoint, however its end is spelt.
        const isList = !asOption && /^\/models\/*([?#].*)?$/.test(spelt);
        const merged = isList && sent.length > 1;
        const asked = merged ? 1 : sent.length;
        expect(asked + (error ? 1 : 0), `${name} ${JSON.stringify(spelt)}`).toBe(1);
        // Pages of a merged list are asked for in the pool's own words.
        if (error || merged || name.includes('Azure')) return;
        // What is sent is what the SDK would send there.
        expect(sent[0]!.url).toBe(plain.buildURL(spelt, null));
      }),
      runs(300),
    );
  });

  const away = (url: string) => [
    url,
    url.replace('https:', ''),
    url.replace('https', 'HTTPS'),
    url.replace('//', '//a.example@'),
  ];
  it.each(away('https://evil.example/v1/models'))('%s is refused in clear words, whoever is asked', async (url) => {
    const { sent, fetch } = recorder();
    for (const [name, client] of Object.entries(kinds(BASES[0]!, fetch))) {
      // The SDK itself takes this one for a path below the base URL.
      if (url.startsWith('//') && !(client instanceof LoadBalancedOpenAI)) continue;
      const error = await failure(client.get(url));
      expect(error, name).toBeInstanceOf(OpenAI.OpenAIError);
      expect(error.message, name).toMatch(/Refused to send .*evil\.example/);
    }
    expect(sent).toEqual([]);
  });
});

describe('T4: options of one call', () => {
  const there = 'https://evil.example/v1';
  it.each<[string, object]>([
    ['defaultBaseURL', { defaultBaseURL: there }],
    ['baseURL', { baseURL: there }],
    ['__baseURL', { __baseURL: there }],
    ['endpoint', { endpoint: there }],
    ['host', { host: 'evil.example' }],
    ['origin', { origin: there }],
    ['url', { url: there }],
    ['apiKey', { apiKey: 'stolen', baseURL: there }],
    ['fetchOptions', { fetchOptions: { url: there, baseURL: there, redirect: 'follow' } }],
    ['the body', { body: { model: 'm', api_base: there, base_url: there, baseURL: there } }],
    ['__proto__', JSON.parse(`{"__proto__":{"path":"${there}"}}`) as object],
  ])('%s changes no origin', async (_, options) => {
    for (const baseURL of BASES.slice(0, 2)) {
      const { sent, fetch } = recorder();
      for (const client of Object.values(kinds(baseURL, fetch)))
        await client.post('/chat/completions', { body: { model: 'm' }, ...options }).catch(() => undefined);
      expect(sent.map(({ url }) => at(url))).toEqual(sent.map(() => new URL(baseURL).origin));
      for (const { said } of sent) expect(said).not.toContain('stolen');
    }
  });

  it('models with tricks in their names stay on the origin of an Azure endpoint', async () => {
    const { sent, fetch } = recorder();
    const clients = Object.entries(kinds(BASES[0]!, fetch)).filter(([name]) => name.includes('Azure'));
    await fc.assert(
      fc.asyncProperty(path, async (model) => {
        for (const [, client] of clients)
          await client.chat.completions.create({ model, messages: [] }).catch(() => undefined);
      }),
      runs(100),
    );
    expect(sent.length).toBeGreaterThan(50);
    for (const { url } of sent) expect(at(url)).toBe('https://a.example');
  });

  it('hooks of a subclass that point elsewhere are refused as well', async () => {
    const { sent, fetch } = recorder();
    class Mine extends LoadBalancedOpenAI {
      protected override async prepareOptions(options: { path: string }): Promise<void> {
        options.path = `${there}/models`;
      }
    }
    const client = new Mine([{ baseURL: BASES[0]!, apiKey: 'key-a', fetch }], { logLevel: 'off', maxRetries: 0 });
    expect((await failure(client.models.list())).message).toMatch(/Refused/);
    expect(sent).toEqual([]);
  });

  it('an address changed on a client of one endpoint is meant; the new one is the only one then', async () => {
    const { sent, fetch } = recorder();
    const client = new LoadBalancedOpenAI([{ baseURL: BASES[0]!, apiKey: 'key-a', fetch }], { maxRetries: 0 });
    client.baseURL = there;
    await client.models.list();
    const moved = client.balancer
      .endpoint('openai-1')
      .withOptions({ baseURL: 'https://b.example/v1', apiKey: 'key-b' });
    await moved.models.list();
    expect((await failure(moved.get('https://a.example/v1/models'))).message).toMatch(/Refused/);
    expect(sent.map(({ url, said }) => [at(url), /key-[ab]/.exec(said)?.[0]])).toEqual([
      ['https://evil.example', 'key-a'],
      ['https://b.example', 'key-b'],
    ]);
  });
});
