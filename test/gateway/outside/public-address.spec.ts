// T7: addresses that an endpoint of the admin API may have, and the many ways to write others.
import { describe, expect, it } from 'vitest';
import { isPublic, urlProblem } from '../../../src/gateway/outside/public-address.ts';

const INSIDE = [
  'https://localhost/v1',
  'https://LOCALHOST./v1',
  'https://api.localhost/v1',
  'https://localhost.localdomain/v1',
  'https://127.0.0.1/v1',
  'https://127.1/v1',
  'https://127.0.0.1./v1',
  'https://127.255.255.254/v1',
  'https://2130706433/v1',
  'https://0x7f000001/v1',
  'https://0x7f.0x0.0x0.0x1/v1',
  'https://0177.0.0.1/v1',
  'https://017700000001/v1',
  'https://127.0.0.1:443/v1',
  'https://１２７.０.０.１/v1',
  'https://①②⑦.⓪.⓪.①/v1',
  'https://127。0。0。1/v1',
  'https://%31%32%37.0.0.1/v1',
  'https://0.0.0.0/v1',
  'https://0/v1',
  'https://0.1.2.3/v1',
  'https://[::1]/v1',
  'https://[::]/v1',
  'https://[0:0:0:0:0:0:0:1]/v1',
  'https://[::ffff:127.0.0.1]/v1',
  'https://[::ffff:7f00:1]/v1',
  'https://[::ffff:8.8.8.8]/v1',
  'https://[::127.0.0.1]/v1',
  'https://[64:ff9b::7f00:1]/v1',
  'https://[64:ff9b::a9fe:a9fe]/v1',
  'https://[2002:7f00:1::]/v1',
  'https://[2001:0:7f00:1::]/v1',
  'https://[2001:db8::1]/v1',
  'https://[fe80::1]/v1',
  'https://[fc00::1]/v1',
  'https://[fd00:ec2::254]/v1',
  'https://[fec0::1]/v1',
  'https://[ff02::1]/v1',
  'https://169.254.169.254/latest/meta-data',
  'https://0xa9fea9fe/latest',
  'https://2852039166/latest',
  'https://0251.0376.0251.0376/latest',
  'https://metadata.google.internal/computeMetadata/v1',
  'https://metadata/computeMetadata/v1',
  'https://100.100.100.200/latest/meta-data',
  'https://168.63.129.16/machine',
  'https://192.0.0.192/latest',
  'https://10.0.0.1/v1',
  'https://10.1/v1',
  'https://172.16.0.1/v1',
  'https://172.31.255.255/v1',
  'https://192.168.1.1/v1',
  'https://192.168.257/v1',
  'https://100.64.0.1/v1',
  'https://198.18.0.1/v1',
  'https://224.0.0.1/v1',
  'https://255.255.255.255/v1',
  'https://router/v1',
  'https://llm.lan/v1',
  'https://llm.local/v1',
  'https://llm.svc.cluster.local/v1',
  'https://llm.corp/v1',
];

const WRONG: readonly (readonly [string, RegExp])[] = [
  ['http://api.openai.com/v1', /https/],
  ['ftp://api.openai.com/v1', /https/],
  ['file:///etc/passwd', /https/],
  ['gopher://127.0.0.1:6379/_FLUSHALL', /https/],
  ['data:text/plain,x', /https/],
  ['//127.0.0.1/v1', /no URL/],
  ['https://', /no URL/],
  ['https://256.1.1.1/v1', /no URL/],
  ['https://[::1/v1', /no URL/],
  ['https://api.openai.com@127.0.0.1/v1', /name and password/],
  ['https://user:secret@api.openai.com/v1', /name and password/],
  ['https://api.openai.com/v1?x=127.0.0.1', /defaultQuery/],
  ['https://api.openai.com/v1#@127.0.0.1', /defaultQuery/],
];

const FINE = [
  'https://api.openai.com/v1',
  'https://openrouter.ai/api/v1',
  'https://x.openai.azure.com',
  'https://8.8.8.8/v1',
  'https://172.32.0.1/v1',
  'https://100.63.255.255/v1',
  'https://[2606:4700:4700::1111]/v1',
  'https://127.0.0.1.nip.io/v1',
  'https://xn--bcher-kva.com/v1',
];

describe('an address of the admin API', () => {
  it.each(INSIDE)('%s is refused: it leads inside', (url) => {
    expect(urlProblem(url)).toMatch(/leads to this machine or its own network/);
  });

  it.each(WRONG)('%s is refused', (url, why) => {
    expect(urlProblem(url)).toMatch(why);
  });

  it.each(FINE)('%s is fine as it is written', (url) => {
    expect(urlProblem(url)).toBeUndefined();
  });

  it('takes nothing for public that is no address', () => {
    for (const text of ['', 'localhost', '1.2.3', '1.2.3.4.5', '::g']) expect(isPublic(text)).toBe(false);
  });
});
