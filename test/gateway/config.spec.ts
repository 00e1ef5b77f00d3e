// The configuration: read from any format, checked as a whole, each problem told with its place.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UnreadableFile } from '../../src/gateway/config/config-file.ts';
import { InvalidConfiguration } from '../../src/gateway/config/invalid.ts';
import { configJsonSchema } from '../../src/gateway/config/json-schema.ts';
import { loadSettings, settingsOf } from '../../src/gateway/config/load.ts';
import type { GatewaySettings } from '../../src/gateway/config/settings.ts';
import { storeProblem } from '../../src/gateway/store/store-needs.ts';

let folder: string;
let count = 0;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gateway-config-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Loads text as a file of this format. */
function load(extension: string, text: string, env: Record<string, string> = {}): GatewaySettings {
  count += 1;
  const file = join(folder, `c${count}.${extension}`);
  writeFileSync(file, text);
  return loadSettings({ file, folder, env });
}

/** The lines of what is wrong, without the file's name. */
function problems(work: () => unknown): string[] {
  try {
    work();
  } catch (error) {
    if (error instanceof InvalidConfiguration)
      return error.message.split('\n').map((line) => line.replace(/^c\d+\.\w+:/, ''));
    throw error;
  }
  return [];
}

const YAML = `
endpoints:
  - name: main
    apiKey: \${MAIN_KEY}
  - { name: spare, baseURL: "http://127.0.0.1:\${PORT:-9000}/v1", apiKey: local, weight: 0.5 }
groups:
  gpt-5:
    strategy: priority
    endpoints:
      - { endpoint: main }
      - { endpoint: spare, model: llama }
clientKeys:
  - { name: app, key: "\${APP_KEY}", limits: { requestsPerMinute: 60 } }
timeout: 30000
`;
const JSONC = `{
  // the same
  "endpoints": [
    { "name": "main", "apiKey": "\${MAIN_KEY}" },
    { "name": "spare", "baseURL": "http://127.0.0.1:\${PORT:-9000}/v1", "apiKey": "local", "weight": 0.5 },
  ],
  "groups": { "gpt-5": { "strategy": "priority", "endpoints": [{ "endpoint": "main" }, { "endpoint": "spare", "model": "llama" }] } },
  "clientKeys": [{ "name": "app", "key": "\${APP_KEY}", "limits": { "requestsPerMinute": 60 } }],
  "timeout": 30000,
}`;
const TOML = `
timeout = 30000

[[endpoints]]
name = "main"
apiKey = "\${MAIN_KEY}"

[[endpoints]]
name = "spare"
baseURL = "http://127.0.0.1:\${PORT:-9000}/v1"
apiKey = "local"
weight = 0.5

[groups."gpt-5"]
strategy = "priority"
endpoints = [{ endpoint = "main" }, { endpoint = "spare", model = "llama" }]

[[clientKeys]]
name = "app"
key = "\${APP_KEY}"
limits = { requestsPerMinute = 60 }
`;
const ENV = { MAIN_KEY: 'sk-main', APP_KEY: 'ck-app' };

