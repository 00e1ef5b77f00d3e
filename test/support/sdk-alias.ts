// Preloaded by child processes of the tests: sends `openai` to the copy that OPENAI names, as .config/vitest.ts does here.
import { registerHooks } from 'node:module';

const sdk = process.env.OPENAI ?? 'openai';

if (sdk !== 'openai') {
  registerHooks({
    resolve: (specifier, context, next) =>
      next(
        context.parentURL?.includes('/node_modules/') ? specifier : specifier.replace(/^openai(?=$|\/)/, sdk),
        context,
      ),
  });
}
