// Who is measured as a gateway: how each is started in front of the same three endpoints, and what a client must send along.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PassThroughSpec } from './pass-through.ts';
import { freePort, Program } from './program.ts';

/** A gateway under measurement. */
export interface Gateway {
  readonly port: number;
  /** Its path, in front of `/v1`. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Missing where there is no gateway. */
  readonly program?: Program;
}

/** One to be measured. */
export interface GatewayKind {
  /** What the tables call it. */
  readonly title: string;
  /** From npm, in the folder of the peers. */
  readonly peer?: true;
  /** A program of the machine, which may be missing. */
  readonly command?: string;
  start(urls: readonly string[]): Promise<Gateway>;
}

const ROOT = join(import.meta.dirname, '../../..');

const newFolder = () => mkdtempSync(join(tmpdir(), 'bench-gateway-'));

async function inFront(
  command: string,
  argsOf: (port: number, folder: string) => readonly string[],
  more: { env?: Record<string, string>; headers?: Record<string, string> } = {},
): Promise<Gateway> {
  const [port, folder] = [await freePort(), newFolder()];
  const { env = {}, headers = {} } = more;
  const program = await Program.start({ command, args: argsOf(port, folder), folder, port, env });
  return { port, path: '', headers, program };
}

const passThrough = (urls: readonly string[]) =>
  inFront(process.execPath, (port) => [
    join(import.meta.dirname, 'pass-through.ts'),
    JSON.stringify({ port, urls } satisfies PassThroughSpec),
  ]);

/** The built program, with a file as a user writes it. */
function ours(urls: readonly string[], more: object = {}, env: Record<string, string> = {}): Promise<Gateway> {
  const endpoints = urls.map((baseURL, index) => ({ name: `endpoint-${index}`, apiKey: `key-${index}`, baseURL }));
  const groups = { 'gpt-5': { endpoints: endpoints.map(({ name }) => ({ endpoint: name })) } };
  const args = (port: number, folder: string) => {
    const file = join(folder, 'gateway.json');
    writeFileSync(file, JSON.stringify({ endpoints, groups, ...more }));
    return [join(ROOT, 'dist/cli/main.mjs'), 'serve', '--config', file, '--port', String(port)];
  };
  return inFront(process.execPath, args, { env });
}

function portkey(urls: readonly string[]): Promise<Gateway> {
  const entry = join(import.meta.dirname, '../peers/node_modules/@portkey-ai/gateway/build/start-server.js');
  const targets = urls.map((custom_host, index) => ({ provider: 'openai', api_key: `key-${index}`, custom_host }));
  const config = JSON.stringify({ strategy: { mode: 'loadbalance' }, targets });
  const env = { NODE_ENV: 'production', TRUSTED_CUSTOM_HOSTS: '127.0.0.1,localhost' };
  return inFront(process.execPath, (port) => [entry, '--headless', `--port=${port}`], {
    ...{ env, headers: { 'x-portkey-config': config } },
  });
}

/** As it is set up in front of streams: nothing held back, connections to the endpoints kept. */
function nginx(urls: readonly string[]): Promise<Gateway> {
  const path = new URL(urls[0] as string).pathname;
  const conf = (port: number, folder: string) => `
    worker_processes 1; daemon off; pid ${folder}/nginx.pid; error_log ${folder}/error.log;
    events { worker_connections 1024; }
    http {
      access_log off; client_max_body_size 0; client_body_temp_path ${folder}; proxy_temp_path ${folder};
      fastcgi_temp_path ${folder}; uwsgi_temp_path ${folder}; scgi_temp_path ${folder};
      keepalive_requests 1000000; keepalive_timeout 75s;
      upstream endpoints {
        ${urls.map((url) => `server ${new URL(url).host};`).join(' ')} keepalive 128; keepalive_requests 1000000;
      }
      server {
        listen 127.0.0.1:${port} backlog=2048;
        location /v1/ {
          proxy_pass http://endpoints${path}/; proxy_http_version 1.1; proxy_set_header Connection "";
          proxy_buffering off; proxy_request_buffering off;
        }
      }
    }`;
  return inFront('nginx', (port, folder) => {
    writeFileSync(join(folder, 'nginx.conf'), conf(port, folder));
    return ['-c', join(folder, 'nginx.conf'), '-e', join(folder, 'error.log')];
  });
}

/** All, by name. `direct` is none: what the others add is added to it. The twin of the pass-through says how quiet the machine is. */
export const gateways = {
  direct: {
    title: 'no gateway',
    start: async ([url]) => {
      const { port, pathname } = new URL(url as string);
      return { port: Number(port), path: pathname.replace(/\/v1$/, ''), headers: {} };
    },
  },
  nginx: { title: 'nginx, 1 worker', command: 'nginx', start: nginx },
  'pass-through': { title: 'bare Node pass-through, `undici` dispatch', start: passThrough },
  ours: { title: 'this gateway, as it comes', start: (urls) => ours(urls) },
  quiet: {
    title: 'this gateway, `LOG_LEVEL=warn`, store in memory',
    start: (urls) => ours(urls, { store: { type: 'memory' } }, { LOG_LEVEL: 'warn' }),
  },
  portkey: { title: '`@portkey-ai/gateway`', peer: true, start: portkey },
  control: { title: 'the pass-through again (control)', start: passThrough },
} as const satisfies Readonly<Record<string, GatewayKind>>;

export type GatewayName = keyof typeof gateways;
