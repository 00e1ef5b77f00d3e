// Preloaded by child processes of the tests: sends `openai` to the copy that OPENAI names, and clients to the transport that
// TRANSPORT names, as .config/vitest.ts does here.
import { registerHooks } from 'node:module';

const { OPENAI: sdk = 'openai', TRANSPORT: transport } = process.env;
const fastSettings = new URL('./fast-settings.ts', import.meta.url).href;

const sentTo = (specifier: string): string => {
  if (transport === 'fast' && specifier === './config/resolve-settings.ts') return fastSettings;
  return specifier.replace(/^openai(?=$|\/)/, sdk);
};

if (sdk !== 'openai' || transport === 'fast') {
  registerHooks({
    resolve: (specifier, context, next) =>
      next(context.parentURL?.includes('/node_modules/') ? specifier : sentTo(specifier), context),
  });
}
