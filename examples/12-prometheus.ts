// Metrics for Prometheus: beside your own in a registry of prom-client, and as a page without it.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LoadBalancedOpenAI } from 'load-balanced-openai';
import { prometheus } from 'load-balanced-openai/prometheus';
import { Counter, Registry } from 'prom-client';
import { reach, stop } from './endpoints.ts';

const client = new LoadBalancedOpenAI(
  [
    await reach('first', 'OPENAI_API_KEY', { script: [503, { status: 429, retryAfter: 90 }] }),
    await reach('second', 'OPENAI_API_KEY_2'),
  ],
  { strategy: 'priority' },
);

// In an application that has metrics of its own: one line.
const register = new Registry();
const questions = new Counter({ name: 'questions_total', help: 'Questions asked.', registers: [register] });
const metrics = prometheus(client, { register, pool: 'answers' });

for (const content of ['One?', 'Two?', 'Three?']) {
  await client.chat.completions.create({ model: 'gpt-5-mini', messages: [{ role: 'user', content }] });
  questions.inc();
}

/** The lines of a page that are about these. */
const shown = (page: string, names: RegExp) =>
  page
    .split('\n')
    .filter((line) => names.test(line))
    .join('\n');

console.log(shown(await register.metrics(), /^(questions|load_balanced_openai_(calls|attempts|failovers))_total/));

// Without prom-client the same page comes from `metrics.handle`, for node:http and Express.
const server = createServer(metrics.handle).listen(0, '127.0.0.1');
await new Promise((resolve) => server.once('listening', resolve));
const page = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`);
console.log(page.headers.get('content-type'));
console.log(
  shown(await page.text(), /^load_balanced_openai_(endpoint_eligible|endpoint_cooldowns_total|tokens_total)/),
);

server.close();
server.closeAllConnections();
metrics.close();
await client.close();
await stop();
