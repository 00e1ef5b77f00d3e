/** The configuration's shape for editors: a JSON Schema made from the one the gateway checks by. A test keeps the published file equal. */
import { z } from 'zod';
import { gatewayConfig } from './schema.ts';

/** What a file cannot hold: functions of a program. */
const FUNCTIONS = new Set(['errorFilter']);
/** Bounds that every number keeps. */
const ENDLESS = new Set([Number.MAX_VALUE, -Number.MAX_VALUE, Number.MAX_SAFE_INTEGER, -Number.MAX_SAFE_INTEGER]);

function pruned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(pruned);
  if (typeof value !== 'object' || value === null) return value;
  const rows = Object.entries(value)
    .filter(([name, inner]) => !FUNCTIONS.has(name) && !(typeof inner === 'number' && ENDLESS.has(inner)))
    // Defaults of the library are its own; an empty one says nothing.
    .filter(([name, inner]) => name !== 'default' || JSON.stringify(inner) !== '{}');
  return Object.fromEntries(rows.map(([name, inner]) => [name, pruned(inner)]));
}

/** The JSON Schema of a configuration file. */
export function configJsonSchema(): object {
  const schema = z.toJSONSchema(gatewayConfig, { io: 'input', unrepresentable: 'any' });
  return { title: 'Configuration of the load-balanced-openai gateway', ...(pruned(schema) as object) };
}
