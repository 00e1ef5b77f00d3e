// The README's section on the admin API is true: its commands are run, its table has every route.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { adminRoutes } from '../../../src/gateway/admin/admin-api.ts';
import { faultServer } from '../../../src/testing/index.ts';
import { blocks, section, spans, table } from '../../readme/document.ts';
import { ask } from '../../support/admin.ts';
import { endpointOf, gatewayWith } from '../../support/gateway.ts';

const run = promisify(execFile);
const [shell, error] = ['curl -H "$A"', '"issues"'].map(
  (part) => blocks.find(({ code }) => code.includes(part))?.code ?? '',
);

describe('the admin API in the README', () => {
  it('has every route, and no other', () => {
    const written = table('Admin API').flatMap(([route = '']) => spans(route));
    const routes = written.flatMap((span, index) => {
      const [methods = '', path] = span.split(' ');
      // `GET` and `POST /admin/keys`: the path stands with the last of them.
      const place =
        path ??
        written
          .slice(index)
          .find((later) => later.includes(' '))
          ?.split(' ')[1];
      return [`${methods} ${place}`];
    });
    expect(routes.sort()).toEqual(adminRoutes.map(({ method, path }) => `${method} ${path}`).sort());
  });

  it('has commands that do what they say', async () => {
    await using openai = await faultServer({ name: 'openai' });
    await using spare = await faultServer({ name: 'spare' });
    await using gateway = await gatewayWith({
      endpoints: [endpointOf(openai)],
      adminKeys: [{ name: 'boss', key: 'my-admin-key' }],
      admin: { allowInsecure: true },
    });
    const commands = (shell as string)
      .replace('http://127.0.0.1:8000', gateway.url)
      .replace('https://openrouter.ai/api/v1', spare.url)
      .replaceAll('curl ', "curl -s -w ' %{http_code}\\n' ");
    const { stdout } = await run('sh', ['-c', commands]);
    const statuses = [...stdout.matchAll(/ (\d{3})$/gm)].map(([, status]) => Number(status));
    expect(statuses).toEqual([200, 201, 201, 200, 201, 202]);
    expect(stdout).toContain('"ok":true');
    expect(gateway.store.config.read()).toMatchObject({
      endpoints: { spare: { apiKey: 'sk-or-one' } },
      groups: { chat: { strategy: 'priority' } },
      drained: ['openai'],
    });
  });

  it('shows an error as it is', async () => {
    await using gateway = await gatewayWith({
      endpoints: [{ name: 'a', apiKey: 'k', baseURL: 'http://127.0.0.1:9' }],
      admin: { allowInsecure: true },
    });
    const wrong = { apiKey: 'k', baseURL: 'http://127.0.0.1:9/v1', wieght: 1 };
    expect((await ask(gateway, 'PUT', '/admin/endpoints/b', wrong)).body).toEqual(JSON.parse(error as string));
  });

  it('names what it refuses by its status', () => {
    for (const status of [403, 409, 415, 421]) expect(section('Admin API')).toContain(`(${status})`);
  });
});
