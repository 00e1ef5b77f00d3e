/**
 * The admin API: `/admin/*` on the gateway's own server. In this order: is it from a page of elsewhere, who asks, is there such a
 * route, what was sent, and only then what is asked for.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Hono } from 'hono';
import { z } from 'zod';
import { strict } from '../../config/fields.ts';
import { didYouMean } from '../../config/suggest.ts';
import { writeJson } from '../http/write-reply.ts';
import { AdminError, adminErrorBody, adminErrorOf } from './admin-error.ts';
import { endpointRoutes } from './endpoint-routes.ts';
import { groupRoutes } from './group-routes.ts';
import { refuseForeignPages, refuseStrangers } from './guard-admin.ts';
import { keyRoutes } from './key-routes.ts';
import { logRoutes } from './log-routes.ts';
import { openApi } from './openapi.ts';
import { readJson } from './read-json.ts';
import { type AdminRoute, type AdminSurroundings, checked, nothing } from './route.ts';
import { systemRoutes } from './system-routes.ts';

const described: AdminRoute = {
  ...{ method: 'GET', path: '/admin/openapi.json', does: 'This description.' },
  replies: { 200: z.looseObject({ openapi: z.string(), paths: z.looseObject({}) }) },
  run: () => ({ status: 200, body: openApi(adminRoutes) }),
};

/** Every route. */
export const adminRoutes: readonly AdminRoute[] = [
  ...groupRoutes,
  ...endpointRoutes,
  ...keyRoutes,
  ...logRoutes,
  ...systemRoutes,
  described,
];

/** Nothing of it is for a cache, a frame, or a guess of what it is. */
const HEADERS = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
} as const;

/** Those that a route may have; all others are not there. */
const METHODS: ReadonlySet<string> = new Set(['GET', 'PUT', 'POST', 'DELETE', 'PATCH', 'OPTIONS']);

/** What a message brings to its route beside its address. */
interface Brought {
  readonly body: unknown;
}

/** True for paths of the admin API. */
export const isAdminPath = (path: string): boolean => path === '/admin' || path.startsWith('/admin/');

/** The admin API of one gateway. */
export class AdminApi {
  readonly #admin: AdminSurroundings;
  readonly #app = new Hono<{ Bindings: Brought }>();

  constructor(admin: AdminSurroundings) {
    this.#admin = admin;
    for (const route of adminRoutes) this.#serve(route);
    this.#app.notFound(({ req }) => {
      throw this.#noRoute(req.method, req.path);
    });
    this.#app.onError((error, { json }) => {
      const told = adminErrorOf(error);
      if (told.status === 500) admin.around.log.error('the admin API failed', { error: String(error.stack) });
      return json(adminErrorBody(told), told.status, { ...told.headers });
    });
  }

  /** What it serves, as `GET /admin/groups`. */
  get served(): readonly string[] {
    return this.#app.routes.map(({ method, path }) => `${method} ${path}`);
  }

  #serve({ method, path, query, body: taken, run }: AdminRoute): void {
    const schema = strict(query ?? {});
    this.#app.on(method, path, async (context) => {
      const { req, env } = context;
      const params = req.param() as Readonly<Record<string, string>>;
      const asked = checked(schema, req.query(), 'invalid_query') as Readonly<Record<string, string>>;
      if (taken === nothing) checked(nothing, env.body, 'invalid_body');
      const name = params.name ?? params.id ?? '';
      const { status, body } = await run({ name, query: asked, body: env.body, signal: req.raw.signal }, this.#admin);
      return context.json(body, status);
    });
  }

  #noRoute(method: string, path: string): AdminError {
    const fits = (route: AdminRoute) => new RegExp(`^${route.path.replace(/:\w+/g, '[^/]+')}$`).test(path);
    const allow = [...new Set(adminRoutes.filter(fits).map((route) => route.method))].sort().join(', ');
    if (allow !== '')
      return new AdminError(405, 'unknown_method', `${method} is not there; there is ${allow}.`, [], { allow });
    const known = adminRoutes.map((route) => route.path);
    return new AdminError(
      404,
      'unknown_path',
      `There is no such path${didYouMean(path, known) || '; GET /admin/openapi.json lists all'}`,
    );
  }

  /** Who asks. @throws Refused. */
  #admit({ headers, socket }: IncomingMessage): void {
    const { running, local } = this.#admin;
    const { access, settings } = running();
    const place = { local, hosts: settings.admin.hosts };
    refuseForeignPages(headers, place);
    if (access.hasAdmins) access.administrator(headers, socket.remoteAddress ?? '');
    else refuseStrangers(headers, place);
  }

  /** Answers. Never rejects. */
  async answer(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    try {
      this.#admit(message);
      const body = await readJson(message);
      const { url = '/' } = message;
      const method = message.method === 'HEAD' ? 'GET' : (message.method ?? 'GET');
      if (!METHODS.has(method)) throw this.#noRoute(method, url.split('?', 1)[0] as string);
      // The name is of no use: who asks and by which name was looked at above.
      const request = new Request(`http://gateway${url}`, { method, signal: gone.signal });
      const reply = await this.#app.fetch(request, { body });
      const allow = reply.headers.get('allow');
      const headers = { ...HEADERS, ...(allow !== null && { allow }) };
      writeJson(response, reply.status, await reply.json(), headers);
    } catch (error) {
      const told = adminErrorOf(error);
      if (told.status === 500)
        this.#admin.around.log.error('the admin API failed', { error: String((error as Error).stack) });
      writeJson(response, told.status, adminErrorBody(told), { ...HEADERS, ...told.headers });
    }
  }
}