describe('a file', () => {
  it.each([
    ['yaml', YAML],
    ['yml', YAML],
    ['jsonc', JSONC],
    ['json', JSONC.replace(/ *\/\/.*\n/, '').replaceAll(/,(\s*[\]}])/g, '$1')],
    ['toml', TOML],
  ])('says the same in %s', (extension, text) => {
    const settings = load(extension, text, ENV);
    expect(
      settings.endpoints.map(({ name, baseURL, options }) => [name, baseURL, 'apiKey' in options && options.apiKey]),
    ).toEqual([
      ['main', 'https://api.openai.com/v1', 'sk-main'],
      ['spare', 'http://127.0.0.1:9000/v1', 'local'],
    ]);
    expect(settings.groups).toMatchObject([
      {
        name: 'gpt-5',
        members: [
          { endpoint: 'main', model: 'gpt-5' },
          { endpoint: 'spare', model: 'llama' },
        ],
        options: { strategy: 'priority' },
      },
    ]);
    expect(settings.clientKeys).toMatchObject([{ name: 'app', limits: { requestsPerMinute: 60 } }]);
    expect(settings.options).toEqual({ timeout: 30_000 });
    expect(settings.limits).toEqual({
      ...{ bodyBytes: 64 * 2 ** 20, uploadBytes: 2 ** 30, bodyBytesAtOnce: 2 ** 30 },
      ...{ connections: 10_000, connectionsPerAddress: 2_000 },
    });
    // The key is there as its hash only.
    expect(JSON.stringify(settings.clientKeys)).not.toContain('ck-app');
  });

  it('is told every problem at once, each with line and column', () => {
    const text = YAML.replace('weight: 0.5', 'weigth: 0.5')
      .replace('priority', 'first')
      .replace('endpoint: spare', 'endpoint: spar')
      .replace('timeout', 'timout');
    expect(problems(() => load('yaml', text, { APP_KEY: 'x' }))).toEqual([
      '4:5 endpoints[0].apiKey: the environment variable MAIN_KEY is not set; set it, or write ${MAIN_KEY:-default}',
      '5:81 endpoints[1].weigth: unknown option; did you mean weight?',
      expect.stringMatching(
        /^8:5 groups\["gpt-5"\]\.strategy: must be a strategy: 'round-robin', .*'priority'; got a string$/,
      ),
      '11:11 groups["gpt-5"].endpoints[1].endpoint: names no endpoint; did you mean spare?; known are main, spare',
      '14:1 timout: unknown option; did you mean timeout?',
    ]);
    const toml = TOML.replace('weight = 0.5', 'weight = "x"')
      .replace('"priority"', '"first"')
      .replace('"spare", model', '"spar", model');
    expect(problems(() => load('toml', toml, ENV)).map((line) => line.split(': ', 1)[0])).toEqual([
      '12:1 endpoints[1].weight',
      '15:1 groups["gpt-5"].strategy',
      '16:1 groups["gpt-5"].endpoints[1].endpoint',
    ]);
    const jsonc = JSONC.replace('"weight": 0.5', '"weight": -1').replace('"timeout"', '"timout"');
    expect(problems(() => load('jsonc', jsonc, ENV)).map((line) => line.split(': ', 1)[0])).toEqual([
      '5:91 endpoints[1].weight',
      '9:3 timout',
    ]);
  });

  it.each([
    ['yaml', 'endpoints:\n  - name: [a\n    apiKey: sk-secret\n', /^\d:\d+ /],
    ['yaml', 'endpoints:\n\t- a', /^2:1 .*tab/],
    ['yaml', 'strategy: random\nstrategy: random\n', /^2:1 names the same key a second time$/],
    ['yaml', 'a: *somewhere', /^1:\d+ /],
    [
      'yaml',
      `a: &a [x]\n${Array.from({ length: 30 }, (_, i) => `b${i}: &b${i} [${i === 0 ? '*a,*a' : `*b${i - 1},*b${i - 1}`}]`).join('\n')}`,
      /aliases/,
    ],
    ['json', '{ "strategy": "random", }', /^1:\d+ lacks a name/],
    ['json', '{ "apiKey": "sk-secret" "x": 1 }', /^1:25 lacks a comma here$/],
    ['json', '// no\n{}', /^1:1 holds a comment; name the file \.jsonc/],
    ['jsonc', '{ "a": 1, "a": 2 }', /^1:11 names the same key a second time$/],
    ['toml', 'apiKey = sk-secret', /^1:\d+ is no TOML here/],
    ['toml', '[a]\nx = 1\n[a]\ny = 1', /^3:\d+ is no TOML here/],
  ])('that is no %s says where it stops being one, without repeating what it says', (extension, text, said) => {
    const found = problems(() => load(extension, text));
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(said);
    expect(found[0]).not.toMatch(/secret|somewhere/);
  });

  it('changes nothing that it should not: names that are no names are refused', () => {
    for (const [extension, text] of [
      ['json', '{"endpoints":[{"name":"a","apiKey":"k","__proto__":{"x":1}}]}'],
      ['yaml', 'endpoints: [{ name: a, apiKey: k, constructor: { x: 1 } }]'],
      ['toml', '[[endpoints]]\nname = "a"\napiKey = "k"\n__proto__ = 1'],
    ] as const)
      expect(problems(() => load(extension, text)).join()).toMatch(
        /holds the name (__proto__|constructor), which is not allowed/,
      );
    expect(({} as { x?: number }).x).toBeUndefined();
  });

  it('is found by its name, if there is one', () => {
    const place = mkdtempSync(join(folder, 'place-'));
    expect(() => loadSettings({ folder: place, env: {} })).toThrow(/OPENAI_API_KEYS/);
    writeFileSync(join(place, 'load-balanced-openai.toml'), TOML);
    expect(loadSettings({ folder: place, env: ENV }).source).toBe(join(place, 'load-balanced-openai.toml'));
    writeFileSync(join(place, 'load-balanced-openai.yaml'), YAML);
    expect(() => loadSettings({ folder: place, env: ENV })).toThrow(
      /2 configuration files: load-balanced-openai.yaml, load-balanced-openai.toml/,
    );
    expect(() => loadSettings({ file: join(place, 'x.yaml'), folder: place, env: {} })).toThrow(
      'x.yaml: there is no such file.',
    );
    expect(() => loadSettings({ file: join(place, 'x.ini'), folder: place, env: {} })).toThrow(UnreadableFile);
  });

  it('takes its endpoints from the environment when it names none', () => {
    const settings = load('yaml', 'strategy: priority\nclientKeys: [{ name: a, key: b }]', {
      OPENAI_API_KEYS: 'k1,k2',
    });
    expect(settings.endpoints.map(({ name }) => name)).toEqual(['openai-1', 'openai-2']);
    expect(problems(() => load('yaml', 'strategy: priority'))).toEqual([
      expect.stringMatching(/^1:1 endpoints: are missing.*OPENAI_API_KEYS/),
    ]);
  });
});

