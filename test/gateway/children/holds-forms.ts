// A gateway that says after each line it is told how much larger its process was at most than at the line before, in bytes.
import { createInterface } from 'node:readline';
import { gatewayWith } from '../../support/gateway.ts';

const { configuration } = JSON.parse(process.argv.at(-1)!) as { configuration: object };
const gateway = await gatewayWith(configuration, { level: 'off' });

function size(): number {
  globalThis.gc?.();
  return process.memoryUsage.rss();
}

let before = size();
let most = before;
setInterval(() => {
  most = Math.max(most, size());
}, 50);
console.log(JSON.stringify({ port: gateway.gateway.port }));
for await (const _ of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify({ grown: Math.max(most, size()) - before }));
  before = size();
  most = before;
}
