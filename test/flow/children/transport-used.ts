// Makes one call and prints how often the standard fetch was asked for it.
import { LoadBalancedOpenAI, type LoadBalancedOpenAIOptions } from '../../../src/index.ts';

const endpoints = JSON.parse(process.argv.at(-1) as string) as LoadBalancedOpenAIOptions['endpoints'];
let standard = 0;
const { fetch } = globalThis;
globalThis.fetch = (...args) => {
  standard++;
  return fetch(...args);
};
const client = new LoadBalancedOpenAI({ endpoints, logLevel: 'off' });
await client.chat.completions.create({ model: 'gpt-5', messages: [{ role: 'user', content: 'hi' }] });
console.log(JSON.stringify({ standard }));
