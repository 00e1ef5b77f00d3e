/** `check`: is the configuration right, and does every endpoint answer? Nothing it does costs anything. */
import { basename } from 'node:path';
import type { GatewayEndpoint, GatewaySettings } from '../../gateway/config/settings.ts';
import { StoreFailure } from '../../gateway/store/gateway-store.ts';
import { storeProblem } from '../../gateway/store/store-needs.ts';
import { columns, counted } from '../columns.ts';
import { paint, piece } from '../demo/paint.ts';
import { type OptionTable, optionHelp, readOptions } from '../read-options.ts';
import { type Checked, checkedFrom } from './checked.ts';
import { type Reached, reach } from './reach.ts';

const OPTIONS = {
  config: {
    type: 'string',
    short: 'c',
    value: 'FILE',
    does: 'the configuration file (default: load-balanced-openai.* of this folder)',
  },
  store: {
    type: 'string',
    value: 'FILE',
    does: 'the file of the store (default: as for serve)',
  },
  help: { type: 'boolean', short: 'h', does: 'this text' },
} as const satisfies OptionTable;

const HELP = [
  'Usage: load-balanced-openai check [options]',
  '',
  'Checks the configuration of the gateway, with what its store holds where there is one,',
  'then reaches each endpoint by GET of its models, which costs nothing. The exit code is',
  '0 when all is well, 1 when an endpoint does not answer or refuses its key, or the store',
  'cannot be read, 2 when the configuration is wrong.',
  '',
  ...optionHelp(OPTIONS),
  '',
  'Examples:',
  '  load-balanced-openai check',
  '  load-balanced-openai check --config gateway.yaml',
].join('\n');

/** No word on a reply is longer. */
const WIDEST = 200;

/** Models that groups ask an endpoint for, and that it does not list. */
function missing({ groups }: GatewaySettings, endpoint: GatewayEndpoint, { models }: Reached): string[] {
  // Azure lists what could be deployed, not what is.
  if (!models || models.length === 0 || endpoint.type === 'azure') return [];
  return groups.flatMap(({ name, members }) =>
    members
      .filter((one) => one.endpoint === endpoint.name && !models.includes(one.model))
      .map(({ model }) => `Endpoint ${endpoint.name} lists no model ${model}, which group ${name} asks it for.`),
  );
}

/** What came of it, in colour on a terminal. */
const paintReached = ({ ok, says }: Reached) => paint([piece(says, ok ? 'green' : 'red')], WIDEST, process.stdout);

/** What the configuration says, as text. */
function described({ settings, keys, store }: Extract<Checked, { is: 'read' }>): string[] {
  const { source, endpoints, groups } = settings;
  const own = source === 'environment' ? 'the environment' : basename(source);
  const from = store === undefined ? own : `${own} and the store ${store}`;
  const members = groups.map(({ name, members: list, fallback, options }) => [
    name,
    typeof options.strategy === 'string' ? options.strategy : 'round-robin',
    list.map(({ endpoint, model }) => `${endpoint} (${model})`).join(', ') +
      (fallback.length > 0 ? `, else ${fallback.join(', ')}` : ''),
  ]);
  return [
    `Configuration: ${from}, ${counted(endpoints.length, 'endpoint')}, ${counted(groups.length, 'group')}, ${counted(keys, 'client key')}.`,
    ...(groups.length > 0 ? ['', ...columns([['group', 'strategy', 'endpoints'], ...members])] : []),
  ];
}

/** What is checked, or why nothing can be. */
async function found(values: Readonly<Record<string, string | boolean | undefined>>): Promise<Checked | StoreFailure> {
  const [config, store] = [values.config, values.store].map((value) => (typeof value === 'string' ? value : undefined));
  try {
    return await checkedFrom(config, store);
  } catch (error) {
    if (error instanceof StoreFailure) return error;
    throw error;
  }
}

/** The command. @returns the exit code */
export async function check(args: readonly string[]): Promise<number> {
  const options = readOptions(args, OPTIONS);
  if (options.is === 'wrong') {
    console.error(`${options.problem}\n\n${HELP}`);
    return 2;
  }
  if (options.values.help) {
    console.log(HELP);
    return 0;
  }
  const checked = await found(options.values);
  if (checked instanceof StoreFailure) {
    console.error(checked.message);
    return 1;
  }
  if (checked.is === 'wrong') {
    console.error(checked.problem);
    return 2;
  }
  const { settings } = checked;
  for (const line of described(checked)) console.log(line);
  const reached = await Promise.all(settings.endpoints.map(reach));
  const rows = settings.endpoints.map(({ name, type, baseURL, keyFrom }, at) => [
    name,
    type,
    baseURL,
    keyFrom,
    paintReached(reached[at] as Reached),
  ]);
  console.log(['', ...columns([['endpoint', 'type', 'address', 'key', 'reached'], ...rows]), ''].join('\n'));
  const lacking = storeProblem(settings, process.versions.node);
  const warnings = [
    ...settings.warnings,
    ...(lacking === undefined ? [] : [lacking]),
    ...settings.endpoints.flatMap((endpoint, at) => missing(settings, endpoint, reached[at] as Reached)),
  ];
  for (const warning of warnings) console.log(`! ${warning}`);
  const failed = reached.filter(({ ok }) => !ok).length;
  console.log(
    failed === 0 ? 'All endpoints answer.' : `${failed} of ${counted(reached.length, 'endpoint')} cannot be used.`,
  );
  return failed === 0 && lacking === undefined ? 0 : 1;
}
