// How the tests run. OPENAI=openai-6 (or openai-6-low) runs the same tests on another major of the SDK: every import of
// `openai` in src and test is sent to that installed copy. TRANSPORT=fast makes `transport: 'fast'` the default of all clients.
import { globSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const root = fileURLToPath(new URL('..', import.meta.url));
// Tests start some hundred processes; most of the time of one goes into compiling the same files.
process.env.NODE_COMPILE_CACHE ??= join(root, 'node_modules/.cache/compiled');

const sdk = process.env.OPENAI ?? 'openai';

const fastSettings = fileURLToPath(new URL('../test/support/fast-settings.ts', import.meta.url));
const alias = [
  ...(sdk === 'openai' ? [] : [{ find: /^openai(?=$|\/)/, replacement: sdk }]),
  ...(process.env.TRANSPORT === 'fast' ? [{ find: './config/resolve-settings.ts', replacement: fastSettings }] : []),
];

// A process of its own for each file costs more than most of these files take: they are about parts that keep nothing of each
// other. Whoever replaces or loads modules anew, or counts what the whole process does, needs one all the same.
const PARTS =
  /^test\/(call|config|dispatch|endpoint|observe|otel|pool|prometheus|sdk|simulator|strategy|testing)\/(?!balanced-promise\b)/;
const REPLACES = /\bvi\.(mock|doMock|hoisted|resetModules)\b/;
// Who promises ms or that nobody is cut off, with many processes, has the machine to itself.
const ALONE = /^test\/(flow\/many-processes|cli\/stop)\./;
// Who looks at the clock, or has a process of its own do so, shares the machine with one other file alone.
const TIMED = /\b(performance\.now|lag|cpuUsage|hrtime|runChild|startChild)\b/;

/** The group that a file is run in. */
function groupOf(file: string): 'alone' | 'timed' | 'free' | 'parts' {
  if (ALONE.test(file)) return 'alone';
  const text = readFileSync(join(root, file), 'utf8');
  if (TIMED.test(text)) return 'timed';
  return PARTS.test(file) && !REPLACES.test(text) ? 'parts' : 'free';
}

const files = globSync('test/**/*.spec.ts', { cwd: root }).map((file) => file.replaceAll('\\', '/'));
const groups = Map.groupBy(files, groupOf);

/** The files that take longest begin first, so that none is left over at the end; what counts throughput beside what waits. */
const FIRST = [
  'limits-on-redis',
  'never-worse-in-series',
  '19-slow-and-many',
  'process/failover',
  'client-per-call',
  'simulator/',
  'demo',
  'sdk-behaviours',
  'watching',
  'by-load',
  'looks',
  'examples',
  'fleet/processes',
];

class LongestFirst extends BaseSequencer {
  override async sort(specs: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(specs);
    const rank = ({ project, moduleId }: TestSpecification) => {
      const place = FIRST.findIndex((part) => moduleId.includes(part));
      return 100 * project.config.sequence.groupOrder + (place < 0 ? FIRST.length : place);
    };
    return sorted.sort((a, b) => rank(a) - rank(b));
  }
}

// Most of the time tests wait for sockets and deadlines.
const cores = availableParallelism();
const one = { maxWorkers: 1, sequence: { groupOrder: 0 } };
const few = { maxWorkers: Math.max(2, cores - 1), sequence: { groupOrder: 1 } };
const some = { maxWorkers: Math.max(3, cores - 1), sequence: { groupOrder: 2 } };
const project = (name: 'alone' | 'timed' | 'free' | 'parts', more: object) => ({
  extends: true as const,
  test: { name, include: groups.get(name) ?? [], ...more },
});

export default defineConfig({
  root,
  resolve: { alias },
  test: {
    // The large counts of FULL=1 take longer.
    testTimeout: process.env.FULL ? 300_000 : 30_000,
    hookTimeout: 30_000,
    coverage: { provider: 'v8', include: ['src/**/*.ts'] },
    sequence: { sequencer: LongestFirst },
    projects: [
      project('alone', one),
      project('timed', few),
      project('free', some),
      project('parts', { ...some, isolate: false }),
    ],
  },
});
