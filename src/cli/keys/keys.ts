/** `keys`: the client keys in the gateway's store. A gateway that runs on the same store takes every change over within two seconds. */
import { systemClock } from '../../clock.ts';
import { didYouMean, shownName } from '../../config/suggest.ts';
import type { GatewaySettings } from '../../gateway/config/settings.ts';
import { type GatewayStore, KeyTaken, StoreFailure } from '../../gateway/store/gateway-store.ts';
import { type KeyWish, newClientKey } from '../../gateway/store/new-client-key.ts';
import { chooseStore, isMissing, openStore } from '../choose-store.ts';
import { type OptionTable, optionHelp, readOptions } from '../read-options.ts';
import { fileFrom, settingsFrom } from '../settings-from.ts';
import { listed } from './listed.ts';
import { wishOf } from './wish.ts';

const PLACE = {
  config: {
    type: 'string',
    short: 'c',
    value: 'FILE',
    does: 'the configuration file (default: load-balanced-openai.* of this folder)',
  },
  store: {
    type: 'string',
    value: 'FILE',
    does: 'the store (default: that of the configuration, or load-balanced-openai.db)',
  },
  help: { type: 'boolean', short: 'h', does: 'this text' },
} as const satisfies OptionTable;

const WISHES = {
  groups: { type: 'string', value: 'NAMES', does: 'create: the models it may use, commas between (default: all)' },
  rpm: { type: 'string', value: 'N', does: 'create: calls per minute' },
  tpm: { type: 'string', value: 'N', does: 'create: tokens per minute' },
  budget: {
    type: 'string',
    value: 'AMOUNT',
    does: 'create: what it may spend, such as 50/month or 5/day; needs prices',
  },
  expires: { type: 'string', value: 'DATE', does: 'create: a date from which on it is refused, such as 2030-01-31' },
} as const satisfies OptionTable;

const JSON_OPTION = { json: { type: 'boolean', does: 'list: as JSON' } } as const satisfies OptionTable;

const COMMANDS = ['list', 'create', 'revoke'];

const HELP = [
  'Usage: load-balanced-openai keys list [options]',
  '       load-balanced-openai keys create NAME [options]',
  '       load-balanced-openai keys revoke NAME [options]',
  '',
  "Client keys in the gateway's store. A new key is printed once, alone, on standard",
  'output; the store holds its hash only. A gateway that runs on the same store takes',
  'every change over within two seconds. The exit code is 0 when it is done, 1 when it',
  'could not be done, 2 when it was asked for the wrong way.',
  '',
  ...optionHelp({ ...PLACE, ...WISHES, ...JSON_OPTION }),
  '',
  'Examples:',
  '  load-balanced-openai keys create team-a --budget 50/month',
  '  load-balanced-openai keys create ci --groups fast,cheap --rpm 60 --expires 2030-01-31',
  '  load-balanced-openai keys list',
  '  load-balanced-openai keys revoke team-a',
].join('\n');

type Values = Readonly<Record<string, string | boolean | undefined>>;

/** It was asked for the wrong way. */
class Wrong extends Error {}
/** It cannot be done. */
class Failed extends Error {
  readonly code: number;

  constructor(message: string, code = 1) {
    super(message);
    this.code = code;
  }
}

/** What the configuration says, as far as it is right: the store can be worked on without. */
function settingsIfRight(config: string | undefined): GatewaySettings | undefined {
  const read = settingsFrom(config);
  return read.is === 'read' ? read.settings : undefined;
}

/** The store. @param mayMake makes the file where there is none. */
async function storeOf({ config, store }: Values, mayMake: boolean): Promise<GatewayStore> {
  const file = fileFrom(config as string | undefined);
  if (file.is !== 'read' && store === undefined) throw new Failed(file.problem, 2);
  const found = file.is === 'read' ? file.found : { source: 'environment', value: {} };
  const choice = chooseStore(store as string | undefined, found, process.env);
  if (typeof choice === 'string') throw new Failed(choice);
  if (choice.is === 'memory')
    throw new Failed(
      choice.why ??
        'The configuration keeps the store in memory, where no other process can change it. Give it a file: store: { path: ./gateway.db }, or name keys under clientKeys.',
    );
  if (!mayMake && choice.is === 'file' && isMissing(choice))
    throw new Failed(
      `There is no store at ${choice.path}. Name it by --store, or make the first key with: keys create NAME`,
    );
  const opened = await openStore(choice, process.env);
  const { state } = opened;
  if (opened.keys.known !== false || state.is === 'well') return opened;
  await opened.close();
  throw new Failed(state.reason);
}

