/** Reads the fields of a Messages call, and says by path what is wrong with one. Pure. */
import { Refused } from '../http/api-error.ts';

/** An object of which nothing is known yet. */
export type Loose = Readonly<Record<string, unknown>>;

/** A call that cannot be what it is meant to be. @param path such as `messages.0.content`. */
export const wrongField = (path: string, message: string): Refused =>
  new Refused({ status: 400, message: `${path}: ${message}`, code: 'invalid_body' });

/** Is it an object with fields? */
export const isObject = (value: unknown): value is Loose =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The object at a path. @throws Refused when it is none. */
export function objectAt(value: unknown, path: string): Loose {
  if (value === undefined) throw wrongField(path, 'Field required');
  if (!isObject(value)) throw wrongField(path, 'Input should be an object');
  return value;
}

/** The list at a path. @throws Refused when it is none. */
export function listAt(value: unknown, path: string): readonly unknown[] {
  if (value === undefined) throw wrongField(path, 'Field required');
  if (!Array.isArray(value)) throw wrongField(path, 'Input should be a list');
  return value;
}

/** The text at a path. @throws Refused when it is none. */
export function textAt(value: unknown, path: string): string {
  if (value === undefined) throw wrongField(path, 'Field required');
  if (typeof value !== 'string') throw wrongField(path, 'Input should be a text');
  return value;
}
