// A process that makes objects which live for a moment, as calls do. Prints the largest its memory for new objects was, in MiB.
import { getHeapSpaceStatistics } from 'node:v8';
import { boundYoungSpace } from '../../src/cli/serve/young-space.ts';

const { bounded } = JSON.parse(process.argv.at(-1) as string) as { bounded: boolean };
if (bounded) boundYoungSpace();
const alive: object[] = [];
let most = 0;
for (let turn = 0; turn < 600; turn++) {
  for (let index = 0; index < 10_000; index++) alive[(turn % 50) * 10_000 + index] = { turn, of: [index, turn] };
  const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
  most = Math.max(most, (young?.space_size ?? 0) / 1_048_576);
  // As between calls: collections are told of then.
  await new Promise((resolve) => setImmediate(resolve));
}
console.log(JSON.stringify(most));
