// A gateway on a store in a file, under load from this very process, that says of every call when it was over and of every change
// when it was made; to be killed.
import { writeSync } from 'node:fs';
import { systemClock } from '../../../src/clock.ts';
import { newClientKey } from '../../../src/gateway/store/new-client-key.ts';
import { sqliteGatewayStore } from '../../../src/gateway/store/sqlite/sqlite-gateway-store.ts';
import { faultServer } from '../../../src/testing/index.ts';
import { chat, endpointOf, gatewayWith } from '../../support/gateway.ts';

const { path, name } = JSON.parse(process.argv.at(-1) as string) as { path: string; name: string };
const say = (word: object) => void writeSync(1, `${JSON.stringify({ ...word, at: Date.now() })}\n`);

const store = sqliteGatewayStore({ path, env: {} });
const server = await faultServer({ name: 'a' });
const { key, stored } = newClientKey({ name, limits: {} }, systemClock);
store.keys.add(stored);
const gateway = await gatewayWith({ endpoints: [endpointOf(server)] }, { store, level: 'off' });
say({ is: 'ready' });

const { headers, ...init } = chat('gpt-5');
const load = async () => {
  for (;;) {
    const response = await gateway.get('/v1/chat/completions', {
      ...init,
      headers: { ...headers, authorization: `Bearer ${key}` },
    });
    await response.text();
    if (response.status !== 200) throw new Error(String(response.status));
    say({ is: 'call' });
  }
};
let changes = 0;
const change = () => {
  changes += 1;
  store.config.write({ endpoints: { [`${name}-${changes % 20}`]: { apiKey: `sk-${changes}` } }, drained: [name] });
  say({ is: 'change', changes });
  setTimeout(change, 20);
};
change();
await Promise.all(Array.from({ length: 8 }, load));
