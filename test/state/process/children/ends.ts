// Uses the store in every way and should then end by itself, though it listens to a channel still.
import { processStore } from '../../../../src/state/process-store.ts';

const store = processStore(JSON.parse(process.argv[2] ?? '{}'));
const begun = performance.now();
await store.subscribe('news', () => undefined);
await store.add('counter', 1, 60_000);
await store.publish('news', 'hi');
void store.set('said', 'at the end', 60_000);
console.log(JSON.stringify({ ms: performance.now() - begun }));
