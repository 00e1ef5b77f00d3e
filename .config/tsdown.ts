// How the package is built: the library for import and require, its dependencies left to npm; the command line with the gateway
// as one program, everything in it that users of the library do not install.
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'tsdown';
import { dashboardPackages, notices } from './notices.ts';

const common = { cwd: fileURLToPath(new URL('..', import.meta.url)), platform: 'node', target: 'node20.19' } as const;

export default defineConfig([
  {
    ...common,
    entry: {
      index: 'src/index.ts',
      'prometheus/index': 'src/prometheus/index.ts',
      'redis/index': 'src/redis/index.ts',
      'otel/index': 'src/otel/index.ts',
      'testing/index': 'src/testing/index.ts',
      'transport/index': 'src/transport/index.ts',
    },
    format: ['esm', 'cjs'],
    dts: true,
    outputOptions: { exports: 'named', comments: { jsdoc: false } },
    copy: [{ from: 'src/gateway/config/schema.json', to: 'dist' }],
  },
  {
    ...common,
    entry: { 'cli/main': 'src/cli/main.ts' },
    format: ['esm'],
    dts: false,
    clean: false,
    // Of a package that has both, the form that can be bundled.
    inputOptions: { resolve: { mainFields: ['module', 'main'] } },
    outputOptions: { chunkFileNames: 'cli/[name]-[hash].mjs', comments: { jsdoc: false } },
    // Optional beside the library, or unknown to it, and in the gateway always.
    deps: { alwaysBundle: ['undici', '@redis/client', 'cluster-key-slot'] },
    plugins: [notices('NOTICES.md', dashboardPackages)],
  },
]);
