/** What `serve` says when it listens: for people on a terminal where everything is, for everything else one line of the log. */
import { basename } from 'node:path';
import type { GatewaySettings } from '../../gateway/config/settings.ts';
import type { Gateway } from '../../gateway/gateway.ts';
import type { GatewayLog } from '../../gateway/http/log.ts';
import { counted } from '../columns.ts';

type Options = Readonly<Record<string, string | boolean | undefined>>;

const placeOf = ({ place }: Gateway['store']) => (place.includes('://') ? place : basename(place));

/** How one gets a client key for this store; one in memory is reached by the dashboard only. */
function howToMake({ place }: Gateway['store'], { config, store }: Options): string {
  if (place === 'memory') return 'the dashboard makes some';
  const where = [
    ...(store === undefined ? [] : ['--store', store]),
    ...(config === undefined ? [] : ['--config', config]),
  ];
  return `make one by\n${' '.repeat(14)}npx load-balanced-openai keys create NAME ${where.join(' ')}`.trimEnd();
}

/** Says that it listens. @param values the options it was started with. */
export function announce({ url, store }: Gateway, settings: GatewaySettings, log: GatewayLog, values: Options): void {
  const { source, endpoints, groups, clientKeys, warnings } = settings;
  const keys = clientKeys.length + store.keys.list().length;
  const facts = { endpoints: endpoints.length, groups: groups.length, clientKeys: keys, store: placeOf(store) };
  if (process.stdout.isTTY === true) {
    const names = groups
      .map(({ name }) => name)
      .slice(0, 8)
      .join(', ');
    const lines = [
      ['OpenAI API', `${url}/v1`],
      ['dashboard', `${url}/dashboard`],
      ['health', `${url}/health`],
      ['figures', `${url}/stats and ${url}/metrics`],
      ['endpoints', endpoints.map(({ name }) => name).join(', ')],
      ...(names === '' ? [] : [['models', names]]),
      [
        'keys',
        keys === 0 ? `none: any key passes on this machine; ${howToMake(store, values)}` : counted(keys, 'client key'),
      ],
      ['from', basename(source)],
      ['store', placeOf(store)],
    ];
    process.stdout.write(`\n${lines.map(([name, text]) => `  ${(name as string).padEnd(11)} ${text}`).join('\n')}\n\n`);
  } else
    log.info('listening', {
      ...{ url, openai: `${url}/v1`, dashboard: `${url}/dashboard`, health: `${url}/health` },
      ...{ source: basename(source), ...facts },
    });
  for (const warning of warnings) log.warn(warning);
}
