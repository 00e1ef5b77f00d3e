/** What a route of the admin API is. From the list of them come the server's answers and the OpenAPI file alike. */
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { z } from 'zod';
import { check } from '../../config/check.ts';
import { strict } from '../../config/fields.ts';
import { Problems } from '../../config/problems.ts';
import type { ConfigurationError } from '../../errors.ts';
import type { CallSurroundings } from '../call/call-surroundings.ts';
import type { Configuration } from '../configuration.ts';
import type { Running } from '../running/running.ts';
import type { GatewayStore } from '../store/gateway-store.ts';
import { AdminError, invalid } from './admin-error.ts';
import type { JustDeleted } from './just-deleted.ts';

/** What routes work on. */
export interface AdminSurroundings {
  readonly around: CallSurroundings;
  readonly store: GatewayStore;
  readonly configuration: Configuration | undefined;
  /** What new calls are answered by. */
  readonly running: () => Running;
  /** The gateway is reached from this machine alone. */
  readonly local: boolean;
  readonly deleted: JustDeleted;
}

/** What was asked: already known to be what the route takes. */
export interface Asked {
  /** What stands in the path, decoded. */
  readonly name: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body: unknown;
  /** Ends when whoever asked is gone. */
  readonly signal: AbortSignal;
}

/** What is answered. */
export interface Answered {
  readonly status: ContentfulStatusCode;
  readonly body: object;
}

/** A route. */
export interface AdminRoute {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** `:name` or `:id` is the only part that varies. */
  readonly path: string;
  readonly does: string;
  readonly query?: Readonly<Record<string, z.ZodType>>;
  readonly body?: z.ZodType;
  /** Good replies by status; errors all have one shape. */
  readonly replies: Readonly<Record<number, z.ZodType>>;
  /** Errors it has of its own, by status. */
  readonly errors?: readonly number[];
  run(asked: Asked, admin: AdminSurroundings): Answered | Promise<Answered>;
}

/** A body or a query by its schema. @throws AdminError 422 with everything that is wrong. */
export function checked<Schema extends z.ZodType>(schema: Schema, value: unknown, code: string): z.output<Schema> {
  const problems = new Problems();
  const result = check(schema, value, '', problems);
  try {
    problems.throwIfAny();
  } catch (error) {
    throw invalid((error as ConfigurationError).issues, code);
  }
  return result as z.output<Schema>;
}

/** No body, or an empty one. */
export const nothing = strict({}).optional();

/** The configuration, where it can be changed. */
export function changeable({ configuration }: AdminSurroundings): Configuration {
  if (configuration) return configuration;
  throw new AdminError(
    409,
    'fixed_configuration',
    'This gateway was started with a configuration that stays as it is.',
  );
}
