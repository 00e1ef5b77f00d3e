// A process of its own: runs the files in the folder given, one after the other, and prints as JSON what came of each.
// `load-balanced-openai` stands for its source, api.openai.com for a server on this machine; `client` is a pool of two.
import { readdirSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { LoadBalancedOpenAI } from '../../src/index.ts';
import { faultServer } from '../../src/testing/index.ts';

const SOURCES: Record<string, string> = {
  'load-balanced-openai': new URL('../../src/index.ts', import.meta.url).href,
  'load-balanced-openai/prometheus': new URL('../../src/prometheus/index.ts', import.meta.url).href,
  'load-balanced-openai/redis': new URL('../../src/redis/index.ts', import.meta.url).href,
  'load-balanced-openai/otel': new URL('../../src/otel/index.ts', import.meta.url).href,
  'load-balanced-openai/testing': new URL('../../src/testing/index.ts', import.meta.url).href,
  'load-balanced-openai/transport': new URL('../../src/transport/index.ts', import.meta.url).href,
};
registerHooks({
  resolve(name, context, next) {
    const url = SOURCES[name];
    return url === undefined ? next(name, context) : { url, format: 'module-typescript', shortCircuit: true };
  },
});

const server = await faultServer({ name: 'api' });
const { fetch } = globalThis;
globalThis.fetch = (input, init) => fetch(String(input).replace('https://api.openai.com', server.origin), init);
for (const name of ['OPENAI_API_KEY', 'OPENAI_API_KEY_2', 'AZURE_OPENAI_API_KEY', 'OPENROUTER_API_KEY'])
  process.env[name] = 'any';

const [folder = ''] = process.argv.slice(2);
const results: Record<string, { error?: string; printed: string[] }> = {};
const { log } = console;
for (const file of readdirSync(folder).filter((name) => name.startsWith('block-'))) {
  const printed: string[] = [];
  console.log = (...values: unknown[]) => void printed.push(values.map(String).join(' '));
  const names = ['openai', 'azure-eu'];
  const client = new LoadBalancedOpenAI(names.map((name) => ({ name, apiKey: `${file} ${name}`.replaceAll(' ', '') })));
  Object.assign(globalThis, { client });
  results[file] = { printed };
  try {
    await import(pathToFileURL(join(folder, file)).href);
  } catch (error) {
    results[file].error = error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}
log(JSON.stringify(results));
// Blocks may leave clients and servers open.
process.exit(0);
