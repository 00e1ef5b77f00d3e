/** The description of the admin API, made from the routes themselves: what they take and give is written down once. */
import { z } from 'zod';
import { packageVersion } from './package-version.ts';
import type { AdminRoute } from './route.ts';
import { errorShape } from './shapes.ts';

const ERRORS: Readonly<Record<number, string>> = {
  400: 'The body is not JSON.',
  401: 'The admin key is missing or wrong.',
  403: 'From a page of elsewhere, or there are no admin keys and this is not from this machine.',
  404: 'There is none of that name.',
  409: 'It stands in the configuration file, is in use, or cannot be.',
  413: 'The body is larger than 1 MiB.',
  415: 'The body is not sent as JSON.',
  421: 'By a name that is not the gateway’s.',
  422: 'Something is wrong with it; issues say what and where.',
  429: 'Too many wrong keys.',
  503: 'The store cannot be read or written.',
};
const ALWAYS = [401, 403, 421, 422, 429, 503] as const;
const WITH_BODY = [400, 413, 415] as const;
const SHOWN_ERROR = '#/components/schemas/Error';

function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): object {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return rest;
}

const json = (schema: object) => ({ content: { 'application/json': { schema } } });

/** `/admin/groups/:name` as OpenAPI writes it. */
export const openPath = (path: string): string => path.replace(/:(\w+)/g, '{$1}');

function parameters({ path, query = {} }: AdminRoute): object[] {
  const inPath = [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    ...{ name, in: 'path', required: true, schema: { type: 'string' } },
  }));
  const inQuery = Object.entries(query).map(([name, schema]) => ({
    ...{ name, in: 'query', required: false, schema: jsonSchema(schema, 'input') },
  }));
  return [...inPath, ...inQuery];
}

function operation(route: AdminRoute): object {
  const { method, path, does, body, replies, errors = [] } = route;
  const wrong = new Set<number>([...ALWAYS, ...(body ? WITH_BODY : []), ...errors]);
  const responses: Record<string, object> = {};
  for (const [status, schema] of Object.entries(replies))
    responses[status] = { description: does, ...json(jsonSchema(schema, 'output')) };
  for (const status of [...wrong].sort())
    responses[status] = { description: ERRORS[status] ?? 'It failed.', ...json({ $ref: SHOWN_ERROR }) };
  const isNeeded = body !== undefined && !body.safeParse(undefined).success;
  return {
    operationId: `${method.toLowerCase()}${path.replace(/^\/admin/, '').replace(/\W+(\w)/g, (_, letter) => letter.toUpperCase())}`,
    summary: does,
    parameters: parameters(route),
    ...(body && { requestBody: { required: isNeeded, ...json(jsonSchema(body, 'input')) } }),
    responses,
  };
}

/** The whole file. */
export function openApi(routes: readonly AdminRoute[]): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) {
    const path = openPath(route.path);
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(route) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Admin API of the load-balanced-openai gateway',
      version: packageVersion,
      description: 'JSON only. An admin key as Bearer token; without admin keys, for programs of the same machine.',
    },
    security: [{ adminKey: [] }],
    paths,
    components: {
      schemas: { Error: jsonSchema(errorShape, 'output') },
      securitySchemes: { adminKey: { type: 'http', scheme: 'bearer' } },
    },
  };
}
