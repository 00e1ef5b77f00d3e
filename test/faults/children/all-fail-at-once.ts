// Many calls are open when their endpoint dies: prints the longest stall of the event loop, in ms, for the plain SDK and for a
// pool whose other endpoint is well, and for a pool over SDK clients that do nothing, so that only our own code is left.
import OpenAI from 'openai';
import { LoadBalancedOpenAI } from '../../../src/index.ts';

const { calls, rounds } = JSON.parse(process.argv.at(-1)!) as { calls: number; rounds: number };
const answer = {
  id: 'x',
  object: 'chat.completion',
  choices: [{ index: 0, message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' }],
};
const body = JSON.stringify(answer);
const headers = { 'content-type': 'application/json' };

const dropped = () =>
  Object.assign(new TypeError('fetch failed'), {
    cause: Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }),
  });

/** The first so many requests are held and fail together; all later ones are answered. */
function holding(reply: () => Response, error: () => unknown) {
  const held: (() => void)[] = [];
  let seen = 0;
  return {
    send: () => {
      seen += 1;
      if (seen > calls) return Promise.resolve(reply());
      const fault = error();
      return new Promise<Response>((_, reject) => held.push(() => reject(fault)));
    },
    fail: () => {
      for (const reject of held.splice(0)) reject();
    },
  };
}

/** Ms that this thread was at work: what else runs on the machine does not count. */
function busy(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

/** Makes the calls, lets them fail together, and measures until all are over. */
async function stall(client: OpenAI, fail: () => void): Promise<{ worst: number; lost: number }> {
  const create = () => client.chat.completions.create({ model: 'gpt-5', messages: [] });
  let lost = 0;
  const made = Array.from({ length: calls }, () =>
    create().then(
      () => undefined,
      () => {
        lost += 1;
      },
    ),
  );
  await new Promise((resolve) => setTimeout(resolve, 100));
  globalThis.gc?.();
  let [last, worst, over] = [busy(), 0, false];
  const tick = () => {
    const now = busy();
    worst = Math.max(worst, now - last);
    last = now;
    if (!over) setImmediate(tick);
  };
  tick();
  fail();
  await Promise.all(made);
  await new Promise((resolve) => setImmediate(resolve));
  over = true;
  return { worst, lost };
}

let pools = 0;
const endpoints = () => {
  pools += 1;
  return [1, 2].map((n) => ({ baseURL: `http://127.0.0.${n}/v1`, apiKey: `key-${pools}` }));
};

function plain() {
  const { send, fail } = holding(() => new Response(body, { headers }), dropped);
  return stall(new OpenAI({ ...endpoints()[0], fetch: send, logLevel: 'off' }), fail);
}

function ours() {
  const { send, fail } = holding(() => new Response(body, { headers }), dropped);
  const options = { strategy: 'priority', fetch: send, logLevel: 'off' } as const;
  return stall(new LoadBalancedOpenAI(endpoints(), options), fail);
}

/** The SDK client of an endpoint without anything in it: what is left is our own. */
function own() {
  const { send, fail } = holding(
    () => new Response(null, { headers }),
    () => new OpenAI.APIConnectionError({ cause: dropped() }),
  );
  class Stub extends OpenAI {
    override request(): never {
      const reply = send();
      const unwrapped = (unwrap: (data: unknown, props: unknown) => unknown) =>
        reply.then((response) => unwrap({ ...answer }, { response }));
      return { asResponse: () => reply, _thenUnwrap: unwrapped } as never;
    }
  }
  const clients = endpoints().map((endpoint) => ({ client: new Stub(endpoint) }));
  return stall(new LoadBalancedOpenAI(clients, { strategy: 'priority', logLevel: 'off' }), fail);
}

const kinds = { plain, ours, own };
const best = { plain: Number.POSITIVE_INFINITY, ours: Number.POSITIVE_INFINITY, own: Number.POSITIVE_INFINITY };
let lost = 0;
// Garbage of one round may be collected in the next: the best of a few is what the code takes. The first warms up.
for (let round = 0; round <= rounds; round++) {
  for (const kind of ['plain', 'ours', 'own'] as const) {
    const { worst, lost: gone } = await kinds[kind]();
    lost += gone;
    if (round > 0) best[kind] = Math.min(best[kind], worst);
  }
}
console.log(JSON.stringify({ ...best, lost }));
process.exit(0);
