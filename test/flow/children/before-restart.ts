// The process before a restart: makes one of every object at each endpoint, sees others in lists and streams, prints all ids, and
// ends without closing its client.
import { fileStore } from '../../../examples/file-store.ts';
import { LoadBalancedOpenAI, type LoadBalancedOpenAIOptions } from '../../../src/index.ts';
import { type Ids, make, STATEFUL_OBJECTS, take } from '../../support/stateful-objects.ts';

/** What the process after it is told: ids by the endpoint that made them and by what taught them. */
export interface Before {
  readonly made: Readonly<Record<string, Readonly<Record<string, Ids>>>>;
  readonly listed: Readonly<Record<string, Readonly<Record<string, Ids>>>>;
  readonly streamed: Readonly<Record<string, readonly string[]>>;
  /** Files that only the list of the whole pool showed. */
  readonly merged: Readonly<Record<string, string>>;
}

interface Input {
  readonly options: LoadBalancedOpenAIOptions;
  readonly path: string;
}

const { options, path } = JSON.parse(process.argv.at(-1)!) as Input;
const client = new LoadBalancedOpenAI({ ...options, store: fileStore(path) });
/** It makes what is only seen in lists afterwards. */
const stranger = new LoadBalancedOpenAI({ ...options, shareState: false });
const before = { made: {}, listed: {}, streamed: {}, merged: {} } as Record<keyof Before, Record<string, unknown>>;

for (const owner of client.balancer.snapshot().endpoints.map(({ name }) => name)) {
  const [here, elsewhere] = [client.balancer.pin(owner), stranger.balancer.pin(owner)];
  const [made, listed]: Record<string, Ids>[] = [{}, {}];
  for (const { name, listed: list } of STATEFUL_OBJECTS) {
    made![name] = await make(here, name);
    if (list === undefined) continue;
    listed![name] = await make(elsewhere, name);
    await take(here, ['get', list], listed![name]);
  }
  const streamed: string[] = [];
  for (let round = 0; round < 3; round++)
    for await (const event of await here.responses.create({ model: 'gpt-5', input: 'hi', stream: true })) {
      if (event.type !== 'response.created') continue;
      streamed.push(event.response.id);
      // The first one is left here, the others are read to their end.
      if (round === 0) break;
    }
  Object.assign(before.made, { [owner]: made });
  Object.assign(before.listed, { [owner]: listed });
  Object.assign(before.streamed, { [owner]: streamed });
}
for (const owner of Object.keys(before.made)) {
  const { file } = await make(stranger.balancer.pin(owner), 'file');
  Object.assign(before.merged, { [owner]: file });
}
for await (const _ of client.files.list());
console.log(JSON.stringify(before));
// As a crash would.
process.exit(0);
