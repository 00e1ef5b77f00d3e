// How the tests run. OPENAI=openai-6 (or openai-6-low) runs the same tests on another major of the SDK: every import of
// `openai` in src and test is sent to that installed copy. TRANSPORT=fast makes `transport: 'fast'` the default of all clients.
import { globSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const root = fileURLToPath(new URL('..', import.meta.url));
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
const isPart = (file: string) => PARTS.test(file) && !REPLACES.test(readFileSync(join(root, file), 'utf8'));
const files = globSync('test/**/*.spec.ts', { cwd: root }).map((file) => file.replaceAll('\\', '/'));

export default defineConfig({
  root,
  resolve: { alias },
  test: {
    // Most of the time tests wait for sockets and deadlines: two at once are well within what they allow for lag.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // The large counts of FULL=1 take longer.
    testTimeout: process.env.FULL ? 300_000 : 30_000,
    hookTimeout: 30_000,
    coverage: { provider: 'v8', include: ['src/**/*.ts'] },
    projects: [
      { extends: true, test: { name: 'alone', include: files.filter((file) => !isPart(file)) } },
      { extends: true, test: { name: 'parts', include: files.filter(isPart), isolate: false } },
    ],
  },
});