describe('references', () => {
  const filled = (x: string, env: Record<string, string> = {}) => {
    const { endpoints } = settingsOf({ endpoints: [{ name: 'a', apiKey: 'k', defaultHeaders: { x } }] }, env, 'test');
    const [options] = endpoints.map((each) => each.options as unknown as { defaultHeaders: { x: string } });
    return options?.defaultHeaders ?? { x: '' };
  };

  it('are filled in, with a default where one is named; $${ stands for itself', () => {
    expect(filled('a-${A}-${B:-b}-${C:-}-$${A}-$1', { A: '1', C: '' }).x).toBe('a-1-b--${A}-$1');
    expect(filled('${A:-x}', { A: '' }).x).toBe('x');
    expect(filled('${A}', { A: '' }).x).toBe('');
    expect(problems(() => filled('${1A}'))[0]).toMatch(/names no variable/);
  });
});

describe('what the parts say about each other', () => {
  const wrong = (more: object) =>
    problems(() =>
      settingsOf(
        {
          endpoints: [
            { name: 'a', apiKey: 'k' },
            { name: 'b', apiKey: 'k2' },
          ],
          ...more,
        },
        {},
        'test',
      ),
    );
  const group = (fallback: string[]) => ({ endpoints: [{ endpoint: 'a' }], fallback });

  it.each<[string, object, RegExp]>([
    [
      'a circle',
      { groups: { x: group(['y']), y: group(['x']) } },
      /groups\.x\.fallback: leads back to the group itself \(x → y → x\)/,
    ],
    [
      'an unknown group',
      { groups: { big: group(['smal']), small: group([]) } },
      /names no group; did you mean small\?/,
    ],
    [
      "an endpoint's name that is a place of another one",
      {
        endpoints: [
          { name: 'a', apiKey: 'k' },
          { name: 'a..2', apiKey: 'l' },
        ],
      },
      /endpoints\[1\]\.name: must not end in '\.\.' and a number/,
    ],
    [
      'a name with a pin in it',
      { groups: { a$1: group([]) } },
      /groups\.a\$1: must be a name of 1 to 128 characters without '\$'/,
    ],
    [
      'an empty key',
      { clientKeys: [{ name: 'x', key: '' }] },
      /clientKeys\[0\]\.key: must be a key; an empty one would let everybody in/,
    ],
    [
      'one key for two',
      { clientKeys: [{ name: 'x', key: 'k' }], adminKeys: [{ name: 'y', key: 'k' }] },
      /adminKeys\[0\]\.key: is the key of clientKeys\[0\] as well/,
    ],
    [
      'one name for two',
      {
        clientKeys: [
          { name: 'x', key: 'k' },
          { name: 'x', key: 'l' },
        ],
      },
      /clientKeys\[1\]\.name: is taken/,
    ],
    [
      'a budget without prices',
      { clientKeys: [{ name: 'x', key: 'k', limits: { budget: 5 } }] },
      /budget: needs prices/,
    ],
    [
      'a group that is not there',
      { groups: { big: group([]) }, clientKeys: [{ name: 'x', key: 'k', groups: ['bigg'] }] },
      /did you mean big\?/,
    ],
    ['a date that is none', { clientKeys: [{ name: 'x', key: 'k', expiresAt: 'soon' }] }, /must be a date/],
    [
      'a group with a breaker of its own',
      { groups: { x: { ...group([]), breaker: {} } } },
      /groups\.x\.breaker: unknown option/,
    ],
    [
      'an endpoint twice',
      {
        endpoints: [
          { name: 'a', apiKey: 'k' },
          { name: 'a', apiKey: 'k' },
        ],
      },
      /endpoints\[1\]\.name: "a" is taken/,
    ],
    [
      'maxRetries of an endpoint',
      { endpoints: [{ name: 'a', apiKey: 'k', maxRetries: 1 }] },
      /maxRetries: counts for a whole call/,
    ],
    ['only endpoints without a key', { endpoints: [{ name: 'a', apiKey: '' }] }, /have no key at all/],
    [
      'an address without a key',
      { endpoints: [{ name: 'a', baseURL: 'http://localhost:1/v1' }] },
      /endpoints\[0\]\.apiKey: is missing/,
    ],
  ])('%s is refused', (_, more, said) => {
    expect(wrong(more).join('\n')).toMatch(said);
  });

  it('never repeats a value, since it may be a key', () => {
    const secret = 'sk-canary-0123456789abcdef';
    const found = wrong({
      endpoints: [{ name: secret, apiKey: `${secret} x`, weight: secret, type: secret, [secret]: 1 }],
      clientKeys: [{ name: secret, key: `${secret} x`, groups: [secret] }],
      strategy: secret,
      store: secret,
    });
    expect(found.length).toBeGreaterThan(5);
    expect(found.join('\n')).not.toContain('canary');
  });
});

