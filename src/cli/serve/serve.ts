/** `serve`: the gateway as a process. Reads options and configuration, starts it, and ends it as the signals say. */
import { type Gateway, GRACE, startGateway } from '../../gateway/gateway.ts';
import type { GatewayLog } from '../../gateway/http/log.ts';
import { CannotStart } from '../../gateway/running/start-checks.ts';
import { StoreFailure } from '../../gateway/store/gateway-store.ts';
import { type OptionTable, optionHelp, readOptions } from '../read-options.ts';
import { announce } from './announce.ts';
import { consoleLog } from './console-log.ts';
import { keepCurrent } from './keep-current.ts';
import { type Prepared, prepare } from './prepare.ts';
import { registeredTelemetry } from './telemetry.ts';
import { boundYoungSpace } from './young-space.ts';

const OPTIONS = {
  config: {
    type: 'string',
    short: 'c',
    value: 'FILE',
    does: 'the configuration file (default: load-balanced-openai.* of this folder)',
  },
  port: { type: 'string', short: 'p', value: 'N', does: 'the port to listen on, 0 for a free one (default 8000)' },
  host: {
    type: 'string',
    value: 'ADDRESS',
    does: 'the address to listen on (default 127.0.0.1; others need client keys)',
  },
  store: {
    type: 'string',
    value: 'FILE',
    does: 'file or redis://… of keys, usage, calls (default: load-balanced-openai.db)',
  },
  grace: { type: 'string', value: 'SECONDS', does: 'what running calls get to end after SIGTERM (default 25)' },
  notice: {
    type: 'string',
    value: 'SECONDS',
    does: 'before these: calls are taken, and /health/ready says 503 (default 0.5)',
  },
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
  '  load-balanced-openai serve --store /var/lib/gateway/gateway.db',
  '  load-balanced-openai serve --store redis://redis:6379',
  '  load-balanced-openai serve --demo',
].join('\n');

/** How long balancers have to see that it is not ready any more, in ms. Short, since those that do not look wait for nothing. */
const NOTICE = 500;
const PORT = /^\d{1,5}$/;
const SECONDS = /^\d{1,4}(\.\d+)?$/;

type Values = Readonly<Record<string, string | boolean | undefined>>;
const textOf = (value: string | boolean | undefined) => (typeof value === 'string' ? value : undefined);

/** What is wrong with the options' values. */
function wrongValue({ port, grace, notice, demo, config, store }: Values): string | undefined {
  if (port !== undefined && (!PORT.test(String(port)) || Number(port) > 65_535))
    return '--port is a number from 0 to 65535.';
  if (grace !== undefined && !SECONDS.test(String(grace))) return '--grace is a number of seconds.';
  if (notice !== undefined && !SECONDS.test(String(notice))) return '--notice is a number of seconds.';
  if (demo && store !== undefined) return '--demo keeps nothing; leave --store out.';
  return demo && config !== undefined ? '--demo brings a configuration of its own; leave --config out.' : undefined;
}

/** In ms: what running calls get to end, and what others get to see it go. */
interface Times {
  readonly grace: number;
  readonly notice: number;
}

/** Resolves when a signal has ended the gateway. A second signal ends it at once. */
function untilStopped(gateway: Gateway, { grace, notice }: Times, log: GatewayLog): Promise<void> {
  return new Promise((resolve) => {
    let asked = false;
    const end = (signal: NodeJS.Signals) => {
      if (asked) process.exit(signal === 'SIGINT' ? 130 : 143);
      asked = true;
      log.info('stopping', { signal, graceSeconds: grace / 1_000 });
      // Who ends it by hand waits for it.
      void gateway.stop(grace, signal === 'SIGINT' ? 0 : notice).then(() => {
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

/** What is served, or why nothing is. */
async function prepared({ demo, config, store, 'or-demo': orDemo }: Values): Promise<Prepared | string | StoreFailure> {
  try {
    return await prepare({
      demo: demo === true,
      orDemo: orDemo === true,
      config: textOf(config),
      store: textOf(store),
    });
  } catch (error) {
    if (error instanceof StoreFailure) return error;
    throw error;
  }
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
  const found = 'problem' in log ? log.problem : await prepared(values);
  if ('problem' in log || typeof found === 'string') {
    console.error(found);
    return 2;
  }
  if (found instanceof StoreFailure) {
    console.error(found.message);
    return 1;
  }
  const { configuration, demo, store, warning, rekeyed } = found;
  const { settings } = configuration;
  const [host, port] = [textOf(values.host), textOf(values.port)];
  try {
    boundYoungSpace();
    const place = { host, port: port === undefined ? undefined : Number(port) };
    const telemetry = await registeredTelemetry(log);
    const gateway = await startGateway({ settings, configuration, store, log, telemetry, ...place });
    if (store.keys.known === false && store.state.is === 'degraded')
      log.error('Started without its store, which is tried again until it answers.', { reason: store.state.reason });
    announce(gateway, settings, log, values);
    if (rekeyed)
      log.info('The store has the key of LBO_ENCRYPTION_KEY now; LBO_ENCRYPTION_KEY_PREVIOUS is of no use any more.');
    if (warning !== undefined)
      log.warn(`Keys, usage and calls are kept in memory and end with this process: ${warning}`);
    const letGo = keepCurrent(configuration, log);
    const ms = (seconds: string | boolean | undefined, otherwise: number) =>
      seconds === undefined ? otherwise : Number(seconds) * 1_000;
    await untilStopped(gateway, { grace: ms(values.grace, GRACE), notice: ms(values.notice, NOTICE) }, log);
    letGo();
    return 0;
  } catch (error) {
    console.error(startProblem(error, host, port));
    return 1;
  } finally {
    await store.close();
    await demo?.close();
  }
}
