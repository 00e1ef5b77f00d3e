// How the gateway sends the dashboard: what is there, its headers, what is not there, and what it says when it was not built.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildDashboard } from '../../.config/build-dashboard.ts';
import { factsOf } from '../../src/gateway/http/api-error.ts';
import { writeError } from '../../src/gateway/http/write-reply.ts';
import { showDashboard } from '../../src/gateway/pages/dashboard.ts';
import { faultServer } from '../../src/testing/index.ts';
import { endpointOf, gatewayWith, type TestGateway } from '../support/gateway.ts';

describe('the files of the dashboard', () => {
  let gateway: TestGateway;
  let close: () => Promise<void>;
  beforeAll(async () => {
    await buildDashboard();
    const server = await faultServer({ name: 'a' });
    gateway = await gatewayWith({ endpoints: [endpointOf(server)] });
    close = async () => {
      await gateway[Symbol.asyncDispose]();
      await server.close();
    };
  });
  afterAll(() => close());

  it.each(['/dashboard', '/dashboard/', '/demo'])('%s is the page, under a strict policy', async (path) => {
    const reply = await gateway.get(path);
    expect(reply.status).toBe(200);
    expect(reply.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(reply.headers.get('cache-control')).toBe('no-cache');
    expect(reply.headers.get('x-content-type-options')).toBe('nosniff');
    expect(reply.headers.get('referrer-policy')).toBe('no-referrer');
    const policy = reply.headers.get('content-security-policy') ?? '';
    for (const part of [
      "default-src 'self'",
      "style-src 'self'",
      "frame-ancestors 'none'",
      "base-uri 'none'",
      "form-action 'none'",
      "require-trusted-types-for 'script'",
    ])
      expect(policy.split('; ')).toContain(part);
    expect(policy).not.toMatch(/unsafe|\*|https?:/);
    const html = await reply.text();
    expect(html).not.toMatch(/<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)/);
    expect(html).not.toMatch(/https?:\/\//);
  });

  it('are assets that never change, packed when asked so', async () => {
    const html = await (await gateway.get('/dashboard')).text();
    const assets = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path as string);
    expect(assets.length).toBeGreaterThanOrEqual(3);
    let packed = 0;
    for (const path of assets) {
      expect(path).toMatch(/^\/dashboard\/assets\/[\w-]+\.(js|css|svg)$/);
      const reply = await gateway.get(path);
      expect(reply.status).toBe(200);
      expect(reply.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
      expect(reply.headers.get('content-encoding')).toBe('gzip');
      expect(reply.headers.get('x-content-type-options')).toBe('nosniff');
      packed += Number(reply.headers.get('content-length'));
      const plain = await gateway.get(path, { headers: { 'accept-encoding': 'identity' } });
      expect(plain.headers.get('content-encoding')).toBeNull();
      expect(await plain.text()).toBe(await reply.text());
    }
    expect(packed).toBeLessThan(120_000);
  });

  it.each([
    '/dashboard/assets/',
    '/dashboard/assets/none.js',
    '/dashboard/assets/..%2findex.html',
    '/dashboard/assets/%2e%2e/index.html',
    '/dashboard/index.html',
    '/dashboard/x',
  ])('%s is not there', async (path) => {
    expect((await gateway.get(path)).status).toBe(404);
  });

  it('are there to be read', async () => {
    expect((await gateway.get('/dashboard', { method: 'POST' })).status).toBe(405);
    const head = await gateway.get('/dashboard', { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
  });
});

describe('a dashboard that was not built', () => {
  const folder = mkdtempSync(join(tmpdir(), 'dashboard-'));
  let server: Server;
  let url: string;
  beforeAll(async () => {
    server = createServer((message, response) => {
      try {
        showDashboard(message, response, message.url as string, [folder]);
      } catch (error) {
        writeError(response, factsOf(error));
      }
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });

  it('says how to build it, also where its sources lie', async () => {
    writeFileSync(join(folder, 'index.html'), 'source');
    const reply = await fetch(`${url}/dashboard`);
    expect(reply.status).toBe(503);
    expect(reply.headers.get('content-security-policy')).toContain("default-src 'self'");
    expect(await reply.text()).toContain('npm run build');
    expect((await fetch(`${url}/dashboard/assets/a.js`)).status).toBe(404);
  });

  it('is shown as soon as it is built', async () => {
    mkdirSync(join(folder, 'assets'));
    writeFileSync(join(folder, 'assets/a.js'), 'a');
    expect(await (await fetch(`${url}/dashboard`)).text()).toBe('source');
    expect((await fetch(`${url}/dashboard/assets/a.js`)).headers.get('content-type')).toContain('text/javascript');
  });
});