describe('the environment', () => {
  const read = (env: Record<string, string>) =>
    loadSettings({ folder, env }).endpoints.map(({ name, type, baseURL, keyFrom }) => [name, type, baseURL, keyFrom]);

  it('names keys and addresses: every key of a service on each of its addresses', () => {
    const SERVICE_ENDPOINTS =
      '{"openai":["https://a.example/v1","https://b.example/v1"],"anthropic":["https://c.example/v1"]}';
    expect(read({ OPENAI_API_KEYS: ' k1, ,k2,', ANTHROPIC_API_KEYS: 'k3', SERVICE_ENDPOINTS })).toEqual([
      ['openai-1', 'openai', 'https://a.example/v1', 'key 1 of OPENAI_API_KEYS'],
      ['openai-2', 'openai', 'https://a.example/v1', 'key 2 of OPENAI_API_KEYS'],
      ['openai-3', 'openai', 'https://b.example/v1', 'key 1 of OPENAI_API_KEYS'],
      ['openai-4', 'openai', 'https://b.example/v1', 'key 2 of OPENAI_API_KEYS'],
      ['anthropic-1', 'anthropic', 'https://c.example/v1', 'key 1 of ANTHROPIC_API_KEYS'],
    ]);
  });

  it('may name one key', () => {
    expect(read({ OPENAI_API_KEY: 'k' })).toEqual([
      ['openai-1', 'openai', 'https://api.openai.com/v1', 'OPENAI_API_KEY'],
    ]);
    expect(read({ ANTHROPIC_API_KEY: 'k' })).toEqual([
      ['anthropic-1', 'anthropic', 'https://api.anthropic.com/v1', 'ANTHROPIC_API_KEY'],
    ]);
  });

  it('says what is wrong with it', () => {
    expect(problems(() => read({}))[0]).toMatch(/OPENAI_API_KEYS/);
    expect(problems(() => read({ OPENAI_API_KEYS: 'k', SERVICE_ENDPOINTS: '{"openai":' }))[0]).toMatch(
      /^SERVICE_ENDPOINTS: the environment variable ends too early/,
    );
    expect(problems(() => read({ ANTHROPIC_API_KEYS: 'k', SERVICE_ENDPOINTS: '{"anthropic":["nope"]}' }))[0]).toMatch(
      /^SERVICE_ENDPOINTS\.anthropic\[0\]: is no URL/,
    );
    expect(problems(() => read({ OPENAI_API_KEYS: 'k1;k2' }))[0]).toMatch(/separate keys by commas/);
  });
});

describe('the schema for editors', () => {
  it('is the one that is published', () => {
    const file = fileURLToPath(new URL('../../src/gateway/config/schema.json', import.meta.url));
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(JSON.parse(JSON.stringify(configJsonSchema())));
  });
});

describe('a store in a file', () => {
  it('needs a Node that has SQLite; nothing else does', () => {
    const store = { path: './gateway.db' };
    expect(storeProblem({ store }, '20.19.0')).toMatch(/needs Node 22\.13 or newer; this is Node 20\.19\.0/);
    expect(storeProblem({ store }, '22.12.0')).toBeDefined();
    for (const version of ['22.13.0', '24.0.0']) expect(storeProblem({ store }, version)).toBeUndefined();
    for (const other of [undefined, { type: 'memory' as const }])
      expect(storeProblem({ store: other }, '20.19.0')).toBeUndefined();
  });
});
