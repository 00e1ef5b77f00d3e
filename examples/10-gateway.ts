// The gateway as a process of its own, for clients that can only change a base URL: two endpoints, one public model name, a key
// with a limit. In a project of your own its command is `npx load-balanced-openai serve --config gateway.yaml`.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import OpenAI from 'openai';
import { reach, stop } from './endpoints.ts';

const first = await reach('first', 'OPENAI_API_KEY', { script: [503] });
const second = await reach('second', 'OPENAI_API_KEY_2');
const env = {
  ...{ PATH: process.env.PATH, LOG_LEVEL: 'info', APP_KEY: 'ck-example' },
  ...{ FIRST_KEY: first.apiKey, FIRST_URL: first.baseURL, SECOND_KEY: second.apiKey, SECOND_URL: second.baseURL },
};
const file = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const args = [file('../src/cli/main.ts'), 'serve', '--config', file('gateway.yaml'), '--port', '0'];
const gateway = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
// Where no terminal is, each line of its log is a JSON object; the first one says where it listens.
const [line] = (await once(createInterface(gateway.stdout), 'line')) as [string];
const { openai: baseURL } = JSON.parse(line) as { openai: string };

const client = new OpenAI({ apiKey: 'ck-example', baseURL, maxRetries: 0 });
const ask = { model: 'fast', messages: [{ role: 'user' as const, content: 'Say hello.' }] };
const served = ({ headers }: Response) => `${headers.get('x-endpoint')}, attempts: ${headers.get('x-attempts')}`;

console.log(`models:  ${(await client.models.list()).data.map(({ id }) => id).join(', ')}`);
const { data, response } = await client.chat.completions.create(ask).withResponse();
console.log(`answer:  ${data.choices[0]?.message.content} (${served(response)})`);

const pinned = await client.chat.completions.create({ ...ask, model: 'fast$2' }).withResponse();
console.log(`pinned:  ${pinned.data.choices[0]?.message.content} (${served(pinned.response)})`);

await client.chat.completions.create(ask);
const refused = await client.chat.completions.create(ask).catch((error: InstanceType<typeof OpenAI.APIError>) => error);
console.log(`limit:   ${'status' in refused ? `${refused.status} ${refused.code}` : 'none'}`);

const stranger = await fetch(`${baseURL}/models`, { headers: { authorization: 'Bearer nobody' } });
console.log(`no key:  ${stranger.status}`);

gateway.kill('SIGTERM');
const [code] = await once(gateway, 'exit');
console.log(`stopped: ${code}`);
await stop();
