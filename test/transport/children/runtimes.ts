// Loads the fast transport where undici is missing or does not run, or on what looks like another runtime; prints what came of it.
import { registerHooks } from 'node:module';

const what = JSON.parse(process.argv.at(-1) as string) as string;
registerHooks({
  resolve(specifier, context, next) {
    if (specifier !== 'undici') return next(specifier, context);
    throw Object.assign(new Error(`no ${specifier}`), what === 'not-installed' && { code: 'MODULE_NOT_FOUND' });
  },
});
// Node makes its own when first used, by what `process` says.
new Response();
if (what === 'deno') Object.assign(globalThis, { Deno: {} });
if (what === 'bun') Object.defineProperty(process, 'versions', { value: { ...process.versions, bun: '1' } });
if (what === 'browser') Object.defineProperty(process, 'versions', { value: {} });
globalThis.fetch = async () => Response.json({ data: ['standard'] });

const { fastFetch } = await import('../../../src/transport/index.ts');
const { LoadBalancedOpenAI } = await import('../../../src/index.ts');
const said = (error: { code: string; message: string }) => `${error.code}: ${error.message}`;
const answer = async (response: Response) => ((await response.json()) as { data: string[] }).data.join();

const fast = await (async () => answer(await fastFetch()('http://x.example')))().catch(said);
const pool = await (async () => {
  const client = new LoadBalancedOpenAI([{ apiKey: 'k' }], { transport: 'fast', dangerouslyAllowBrowser: true });
  return (await client.models.list()).data.join();
})().catch(said);
console.log(JSON.stringify({ fast, pool }));
