// The architecture, held by tests: folder order, cycles, who imports what, lengths, names, comments, the public names.
// The second half shows that each rule does fail when it is broken, on small wrong samples in a temporary folder.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import * as rules from './architecture/rules.ts';
import { readTree, type SourceFile } from './architecture/source-tree.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Everything `load-balanced-openai` exports, types included. */
const PUBLIC_NAMES: readonly string[] = [
  'AffinityError',
  'AffinityOptions',
  'Attempt',
  'AttemptReport',
  'AzureEndpointOptions',
  'Balancer',
  'BalancerEvent',
  'BalancerEvents',
  'BreakerOptions',
  'Call',
  'Candidate',
  'CandidateFigures',
  'ClassifyHook',
  'ClientEndpointOptions',
  'Clock',
  'ClosedError',
  'CommonEndpointOptions',
  'Compared',
  'ConfigurationError',
  'CooldownOrder',
  'Decision',
  'DecisionRecorder',
  'EndpointOptions',
  'EndpointRefusal',
  'EndpointSnapshot',
  'EndpointType',
  'EventName',
  'ExclusionReport',
  'FailoverReason',
  'FallbackOptions',
  'HedgeOptions',
  'Hedging',
  'Importance',
  'LeastLoadedOptions',
  'LimitOptions',
  'LineTarget',
  'ListenerOf',
  'LoadBalancedOpenAI',
  'LoadBalancedOpenAIOptions',
  'LoadBalancerError',
  'LoadMetric',
  'ModelLists',
  'ModelMap',
  'ModelMapValue',
  'MoreNotes',
  'NoEndpointAvailableError',
  'ObservedPool',
  'Observer',
  'OpenAIEndpointOptions',
  'Operation',
  'Outcome',
  'PanicOptions',
  'PickBasis',
  'PickNote',
  'PoolOptions',
  'ProcessStoreOptions',
  'Quantiles',
  'RecordOptions',
  'RecordedAttempt',
  'RecordedCall',
  'Replay',
  'RescueOptions',
  'RetryBudgetOptions',
  'SendingFacts',
  'SharedStore',
  'SlowStartOptions',
  'Snapshot',
  'SteeringOptions',
  'Strategy',
  'StrategyCall',
  'StrategyOption',
  'TakeOptions',
  'Taken',
  'Timing',
  'Tokens',
  'TrackRecord',
  'Verdict',
  'VerdictName',
  'WaitingRoomOptions',
  'attemptsOf',
  'decisionsOf',
  'default',
  'explain',
  'headroom',
  'leastBusy',
  'leastLatency',
  'leastLoaded',
  'memoryStore',
  'priority',
  'processStore',
  'promptCache',
  'random',
  'recordDecisions',
  'roundRobin',
  'systemClock',
  'tokensOf',
];

/** Everything `load-balanced-openai/prometheus` exports, types included. */
const PUBLIC_NAMES_OF_PROMETHEUS: readonly string[] = [
  'MeteredClient',
  'MetricRegistry',
  'PrometheusMetrics',
  'PrometheusOptions',
  'prometheus',
];

/** Everything `load-balanced-openai/testing` exports, types included. */
const PUBLIC_NAMES_OF_TESTING: readonly string[] = [
  'AnswerOptions',
  'EventRecorder',
  'FaultServer',
  'FaultServerOptions',
  'ManualClock',
  'ManualClockOptions',
  'MultipartBody',
  'NamedStep',
  'RateLimit',
  'RawStep',
  'RedirectStep',
  'RepeatedSteps',
  'Script',
  'ServerRequest',
  'StatusStep',
  'Step',
  'StepName',
  'StepOptions',
  'StoreCheck',
  'StoreContractOptions',
  'StrategyCheck',
  'StrategyContractOptions',
  'StreamPlace',
  'StreamStep',
  'faultServer',
  'manualClock',
  'recordEvents',
  'sharedStoreContract',
  'strategyContract',
];

