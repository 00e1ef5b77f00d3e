/** `serve`: the gateway as a process. Reads options and configuration, starts it, and ends it as the signals say. */
import { basename } from 'node:path';
import type { GatewaySettings } from '../../gateway/config/settings.ts';
import { Configuration } from '../../gateway/configuration.ts';
import { type Gateway, GRACE, startGateway } from '../../gateway/gateway.ts';
import type { GatewayLog } from '../../gateway/log.ts';
import { CannotStart } from '../../gateway/start-checks.ts';
import type { GatewayStore } from '../../gateway/store/gateway-store.ts';
import { memoryGatewayStore } from '../../gateway/store/memory-gateway-store.ts';
import { storeProblem } from '../../gateway/store-needs.ts';
import { type OptionTable, optionHelp, readOptions } from '../read-options.ts';
import { configurationFrom } from '../settings-from.ts';
import { consoleLog } from './console-log.ts';
import { type DemoEndpoints, demoEndpoints } from './demo-endpoints.ts';
import { keepCurrent } from './keep-current.ts';

const OPTIONS = {
  config: {
    type: 'string',
    short: 'c',
    does: 'the configuration file (default: load-balanced-openai.* of this folder)',
  },
  port: { type: 'string', short: 'p', does: 'the port to listen on, 0 for a free one (default 8000)' },
  host: { type: 'string', does: 'the address to listen on (default 127.0.0.1; others need client keys)' },
  grace: { type: 'string', does: 'how many seconds running calls get to end after SIGTERM (default 25)' },
  demo: { type: 'boolean', does: 'endpoints of its own on this machine; needs neither file nor key' },
  'or-demo': { type: 'boolean', does: 'the same, but only when there is no configuration and no key' },
  help: { type: 'boolean', short: 'h', does: 'this text' },
} as const satisfies OptionTable;

const HELP = [
  'Usage: load-balanced-openai serve [options]',
  '',
  'Serves the OpenAI API on one address and spreads the calls over the endpoints',
  'of the configuration: a file, or OPENAI_API_KEYS, ANTHROPIC_API_KEYS and',
  'SERVICE_ENDPOINTS of the environment. A file that changes is taken over without',
  'a restart, on SIGHUP too. LOG_LEVEL is off, error, warn, info or debug.',
  '',
  ...optionHelp(OPTIONS),
  '',
  'Examples:',
  '  OPENAI_API_KEYS=sk-…,sk-… load-balanced-openai serve',
  '  load-balanced-openai serve --config gateway.yaml --port 9000',
  '  load-balanced-openai serve --demo',
].join('\n');

const PORT = /^\d{1,5}$/;
const SECONDS = /^\d{1,4}(\.\d+)?$/;

type Values = Readonly<Record<string, string | boolean | undefined>>;
const textOf = (value: string | boolean | undefined) => (typeof value === 'string' ? value : undefined);

/** What is wrong with the options' values. */
function wrongValue({ port, grace, demo, config }: Values): string | undefined {
  if (port !== undefined && (!PORT.test(String(port)) || Number(port) > 65_535))
    return '--port is a number from 0 to 65535.';
  if (grace !== undefined && !SECONDS.test(String(grace))) return '--grace is a number of seconds.';
  return demo && config !== undefined ? '--demo brings a configuration of its own; leave --config out.' : undefined;
}

interface Ready {
  readonly configuration: Configuration;
  readonly demo: DemoEndpoints | undefined;
}

/** The configuration, or what is wrong. */
async function ready(values: Values, store: GatewayStore): Promise<Ready | string> {
  const found = values.demo ? undefined : configurationFrom(textOf(values.config), { store });
  if (found?.is === 'read') return { configuration: found.configuration, demo: undefined };
  const mayDemo = values.demo || (values['or-demo'] && found?.is === 'missing');
  if (!mayDemo) return found?.problem ?? '';
  const demo = await demoEndpoints();
  const find = () => ({ source: 'demo', value: demo.configuration });
  return { configuration: new Configuration({ find, env: {}, store }), demo };
}