async function create(store: GatewayStore, wish: KeyWish, settings: GatewaySettings | undefined): Promise<void> {
  if (settings?.clientKeys.some(({ name }) => name === wish.name))
    throw new Failed(
      `The configuration names a key '${wish.name}', which counts in place of one of the store; choose another name.`,
    );
  const { key, stored } = newClientKey(wish, systemClock);
  await store.keys.add(stored);
  console.log(key);
  console.error(
    `Key '${wish.name}' is made and shown this once: keep it. Clients send it as Bearer token or x-api-key.`,
  );
  const unknown = (wish.groups ?? []).filter(
    (name) => settings && !settings.groups.some((group) => group.name === name),
  );
  if (settings && settings.groups.length > 0 && unknown.length > 0)
    console.error(
      `! The configuration has no group ${unknown.join(', ')}; calls of this key find it once there is one.`,
    );
  if (wish.limits.budget && settings && Object.keys(settings.prices).length === 0)
    console.error('! The configuration has no prices: this key is refused for every model without one.');
}

async function revoke(store: GatewayStore, name: string, settings: GatewaySettings | undefined): Promise<void> {
  const all = store.keys.list();
  const found = all.find((key) => key.name === name || key.id === name);
  if (!found) {
    const names = all.map((key) => key.name);
    const known = names.length === 0 ? 'there is none' : `known are ${names.slice(0, 20).join(', ')}`;
    throw new Failed(`The store has no key '${shownName(name)}'${didYouMean(name, names)}; ${known}.`);
  }
  await store.keys.delete(found.id);
  console.log(`Key '${found.name}' is revoked.`);
  if (all.length === 1 && !settings?.clientKeys.length)
    console.error(
      '! No client key is left: a gateway that only this machine reaches takes any key now, others take none.',
    );
}

async function run(command: string, name: string | undefined, values: Values): Promise<void> {
  const wish = command === 'create' ? wishOf(name, values as Record<string, string>, systemClock.date()) : undefined;
  if (typeof wish === 'string') throw new Wrong(wish);
  if (command === 'revoke' && name === undefined) throw new Wrong('A name is missing, as in: keys revoke team-a');
  const store = await storeOf(values, wish !== undefined);
  try {
    const settings = settingsIfRight(values.config as string | undefined);
    if (wish) await create(store, wish, settings);
    else if (command === 'revoke') await revoke(store, name as string, settings);
    else console.log(await listed(store, systemClock.date(), values.json === true));
  } finally {
    await store.close();
  }
}

/** The command. @returns the exit code */
export async function keys(args: readonly string[]): Promise<number> {
  const [command = '', ...rest] = args;
  if (command === '--help' || command === '-h') {
    console.log(HELP);
    return 0;
  }
  const wrong = (problem: string) => {
    console.error(`${problem}\n\n${HELP}`);
    return 2;
  };
  if (!COMMANDS.includes(command))
    return wrong(
      command === '' || command.startsWith('-')
        ? `Say what to do: ${COMMANDS.join(', ')}.`
        : `There is no command 'keys ${shownName(command)}'${didYouMean(command, COMMANDS)}`,
    );
  const [name] = rest[0]?.startsWith('-') ? [] : rest;
  const table = { ...PLACE, ...(command === 'create' && WISHES), ...(command === 'list' && JSON_OPTION) };
  const options = readOptions(name === undefined || command === 'list' ? rest : rest.slice(1), table);
  if (options.is === 'wrong') return wrong(options.problem);
  if (options.values.help) {
    console.log(HELP);
    return 0;
  }
  try {
    await run(command, name, options.values);
    return 0;
  } catch (error) {
    if (error instanceof Wrong) return wrong(error.message);
    if (!(error instanceof Failed || error instanceof KeyTaken || error instanceof StoreFailure)) throw error;
    console.error(error.message);
    return error instanceof Failed ? error.code : 1;
  }
}