/** Everything `load-balanced-openai/otel` exports, types included. */
const PUBLIC_NAMES_OF_OTEL: readonly string[] = [
  'OpenTelemetryObserver',
  'OpenTelemetryOptions',
  'Propagate',
  'openTelemetry',
  'withinIncoming',
];

/** Everything `load-balanced-openai/redis` exports, types included. */
const PUBLIC_NAMES_OF_REDIS: readonly string[] = [
  'IoredisClient',
  'NodeRedisClient',
  'RedisClient',
  'RedisStore',
  'RedisStoreOptions',
  'redisStore',
];

const packageJson = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Record<
  'dependencies' | 'peerDependencies',
  Record<string, string>
>;
const installed = rules.installed(Object.keys({ ...packageJson.dependencies, ...packageJson.peerDependencies }));

describe('src', () => {
  const files = readTree(join(ROOT, 'src'));

  it.each<[string, rules.Rule]>([
    ['imports only from folders to the left', rules.order],
    ['leads through the gateway in one direction', rules.gatewayOrder],
    ['imports files that exist', rules.targets],
    ['has no import cycle', rules.cycles],
    ['keeps packages behind their one door', rules.packages],
    ["imports the SDK's values by name", rules.namedSdk],
    ['keeps the dashboard to what browsers have', rules.browser],
    ['imports nothing that users do not install', installed],
    [`has no file longer than ${rules.LONGEST} lines`, rules.lengths],
    ['names files after what they hold', rules.names],
    ['asks the clock for time and chance', rules.time],
    ['writes no function of a call straight into a field', rules.young],
    ['opens each file with what it is for', rules.openings],
    ['documents each export', rules.docs],
    ['exports by name', rules.exportStyle],
  ])('%s', (_, rule) => {
    expect(files.length).toBeGreaterThan(0);
    expect(rule(files)).toEqual([]);
  });

  it('exports exactly the public names of prometheus', () => {
    expect(rules.publicNames(files, 'prometheus/index.ts')).toEqual(PUBLIC_NAMES_OF_PROMETHEUS);
  });

  it('exports exactly the public names', () => {
    expect(rules.publicNames(files, 'index.ts')).toEqual(PUBLIC_NAMES);
  });

  it('exports exactly the public names of otel', () => {
    expect(rules.publicNames(files, 'otel/index.ts')).toEqual(PUBLIC_NAMES_OF_OTEL);
  });

  it('exports exactly the public names of redis', () => {
    expect(rules.publicNames(files, 'redis/index.ts')).toEqual(PUBLIC_NAMES_OF_REDIS);
  });

  it('exports exactly the public names of testing', () => {
    expect(rules.publicNames(files, 'testing/index.ts')).toEqual(PUBLIC_NAMES_OF_TESTING);
  });
});

