/** Sends the dashboard: files only, the same for everybody. What they show comes from the admin API, which asks for its key. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { notForReading, Refused } from '../http/api-error.ts';
import { builtDashboard, type DashboardFile, dashboardAsset, dashboardPage } from './dashboard-files.ts';

const ASSETS = '/dashboard/assets/';
const PAGES: ReadonlySet<string> = new Set(['/dashboard', '/dashboard/', '/demo', '/demo/']);

/**
 * What a browser may do on these pages: run our own files and ask this gateway, nothing else. Styles are our file and what scripts set
 * by property; text cannot become a script or markup.
 */
const POLICY = [
  "default-src 'self'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
};

const MISSING = `<!doctype html>
<html lang="en">
  <meta charset="utf-8">
  <title>load-balanced-openai</title>
  <h1>The dashboard is not built yet</h1>
  <p>In the repository <code>npm run build</code> builds it, and so does <code>npm start</code>.
  The gateway itself runs: calls go to <code>/v1</code>, figures are at <code>/stats</code> and <code>/metrics</code>.</p>
</html>
`;

const NOT_BUILT: DashboardFile = {
  bytes: Buffer.from(MISSING),
  gzipped: gzipSync(MISSING),
  type: 'text/html; charset=utf-8',
};

/** Is the path one of the dashboard's? */
export const isDashboard = (path: string): boolean => PAGES.has(path) || path.startsWith('/dashboard/');

function send(
  { method, headers }: IncomingMessage,
  response: ServerResponse,
  status: number,
  { bytes, gzipped, type }: DashboardFile,
  caching: string,
): void {
  const zipped = /\bgzip\b/.test(String(headers['accept-encoding'] ?? ''));
  const body = zipped ? gzipped : bytes;
  response.writeHead(status, {
    ...HEADERS,
    'content-type': type,
    'content-length': body.byteLength,
    'cache-control': caching,
    vary: 'accept-encoding',
    ...(zipped && { 'content-encoding': 'gzip' }),
  });
  response.end(method === 'HEAD' ? undefined : body);
}

/**
 * Sends a page or an asset.
 * @param places where the built dashboard is looked for; other ones only in tests.
 * @throws Refused for what is not there to be read.
 */
export function showDashboard(
  message: IncomingMessage,
  response: ServerResponse,
  path: string,
  places?: readonly string[],
): void {
  const { method } = message;
  if (method !== 'GET' && method !== 'HEAD') throw notForReading();
  const folder = builtDashboard(places);
  if (PAGES.has(path)) {
    send(message, response, folder ? 200 : 503, folder ? dashboardPage(folder) : NOT_BUILT, 'no-cache');
    return;
  }
  const asset = folder && path.startsWith(ASSETS) ? dashboardAsset(folder, path.slice(ASSETS.length)) : undefined;
  if (!asset)
    throw new Refused({
      ...{ status: 404, message: 'There is no such file; the dashboard is at /dashboard.', code: 'unknown_path' },
    });
  send(message, response, 200, asset, 'public, max-age=31536000, immutable');
}
