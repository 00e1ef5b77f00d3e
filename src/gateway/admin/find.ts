/** Finds what a path names, or says what was perhaps meant. */
import { basename } from 'node:path';
import { didYouMean } from '../../config/suggest.ts';
import type { GatewayEndpoint, GatewaySettings, Group, SkippedEndpoint, Source } from '../config/settings.ts';
import { AdminError, type Issue } from './admin-error.ts';
import { isForbiddenName } from './read-json.ts';

type Kind = 'endpoint' | 'group';

/** There is none of that name. */
export function unknown(kind: string, name: string, known: readonly string[]): AdminError {
  const shown = name.length > 64 ? `${name.slice(0, 64)}…` : name;
  return new AdminError(
    ...([404, `unknown_${kind}`, `There is no ${kind} ${JSON.stringify(shown)}${didYouMean(name, known)}`] as const),
  );
}

/** Who has that name, with a key or without. */
export function named(
  { endpoints, skipped }: GatewaySettings,
  name: string,
): GatewayEndpoint | SkippedEndpoint | undefined {
  return [...endpoints, ...skipped].find((each) => each.name === name);
}

/** The endpoint of that name. @throws AdminError 404; 409 for one without a key. */
export function endpointOf(settings: GatewaySettings, name: string): GatewayEndpoint {
  const { endpoints } = settings;
  const found = named(settings, name);
  if (found && 'why' in found)
    throw new AdminError(409, 'no_key', `The endpoint ${name} takes no calls: ${found.why}.`);
  if (found) return found;
  throw unknown(
    'endpoint',
    name,
    endpoints.map((each) => each.name),
  );
}

/** The group of that name. @throws AdminError 404. */
export function groupOf({ groups }: GatewaySettings, name: string): Group {
  const found = groups.find((each) => each.name === name);
  if (found) return found;
  throw unknown(
    'group',
    name,
    groups.map((each) => each.name),
  );
}

/** @throws AdminError 409 for what the store cannot change. */
export function refuseNamed(kind: Kind, name: string, source: Source | undefined, settings: GatewaySettings): void {
  if (source !== 'file' && source !== 'environment') return;
  const where =
    source === 'file'
      ? `stands in the configuration file (${basename(settings.source)})`
      : 'comes from the environment';
  throw new AdminError(409, 'named_by_file', `The ${kind} ${name} ${where}; change it there.`);
}

/** @throws AdminError 422 for a name that nothing may have. */
export function refuseName(name: string): void {
  if (isForbiddenName(name)) throw new AdminError(422, 'invalid_name', `Nothing may be called ${name}.`);
}

/** @throws AdminError 409 for what groups still name. */
export function refuseInUse(kind: Kind, name: string, { groups }: GatewaySettings): void {
  const issues = groups.flatMap((group): Issue[] => {
    const members = Array.isArray(group.given.endpoints) ? group.given.endpoints : [];
    const isUsed =
      kind === 'group'
        ? group.fallback.includes(name)
        : members.some((member: { endpoint?: unknown }) => member.endpoint === name);
    const part = kind === 'group' ? 'fallback' : 'endpoints';
    return isUsed ? [{ path: `groups["${group.name}"].${part}`, message: `names ${name}` }] : [];
  });
  if (issues.length === 0) return;
  const users = issues.map(({ path }) => path.slice(8, path.lastIndexOf('"]'))).join(', ');
  throw new AdminError(409, 'in_use', `The ${kind} ${name} is used by ${users}; take it out there first.`, issues);
}

/** What is wrong, told from where the one stands who sent it: paths inside of what was sent begin there. */
export function relativeTo(start: string, issues: readonly Issue[]): Issue[] {
  return issues.map(({ path, message }) => {
    if (path === start) return { path: '', message };
    return { path: path.startsWith(`${start}.`) ? path.slice(start.length + 1) : path, message };
  });
}