/** The files of a small tree, really written and read. */
function tree(sources: Record<string, string>): SourceFile[] {
  const root = mkdtempSync(join(tmpdir(), 'architecture-'));
  try {
    for (const [path, text] of Object.entries(sources)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    return readTree(root);
  } finally {
    rmSync(root, { recursive: true });
  }
}

/** One sample: a rule, a tree, and for each offence how its line begins. */
type Sample = [why: string, rule: rules.Rule, sources: Record<string, string>, offences: string[]];

const empty = '// Empty.\n';
const long = (lines: number): string => `${'// x\n'.repeat(lines)}`;

const SAMPLES: Sample[] = [
  ['left is fine', rules.order, { 'call/a.ts': "import { b } from '../clock.ts';", 'clock.ts': empty }, []],
  [
    'right is not',
    rules.order,
    { 'call/a.ts': "// A.\n\nimport type { B } from '../pool/b.ts';", 'pool/b.ts': empty },
    ['call/a.ts:3 imports ../pool/b.ts: pool is not to the left of call'],
  ],
  ['same folder is fine', rules.order, { 'call/a.ts': "import './b.ts';", 'call/b.ts': empty }, []],
  [
    'dynamic imports and imported types count',
    rules.order,
    { 'call/a.ts': "const b = await import('../pool/b.ts');\ntype C = import('../pool/b.ts').C;", 'pool/b.ts': empty },
    ['call/a.ts:1', 'call/a.ts:2'],
  ],
  [
    're-exports count',
    rules.order,
    { 'call/a.ts': "export * from '../pool/b.ts';", 'pool/b.ts': empty },
    ['call/a.ts:1'],
  ],
  [
    'several lines',
    rules.order,
    { 'clock.ts': "import {\n  a, // from 'x'\n  b,\n} from './errors.ts';", 'errors.ts': empty },
    ['clock.ts:4'],
  ],
  [
    'comments and strings are no imports',
    rules.order,
    {
      'call/a.ts':
        "// import '../pool/b.ts';\nconst x = `import '../pool/b.ts'; ${'}'} from '../pool/b.ts'`;\nconst y = /[/'\"]/;\n/* from '../pool/b.ts' */",
      'pool/b.ts': empty,
    },
    [],
  ],
  [
    'add-ons know the index only',
    rules.order,
    { 'testing/a.ts': "import { Clock } from '../index.ts';\nimport { x } from '../clock.ts';" },
    ['testing/a.ts:2'],
  ],
  ['add-ons do not know each other', rules.order, { 'redis/a.ts': "import '../otel/a.ts';" }, ['redis/a.ts:1']],
  ['a new folder', rules.order, { 'misc/a.ts': empty }, ['misc/a.ts:1 is in no known folder']],
  ['outside', rules.order, { 'cli/a.ts': "import '../../test/x.ts';" }, ['cli/a.ts:1']],
  [
    'back inside of the gateway',
    rules.gatewayOrder,
    { 'gateway/keys/a.ts': "import '../call/b.ts';", 'gateway/call/b.ts': "import '../keys/a.ts';" },
    ['gateway/keys/a.ts:1 imports ../call/b.ts: call does not come before keys'],
  ],
  ['a new folder of the gateway', rules.gatewayOrder, { 'gateway/misc/a.ts': empty }, ['gateway/misc/a.ts:1']],
  ['missing file', rules.targets, { 'call/a.ts': "import './b';", 'call/b.ts': empty }, ['call/a.ts:1 imports ./b,']],
  [
    'a cycle of three',
    rules.cycles,
    {
      'call/a.ts': "import './b.ts';",
      'call/b.ts': "import type { C } from './c.ts';",
      'call/c.ts': "export * from './a.ts';",
    },
    ['call/c.ts:1 closes a cycle: call/a.ts → call/b.ts → call/c.ts → call/a.ts'],
  ],
  ['a file that imports itself', rules.cycles, { 'call/a.ts': "import './a.ts';" }, ['call/a.ts:1']],
  [
    'a diamond is no cycle',
    rules.cycles,
    {
      'call/a.ts': "import './b.ts';\nimport './c.ts';",
      'call/b.ts': "import './d.ts';",
      'call/c.ts': "import './d.ts';",
      'call/d.ts': empty,
    },
    [],
  ],
  [
    'packages elsewhere',
    rules.packages,
    {
      'endpoint/breaker.ts': "import CircuitBreaker from 'opossum';",
      'endpoint/endpoint.ts': "import type CircuitBreaker from 'opossum';",
      'config/schema.ts': "import { z } from 'zod/mini';",
      'call/a.ts': "import { z } from 'zod/mini';",
      'pool/pool.ts': "const z = require('zod');",
    },
    ['call/a.ts:1', 'endpoint/endpoint.ts:1', 'pool/pool.ts:1'],
  ],
  [
    'values of the SDK',
    rules.packages,
    {
      'call/a.ts': "import type { OpenAI } from 'openai';\nimport { type APIPromise } from 'openai/core/api-promise';",
      'call/b.ts': "type E = import('openai').APIError;\nconst f: typeof import('openai') = x;",
      'call/c.ts': "import OpenAI, { type ClientOptions } from 'openai';",
      'dispatch/classify.ts': "import { APIError } from 'openai';",
      'dispatch/dispatcher.ts': "import { APIError, type X } from 'openai';",
      'dispatch/late.ts': "const { APIError } = await import('openai/error');",
      'sdk/seam.ts': "import OpenAI from 'openai';",
      'index.ts': "export { toFile } from 'openai';\nimport { OpenAI } from 'openai';",
    },
    ['call/c.ts:1', 'dispatch/dispatcher.ts:1', 'dispatch/late.ts:1', 'index.ts:2'],
  ],
  [
    'the dashboard in a browser',
    rules.browser,
    {
      'gateway/dashboard/a.tsx':
        "// A.\nimport { render } from 'preact';\nimport { b } from './b.ts';\nimport type { C } from '../c.ts';\nimport 'uplot/dist/uPlot.min.css';\nimport './a.css';",
      'gateway/dashboard/b.ts':
        "import fs from 'node:fs';\nimport { c } from '../c.ts';\nimport { z } from 'zod';\nbox.innerHTML = name;\n// innerHTML",
      'gateway/c.ts': "import { b } from './dashboard/b.ts';\nimport type { B } from './dashboard/b.ts';",
    },
    [
      'gateway/c.ts:1 imports ./dashboard/b.ts',
      'gateway/dashboard/b.ts:1 imports node:fs',
      'gateway/dashboard/b.ts:2 imports ../c.ts',
      'gateway/dashboard/b.ts:3 imports zod',
      'gateway/dashboard/b.ts:4 uses innerHTML',
    ],
  ],
  [
    'tags are no regular expressions',
    rules.docs,
    {
      'gateway/dashboard/a.tsx':
        '/** A. */\nexport const a = <p>{b}</p>;\nexport const c = <br />;\n/** D. */\nexport const d = 1;',
    },
    ['gateway/dashboard/a.tsx:3 exports c without'],
  ],
  [
    "the SDK's default import",
    rules.namedSdk,
    {
      'sdk/a.ts': "import OpenAI, { type ClientOptions } from 'openai';",
      'sdk/b.ts': "import { default as OpenAI } from 'openai';",
      'sdk/c.ts':
        "import type OpenAI from 'openai';\nimport { OpenAI as B } from 'openai';\nimport * as all from 'openai';",
    },
    ['sdk/a.ts:1 imports the default', 'sdk/b.ts:1 imports the default'],
  ],
  [
    'a development dependency',
    installed,
    { 'call/a.ts': "import 'vitest';\nimport 'zod';\nimport 'node:fs';", 'cli/a.ts': "import 'citty';" },
    ['call/a.ts:1 imports vitest'],
  ],
  [
    'one line too many',
    rules.lengths,
    { 'a.ts': long(rules.LONGEST), 'b.ts': long(rules.LONGEST + 1) },
    [`b.ts:${rules.LONGEST + 1} has ${rules.LONGEST + 1} lines`],
  ],
  [
    'names',
    rules.names,
    {
      'index.ts': "export { a } from './call/a.ts';",
      'testing/index.ts': "export { a } from '../call/a.ts';",
      'call/index.ts': "export { a } from './a.ts';",
      'call/runAttempt.ts': empty,
      'call/types.ts': empty,
      'helpers/a.ts': empty,
      'pool/all.ts': "// All.\nexport { a } from './a.ts';\nexport { b } from './b.ts';",
      'testing/deep/index.ts': empty,
    },
    [
      'call/index.ts:1 is a barrel',
      'call/runAttempt.ts:1',
      'call/types.ts:1',
      'helpers/a.ts:1',
      'pool/all.ts:1',
      'testing/deep/index.ts:1',
    ],
  ],
  [
    'time and chance',
    rules.time,
    {
      'clock.ts': 'Date.now(); setTimeout(f, 1);',
      'call/a.ts':
        '// Date.now()\nconst a = Date.now;\nMath.random();\nperformance.now();\nsetTimeout(f, 1);\nglobalThis.setInterval(f, 1);\nnew Date();\nAbortSignal.timeout(5);',
      'call/b.ts': "socket.setTimeout(1); new Date(x); const s = 'Date.now()'; clearTimeout(t); const setTimeouts = 1;",
      'testing/c.ts': 'setTimeout(f, 1);',
    },
    [2, 3, 4, 5, 6, 7, 8].map((line) => `call/a.ts:${line} uses`),
  ],
  [
    'time inside a template',
    rules.time,
    { 'call/a.ts': 'const a = `x ${f({ b: `${Date.now()}` })} Math.random()`;' },
    ['call/a.ts:1 uses Date.now'],
  ],
  [
    'functions of calls',
    rules.young,
    {
      'sdk/a.ts':
        'this.#f = () => this;\ncall.end = async (a: B): Promise<C> => a;\nx.y ??= a => a;\nx.z = function () {};\nx.f = f((a) => a);',
      'sdk/b.ts': 'const f = () => 1;\nthis.#f = f;\nclass A { #g = () => 1; }\nx.a = (b + c);\nif (x.a == b) {}',
      'gateway/c.ts': 'this.#f = () => this;',
    },
    ['sdk/a.ts:1 writes a function', 'sdk/a.ts:2 writes', 'sdk/a.ts:3 writes', 'sdk/a.ts:4 writes'],
  ],
  [
    'opening comments',
    rules.openings,
    {
      'a.ts': "import 'x';",
      'b.ts': '/** What b is for. */\nx;',
      'c.ts': '// One.\n// Two.\nx;',
      'd.ts': `/**\n${' * x\n'.repeat(6)} */\n`,
      'e.ts': '\n// Late.',
      'f.ts': '#!/usr/bin/env node\n// F.\n',
      'g.ts': '//\n',
    },
    ['a.ts:1', 'd.ts:1', 'e.ts:1', 'g.ts:1'],
  ],
  [
    'doc comments',
    rules.docs,
    {
      'a.ts':
        '// A.\n\nexport const a = 1;\n/* b */\nexport function b() {}\n// c\nexport class C {}\nexport type D = 1;',
      'b.ts':
        '/** A. */\nexport const a = 1;\n/** B. */\nexport async function b(): void;\nexport async function b(c?: 1) {}\n/**\n * D.\n */\nexport abstract class D {}',
      'c.ts': '/** A. */\n\nexport const a = 1;',
      'd.ts': '/** A. */\nconst a = 1;\nconst b = 1;\nexport { a, b };',
      'e.ts': "export { a } from './a.ts';\nexport type { b } from './a.ts';",
      'f.ts': '/** A. */\n// biome-ignore lint/x: y\nexport const a = 1;',
      'g.ts': "/** A. */ const s = 'export const x = 1';\nexport enum E {}",
    },
    [
      'a.ts:3 exports a without',
      'a.ts:5 exports b without',
      'a.ts:7 exports C without',
      'a.ts:8 exports D without',
      'c.ts:3 exports a, but a blank line',
      'd.ts:4 exports b without',
      'g.ts:2 exports E without',
    ],
  ],
  [
    'exports by name',
    rules.exportStyle,
    {
      'call/a.ts': 'export default class A {}',
      'call/b.ts': 'const a = 1;\nexport { a as default };',
      'call/c.ts': "export * from './d.ts';\nexport * as d from './d.ts';",
      'index.ts': "export { A as default } from './call/a.ts';",
    },
    ['call/a.ts:1 has a default', 'call/b.ts:2 has a default', 'call/c.ts:1 re-exports everything'],
  ],
];

describe('the rules themselves', () => {
  it.each(SAMPLES)('%s', (_, rule, sources, offences) => {
    const found = rule(tree(sources));
    expect(found.map((line, index) => line.slice(0, offences[index]?.length))).toEqual(offences);
  });

  it('lists public names, types and renamed ones included', () => {
    const files = tree({
      'index.ts':
        "export { B as default, B, type Options } from './b.ts';\nexport type { C } from './c.ts';\nexport const d = 1;\nexport * from './e.ts';",
    });
    expect(rules.publicNames(files, 'index.ts')).toEqual(['*', 'B', 'C', 'Options', 'd', 'default']);
  });
});
