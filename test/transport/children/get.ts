// Gets one address over the fast fetch, as the environment says, and prints what came. The certificate is trusted.
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { fastFetch } from '../../../src/transport/index.ts';

const { url, ca } = JSON.parse(process.argv.at(-1) as string) as { url: string; ca: string };
setDefaultCACertificates([...getCACertificates(), ca]);
console.log(JSON.stringify(await (await fastFetch()(url)).text()));
