// Makes calls over connections that the server keeps open, closes nothing, prints what came, and has to end by itself.
import { LoadBalancedOpenAI } from '../../../src/index.ts';
import { fastFetch } from '../../../src/transport/index.ts';

const at = JSON.parse(process.argv.at(-1) as string) as string;
const plain = await (await fastFetch()(at)).text();
const client = new LoadBalancedOpenAI([{ apiKey: 'k', baseURL: `${at}/v1` }], { transport: 'fast', logLevel: 'off' });
const { data } = await client.models.list();
console.log(JSON.stringify({ plain, pooled: data }));
