// weave, with its own server in memory in place of the vendor's; it patches the SDK when it is loaded as CommonJS.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type OpenAI from 'openai';
import type { Following, Trace } from '../support/traced-calls.ts';

const require = createRequire(import.meta.url);
const weave: typeof import('weave') = require('weave');
// Beside what it exports, where nothing has to log in.
const inner = (file: string) => require(join(require.resolve('weave'), '..', file));
const { InMemoryTraceServer } = inner('inMemoryTraceServer.js');
const server = new InMemoryTraceServer();
const client = new (inner('weaveClient.js').WeaveClient)(
  server,
  {},
  'team/pool',
  inner('settings.js').makeSettings({ printCallLink: false }),
);
inner('clientApi.js').setGlobalClient(client);

interface Call {
  readonly op_name: string;
  readonly inputs: { readonly model?: string };
  readonly exception?: string;
  readonly summary?: { readonly usage?: Readonly<Record<string, Readonly<Record<string, number>>>> };
}

const unboundMethods = /Cannot read private member/;
const plainPromise = /is not a function/;

// It knows the types of version 4 of the SDK, with the plain SDK as well.
export const wrap = (plain: OpenAI) => weave.wrapOpenAI(plain as never) as unknown as OpenAI;

export const following: Following = {
  async traces(): Promise<Trace[]> {
    await client.waitForBatchProcessing();
    const calls: Call[] = server._calls.splice(0);
    return calls.map(({ op_name, inputs, exception, summary }) => {
      const [[model, usage] = []] = Object.entries(summary?.usage ?? {});
      return {
        what: op_name.match(/op\/([^:]+)/)?.[1] ?? op_name,
        model: model ?? inputs.model,
        input: usage?.prompt_tokens ?? usage?.input_tokens,
        output: usage?.completion_tokens ?? usage?.output_tokens,
        error: exception,
      };
    });
  },
  unseen: ['chat.completions.parse', 'chat.completions.stream', 'responses.stream', 'embeddings', 'post'],
  seenOfOursOnly: ['withOptions'],
  fail: { withResponse: plainPromise, asResponse: plainPromise, 'asResponse of a stream': plainPromise },
  failWithRawOnly: { withOptions: unboundMethods, post: unboundMethods },
};
