/**
 * The smallest value that fits a JSON schema, so that `parse()` and structured outputs get an answer they can read.
 */
import { isObject } from './check.ts';

/** A value that fits the schema; knows the parts of JSON schema that structured outputs allow. */
export function sample(schema: unknown, root: unknown = schema, depth = 0): unknown {
  if (!isObject(schema) || depth > 20) return null;
  if (typeof schema.$ref === 'string') return sample(follow(root, schema.$ref), root, depth + 1);
  if ('const' in schema) return schema.const;
  if (Array.isArray(schema.enum)) return schema.enum[0];
  const options = schema.anyOf ?? schema.oneOf ?? schema.allOf;
  if (Array.isArray(options)) return sample(options[0], root, depth + 1);
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  if (type === 'string') return 'text';
  if (type === 'boolean') return true;
  if (type === 'number' || type === 'integer') return typeof schema.minimum === 'number' ? schema.minimum : 1;
  if (type === 'array') return [sample(schema.items, root, depth + 1)];
  if (type !== 'object' || !isObject(schema.properties)) return type === 'object' ? {} : null;
  return Object.fromEntries(
    Object.entries(schema.properties).map(([key, part]) => [key, sample(part, root, depth + 1)]),
  );
}

function follow(root: unknown, ref: string): unknown {
  const steps = ref.replace(/^#\/?/, '').split('/').filter(Boolean);
  return steps.reduce<unknown>((at, step) => (isObject(at) ? at[step] : undefined), root);
}
