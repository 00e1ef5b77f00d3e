// `npm run example 01-drop-in`: runs one example. Inside this repository the package's name stands for its source, so that
// nothing has to be built; in a project of your own the examples run as they are.
import { readdirSync } from 'node:fs';
import { registerHooks } from 'node:module';

const SOURCES: Record<string, string> = {
  'load-balanced-openai': new URL('../src/index.ts', import.meta.url).href,
  'load-balanced-openai/otel': new URL('../src/otel/index.ts', import.meta.url).href,
  'load-balanced-openai/redis': new URL('../src/redis/index.ts', import.meta.url).href,
  'load-balanced-openai/testing': new URL('../src/testing/index.ts', import.meta.url).href,
  'load-balanced-openai/transport': new URL('../src/transport/index.ts', import.meta.url).href,
  'load-balanced-openai/prometheus': new URL('../src/prometheus/index.ts', import.meta.url).href,
};
/** Another installed copy of the SDK, for the tests of its other majors. */
const SDK = process.env.OPENAI ?? 'openai';

registerHooks({
  resolve: (name, context, next) => next(SOURCES[name] ?? name.replace(/^openai(?=$|\/)/, SDK), context),
});

const examples = readdirSync(import.meta.dirname).filter((file) => /^\d/.test(file));
const wanted = process.argv[2] ?? '';
const file = wanted === '' ? undefined : examples.find((example) => example.startsWith(wanted));
if (file) await import(`./${file}`);
else {
  console.error(`Name one of: ${examples.map((example) => example.replace('.ts', '')).join(', ')}`);
  process.exitCode = 1;
}
