// How the dashboard is built: pages of Preact, charts of uPlot, one file of script and one of style, read by the gateway.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { dashboardPackages, onlyOf } from './notices.ts';

const repository = fileURLToPath(new URL('..', import.meta.url));

export default defineConfig({
  root: join(repository, 'src/gateway/dashboard'),
  base: '/dashboard/',
  logLevel: 'warn',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: join(repository, 'dist/dashboard'),
    emptyOutDir: true,
    target: 'es2023',
    // Under the content security policy an asset is a file and never a data: address.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: { plugins: [onlyOf(dashboardPackages)] },
  },
});
