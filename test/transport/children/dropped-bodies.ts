// Drops bodies unread over the fast fetch and prints how many connections stay open; then reads one slowly while garbage is
// collected, by each kind of reader, and prints what it got.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fastFetch } from '../../../src/transport/index.ts';

const PART = 200_000;
const server = createServer((request, response) => {
  response.write(Buffer.alloc(PART));
  if (request.url === '/slow') setTimeout(() => response.end(Buffer.alloc(PART)), 300);
});
let open = 0;
server.on('connection', (socket) => {
  open++;
  socket.on('close', () => open--);
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const fetch = fastFetch();

const drop: Record<string, (response: Response) => unknown> = {
  untouched: (response) => response,
  looked: (response) => response.body,
  wrapped: (response) => Object.defineProperty(response, 'body', { value: new Response(response.body).body }),
  cloned: (response) => response.clone(),
};
for (const each of Object.values(drop)) for (let time = 0; time < 3; time++) each(await fetch(base));
const collect = setInterval(() => globalThis.gc?.(), 10);
for (let waited = 0; open > 0 && waited < 5_000; waited += 20) await sleep(20);
const left = open;

const read: Record<string, (response: Promise<Response>) => Promise<number>> = {
  text: async (response) => (await (await response).text()).length,
  iterated: async (response) => {
    let length = 0;
    for await (const part of (await response).body as ReadableStream<Uint8Array>) length += part.length;
    return length;
  },
  reader: async (response) => {
    const reader = ((await response).body as ReadableStream<Uint8Array>).getReader();
    let length = 0;
    for (let part = await reader.read(); !part.done; part = await reader.read()) length += part.value.length;
    return length;
  },
  clone: async (response) => (await (await response).clone().text()).length,
};
const whole = await Promise.all(Object.values(read).map((each) => each(fetch(`${base}/slow`))));
clearInterval(collect);
console.log(JSON.stringify({ left, whole: whole.every((length) => length === 2 * PART) }));
await fetch.close();
server.close();
