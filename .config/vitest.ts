// How the tests run. OPENAI=openai-6 (or openai-6-low) runs the same tests on another major of the SDK: every import of
// `openai` in src and test is sent to that installed copy. TRANSPORT=fast makes `transport: 'fast'` the default of all clients.
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const sdk = process.env.OPENAI ?? 'openai';

const fastSettings = fileURLToPath(new URL('../test/support/fast-settings.ts', import.meta.url));
const alias = [
  ...(sdk === 'openai' ? [] : [{ find: /^openai(?=$|\/)/, replacement: sdk }]),
  ...(process.env.TRANSPORT === 'fast' ? [{ find: './config/resolve-settings.ts', replacement: fastSettings }] : []),
];

export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  resolve: { alias },
  test: {
    include: ['test/**/*.spec.ts'],
    // Most of the time tests wait for sockets and deadlines: two at once are well within what they allow for lag.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // The large counts of FULL=1 take longer.
    testTimeout: process.env.FULL ? 300_000 : 30_000,
    hookTimeout: 30_000,
    coverage: { provider: 'v8', include: ['src/**/*.ts'] },
  },
});
