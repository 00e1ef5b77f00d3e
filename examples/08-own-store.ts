// A store of your own: five functions over a file (./file-store.ts), and ids outlive a restart. Endpoints are told apart by name.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { attemptsOf, LoadBalancedOpenAI } from 'load-balanced-openai';
import { reach, stop } from './endpoints.ts';
import { fileStore } from './file-store.ts';

const endpoints = [await reach('first', 'OPENAI_API_KEY'), await reach('second', 'OPENAI_API_KEY_2')];
const folder = mkdtempSync(join(tmpdir(), 'ids-'));
const path = join(folder, 'ids.jsonl');
const servedBy = (result: unknown) => attemptsOf(result).at(-1)?.endpoint;
const ask = { model: 'gpt-5-mini', input: 'Say hello.' };

// `shareState: false` stands for another process: nothing is shared but the file.
const before = new LoadBalancedOpenAI(endpoints, { store: fileStore(path), shareState: false });
const made = await before.balancer.pin('second').responses.create(ask);
console.log('before the restart: a response made by', servedBy(made));
await before.close(); // waits until the file has everything

const after = new LoadBalancedOpenAI(endpoints, { store: fileStore(path), shareState: false });
const read = await after.responses.retrieve(made.id);
console.log('after the restart:  read there by', servedBy(read), 'in', attemptsOf(read).length, 'attempt');
const next = await after.responses.create({ ...ask, previous_response_id: made.id });
console.log('its next turn:     ', servedBy(next));
await after.close();

const lines = readFileSync(path, 'utf8').split('\n');
const line = lines.find((each) => each.includes('lbo:1:id:')) ?? '';
const { key, value } = JSON.parse(line) as { key: string; value: string };
console.log('the file says:     ', /^lbo:1:id:[\w-]{43}$/.test(key) ? 'the hash of each id' : key, '→', value);
rmSync(folder, { recursive: true });
await stop();