function announce({ url }: Gateway, settings: GatewaySettings, log: GatewayLog, isTerminal: boolean): void {
  const { source, endpoints, groups, clientKeys, warnings } = settings;
  const facts = { endpoints: endpoints.length, groups: groups.length, clientKeys: clientKeys.length };
  if (isTerminal) {
    const names = groups
      .map(({ name }) => name)
      .slice(0, 8)
      .join(', ');
    const lines = [
      ['OpenAI API', `${url}/v1`],
      ['health', `${url}/health`],
      ['figures', `${url}/stats and ${url}/metrics`],
      ['endpoints', endpoints.map(({ name }) => name).join(', ')],
      ...(names === '' ? [] : [['models', names]]),
      ['keys', clientKeys.length === 0 ? 'none: any key passes on this machine' : `${clientKeys.length} client keys`],
      ['from', basename(source)],
    ];
    process.stdout.write(`\n${lines.map(([name, text]) => `  ${(name as string).padEnd(11)} ${text}`).join('\n')}\n\n`);
  } else
    log.info('listening', { url, openai: `${url}/v1`, health: `${url}/health`, source: basename(source), ...facts });
  for (const warning of warnings) log.warn(warning);
  if (settings.store && settings.store.type !== 'memory')
    log.warn('The store of the configuration is not used yet: keys, figures and calls are kept in memory.');
}

/** Resolves when a signal has ended the gateway. A second signal ends it at once. */
function untilStopped(gateway: Gateway, grace: number, log: GatewayLog): Promise<void> {
  return new Promise((resolve) => {
    let asked = false;
    const end = (signal: NodeJS.Signals) => {
      if (asked) process.exit(signal === 'SIGINT' ? 130 : 143);
      asked = true;
      log.info('stopping', { signal, graceSeconds: grace / 1_000 });
      void gateway.stop(grace).then(() => {
        log.info('stopped');
        resolve();
      });
    };
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, end);
  });
}

/** Why it could not start, in words. */
function startProblem(error: unknown, host: string | undefined, port: string | undefined): string {
  if (error instanceof CannotStart) return error.message;
  const { code, message } = error as NodeJS.ErrnoException;
  const place = `${host ?? '127.0.0.1'}:${port ?? 8000}`;
  if (code === 'EADDRINUSE') return `${place} is in use by another program; choose another one with --port.`;
  if (code === 'EACCES')
    return `${place} may not be used; ports below 1024 need rights. Choose another one with --port.`;
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') return `${host} is no address of this machine; see --host.`;
  return message;
}

/** The command. @returns the exit code */
export async function serve(args: readonly string[]): Promise<number> {
  const options = readOptions(args, OPTIONS);
  const problem = options.is === 'wrong' ? options.problem : wrongValue(options.values);
  if (problem !== undefined || options.is === 'wrong') {
    console.error(`${problem}\n\n${HELP}`);
    return 2;
  }
  const { values } = options;
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const log = consoleLog(process.env.LOG_LEVEL);
  const store = memoryGatewayStore();
  const found = 'problem' in log ? log.problem : await ready(values, store);
  if ('problem' in log || typeof found === 'string') {
    console.error(found);
    return 2;
  }
  const { configuration, demo } = found;
  const { settings } = configuration;
  const [host, port] = [textOf(values.host), textOf(values.port)];
  try {
    const lacking = storeProblem(settings, process.versions.node);
    if (lacking !== undefined) throw new CannotStart(lacking);
    const place = { host, port: port === undefined ? undefined : Number(port) };
    const gateway = await startGateway({ settings, configuration, store, log, ...place });
    announce(gateway, settings, log, process.stdout.isTTY === true);
    const letGo = keepCurrent(configuration, log);
    await untilStopped(gateway, values.grace === undefined ? GRACE : Number(values.grace) * 1_000, log);
    letGo();
    return 0;
  } catch (error) {
    console.error(startProblem(error, host, port));
    return 1;
  } finally {
    await demo?.close();
  }
}
