// examples/monitoring: every metric, label and value that the dashboard and the rules ask for is one that a real client or a real
// gateway shows. Who renames one is told here.
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { prometheus } from '../../src/prometheus/index.ts';
import { faultServer } from '../../src/testing/index.ts';
import { spans, table } from '../readme/document.ts';
import { chat, chatStream, read } from '../support/calls.ts';
import { type MetricFamily, readMetrics } from '../support/exposition.ts';
import { chat as chatBody, endpointOf, gatewayWith } from '../support/gateway.ts';
import { type Use, usesIn } from '../support/promql.ts';
import { openStage } from '../support/stage.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FOLDER = join(ROOT, 'examples/monitoring');
const text = (name: string) => readFileSync(join(FOLDER, name), 'utf8');
const P = 'load_balanced_openai_';

interface Rule {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels?: Record<string, string>;
  readonly annotations?: Record<string, string>;
}
interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly datasource?: { type: string; uid: string };
  readonly gridPos: { x: number; y: number; w: number; h: number };
  readonly targets?: readonly { expr: string; legendFormat: string; datasource: { uid: string } }[];
}

const { groups } = parse(text('alerts.yml')) as { groups: { name: string; rules: Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);
const dashboard = JSON.parse(text('grafana-dashboard.json')) as {
  uid: string;
  templating: { list: { name: string; type: string; query: string | { query: string }; allValue?: string }[] };
  panels: Panel[];
};
const charts = dashboard.panels.filter(({ type }) => type !== 'row');
const variables = dashboard.templating.list.map(({ name }) => name);
const expressions = [
  ...rules.map(({ alert, record, expr }) => [`rule ${alert ?? record}`, expr] as const),
  ...charts.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => [`panel ${title}`, expr] as const)),
];

/** What a scraper adds to every series. */
const ADDED = ['job', 'instance'];
const OVER_TIME = ['rate', 'irate', 'increase'];

/** What clients and gateways show, all together. */
let shown: Map<string, { family: MetricFamily; labels: Set<string>; values: Map<string, Set<string>> }>;
let pages: { client: Map<string, MetricFamily>; gateway: Map<string, MetricFamily> };

/** A client that meets all that there is to count. */
async function clientPage(): Promise<string> {
  const limited = { status: 429, headers: { 'retry-after-ms': '60000' } } as const;
  await using stage = await openStage(
    {
      a: { script: { repeat: [500] }, limits: { requestsPerMinute: 100 }, models: ['gpt-5'] },
      b: { script: [limited], models: ['gpt-5', 'gpt-6'] },
      c: { script: [], limits: { requestsPerMinute: 1_000 }, models: ['gpt-5'] },
    },
    { maxRetries: 0, breaker: { consecutiveFailures: 1 }, fallbacks: { 'gpt-none': ['gpt-5'] } },
  );
  const metrics = prometheus(stage.client, { pool: 'main' });
  for (let call = 0; call < 3; call++) await chat(stage.client);
  await read(await chatStream(stage.client));
  await chat(stage.client, { model: 'gpt-none' });
  await chat(stage.client, { model: 'gpt-6' }).catch(() => undefined);
  // Nobody is known to have it: all are asked.
  await stage.client.responses.retrieve('resp_unknown').catch(() => undefined);
  return metrics.text();
}

/** A gateway that does. */
async function gatewayPage(): Promise<string> {
  await using a = await faultServer({ name: 'a', script: { repeat: [500] } });
  await using b = await faultServer({ name: 'b', script: [429] });
  await using c = await faultServer({ name: 'c' });
  await using gateway = await gatewayWith({
    maxRetries: 0,
    strategy: 'priority',
    breaker: { consecutiveFailures: 1 },
    endpoints: [endpointOf(a), endpointOf(b), endpointOf(c, { limits: { requestsPerMinute: 100 } })],
    groups: {
      fast: {
        strategy: 'priority',
        endpoints: ['a', 'b', 'c'].map((endpoint) => ({ endpoint, model: 'gpt-5' })),
      },
    },
    clientKeys: [{ name: 'app', key: 'ck-1' }],
  });
  const ask = async (key: string, more = {}) => {
    const init = chatBody('fast', more);
    const headers = { ...init.headers, authorization: `Bearer ${key}` };
    await (await gateway.get('/v1/chat/completions', { ...init, headers })).text();
  };
  for (let call = 0; call < 3; call++) await ask('ck-1');
  await ask('ck-1', { stream: true });
  await ask('wrong');
  return (await gateway.get('/metrics', { headers: { authorization: 'Bearer ck-1' } })).text();
}

beforeAll(async () => {
  const [client, gateway] = [readMetrics(await clientPage()), readMetrics(await gatewayPage())];
  pages = { client, gateway };
  shown = new Map();
  for (const family of [...client.values(), ...gateway.values()]) {
    const known = shown.get(family.name) ?? { family, labels: new Set<string>(), values: new Map() };
    expect([family.name, family.type]).toEqual([family.name, known.family.type]);
    for (const { labels } of family.samples)
      for (const [label, value] of Object.entries(labels)) {
        known.labels.add(label);
        known.values.set(label, (known.values.get(label) ?? new Set()).add(value));
      }
    shown.set(family.name, known);
  }
});

const recorded = () => new Map(rules.flatMap((rule) => (rule.record ? [[rule.record, rule] as const] : [])));

/** A rule's result has the labels by which it is grouped. */
const labelsOf = (expr: string) => new Set(usesIn(expr).flatMap(({ grouped }) => grouped));

/** The family of a name, a part of a histogram included. */
function familyOf(metric: string) {
  const found = shown.get(metric);
  if (found) return found.family.type === 'histogram' ? undefined : found;
  const histogram = shown.get(metric.replace(/_(bucket|sum|count)$/, ''));
  return histogram?.family.type === 'histogram' ? histogram : undefined;
}

const VERDICTS = new Set(
  [...readFileSync(join(ROOT, 'src/call/outcome.ts'), 'utf8').matchAll(/^ {2}\| '([a-z-]+)'$/gm)].map(
    ([, name]) => name,
  ),
);

/** What a label may be, where that is a short list. */
function mayBe(label: string, metric: string): Set<string | undefined> | undefined {
  if (label === 'verdict') return VERDICTS;
  if (label === 'outcome') return new Set([...VERDICTS, 'no-endpoint', '']);
  if (['kind', 'state', 'why'].includes(label)) return familyOf(metric)?.values.get(label);
  return undefined;
}

/** What is wrong with a use. */
function faults(
  { metric, matchers, range, earlier, inside, grouped }: Use,
  _?: number,
  all: readonly Use[] = [],
): string[] {
  const rule = recorded().get(metric);
  if (rule) {
    const labels = labelsOf(rule.expr);
    return [...matchers.map(({ label }) => label), ...grouped].filter((label) => !labels.has(label));
  }
  const known = familyOf(metric);
  if (!known) return [`no metric ${metric}`];
  const { type, samples } = known.family;
  const found: string[] = [];
  if (samples.length === 0) found.push(`${metric} was never counted here`);
  for (const label of [...matchers.map((each) => each.label), ...grouped])
    if (!known.labels.has(label) && !ADDED.includes(label)) found.push(`${metric} has no label ${label}`);
  for (const { label, operator, value } of matchers) {
    const values = mayBe(label, metric);
    const asked = operator.includes('~') ? value.split('|') : [value];
    if (values) for (const each of asked) if (!values.has(each)) found.push(`${metric}: ${label} is never ${each}`);
  }
  const counts = type !== 'gauge';
  const overTime = inside[0] !== undefined && OVER_TIME.includes(inside[0]);
  // A series that was not there before is told by comparing it with what there was.
  const compared = all.some((each) => each.metric === metric && each.earlier !== earlier && !each.range);
  if (counts !== overTime && !(counts && compared && !range))
    found.push(`${metric} is a ${type}, inside of ${inside[0] ?? 'nothing'}`);
  if (range !== /^(rate|irate|increase|delta|\w+_over_time)$/.test(inside[0] ?? '')) found.push(`${metric}: the range`);
  if (metric.endsWith('_bucket') !== inside.includes('histogram_quantile')) found.push(`${metric}: no quantile`);
  if (metric.endsWith('_bucket') && !grouped.includes('le')) found.push(`${metric}: not grouped by le`);
  return found;
}

describe('examples/monitoring', () => {
  it.each(expressions)('%s asks for what there is', (_, expr) => {
    const uses = usesIn(expr);
    expect(uses.length).toBeGreaterThan(0);
    expect([expr, uses.flatMap(faults)]).toEqual([expr, []]);
  });

  it('every metric is in the dashboard, but for those that say the same as others', () => {
    const used = new Set(
      expressions.flatMap(([, expr]) => usesIn(expr)).map(({ metric }) => metric.replace(/_bucket$/, '')),
    );
    const unused = [...shown.keys()].filter((name) => !used.has(name)).map((name) => name.slice(P.length));
    expect(unused.sort()).toEqual([
      'endpoint_failures_total',
      'endpoint_successes_total',
      'pool_info',
      'store_failures_total',
    ]);
  });

  it('the rules say what happened, in labels that they have, and what it means', () => {
    for (const { alert, record, expr, annotations = {}, labels = {} } of rules) {
      if (record) continue;
      expect(alert).toMatch(/^LoadBalancedOpenAI[A-Z]\w+$/);
      expect(['info', 'warning', 'critical']).toContain(labels.severity);
      expect(Object.keys(annotations)).toEqual(['summary', 'description']);
      const all = usesIn(expr);
      const has = new Set(
        all.flatMap(({ metric, grouped, inside }) => {
          const rule = recorded().get(metric);
          if (rule) return [...labelsOf(rule.expr)];
          const aggregated = inside.some((name) => ['sum', 'min', 'max'].includes(name));
          return aggregated ? grouped : [...(familyOf(metric)?.labels ?? []), ...ADDED];
        }),
      );
      for (const [, label] of Object.values(annotations)
        .join(' ')
        .matchAll(/\$labels\.(\w+)/g))
        expect([alert, label, has.has(label as string)]).toEqual([alert, label, true]);
    }
    expect(new Set(rules.map(({ alert, record }) => alert ?? record)).size).toBe(rules.length);
  });

  it('the dashboard can be imported: one data source to choose, no panel on another', () => {
    expect(dashboard.templating.list[0]).toMatchObject({ name: 'datasource', type: 'datasource', query: 'prometheus' });
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
    for (const { title, datasource, targets = [] } of charts) {
      expect([title, datasource?.uid]).toEqual([title, '${datasource}']);
      expect(targets.length).toBeGreaterThan(0);
      for (const target of targets) expect(target.datasource.uid).toBe('${datasource}');
    }
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) => {
      expect(x + w).toBeLessThanOrEqual(24);
      return Array.from({ length: w * h }, (_, index) => `${x + (index % w)} ${y + Math.floor(index / w)}`);
    });
    expect(new Set(cells).size).toBe(cells.length);
    expect(dashboard.panels.filter(({ type }) => type === 'row').map(({ title }) => title)).toEqual([
      'Calls',
      'Endpoints',
      'Tokens and cost',
      'Store and gateway',
    ]);
  });

  it('its variables and legends are of the metrics', () => {
    for (const [, expr] of expressions)
      for (const [, name = ''] of expr.matchAll(/\$(?!__)\{?(\w+)/g)) expect(variables).toContain(name);
    for (const { query, type, allValue } of dashboard.templating.list) {
      if (type !== 'query') continue;
      const [, metric = '', label = ''] =
        /^label_values\((\w+), ?(\w+)\)$/.exec((query as { query: string }).query) ?? [];
      expect(shown.has(metric)).toBe(true);
      expect(ADDED.includes(label) || shown.get(metric)?.labels.has(label)).toBe(true);
      // What has no such label is shown as well.
      expect(allValue).toBe('.*');
    }
    for (const { targets = [] } of charts)
      for (const { expr, legendFormat } of targets)
        for (const [, label = ''] of legendFormat.matchAll(/\{\{(\w+)\}\}/g))
          expect([legendFormat, [...labelsOf(expr)].includes(label)]).toEqual([legendFormat, true]);
  });

  it('the scrape config loads the rules and leads to the gateway', () => {
    const config = parse(text('prometheus.yml')) as {
      rule_files: string[];
      scrape_configs: { metrics_path: string }[];
    };
    expect(config.rule_files).toEqual(['alerts.yml']);
    for (const { metrics_path } of config.scrape_configs) expect(metrics_path).toBe('/metrics');
  });

  it('clients and gateways say the same facts under the same names', () => {
    const names = (page: ReadonlyMap<string, MetricFamily>) => [...page.keys()].map((name) => name.slice(P.length));
    const [client, gateway] = [names(pages.client), names(pages.gateway)];
    expect(client.filter((name) => !gateway.includes(name))).toEqual([]);
    expect(gateway.filter((name) => !client.includes(name))).toEqual([
      'calls_running',
      'failed_calls_total',
      'refused_total',
    ]);
    for (const [name, { type, unit }] of pages.client)
      expect(pages.gateway.get(name)).toMatchObject({ type, ...(unit && { unit }) });
  });

  it('the README lists them all, with their labels', () => {
    const listed = table('Prometheus and Grafana').flatMap(([names = '', labels = '']) =>
      spans(names).map((name) => [name, spans(labels)] as const),
    );
    expect(listed.map(([name]) => P + name).sort()).toEqual([...shown.keys()].sort());
    for (const [name, labels] of listed) {
      const { labels: real } = shown.get(P + name) as { labels: Set<string> };
      for (const label of real)
        if (!['pool', 'le'].includes(label)) expect([name, labels]).toEqual([name, expect.arrayContaining([label])]);
    }
  });

  const tool = promisify(execFile);
  it('Prometheus itself takes them', async (context) => {
    const has = await tool('promtool', ['--version']).then(
      () => true,
      () => false,
    );
    if (!has) context.skip('promtool is not installed');
    await tool('promtool', ['check', 'rules', join(FOLDER, 'alerts.yml')]);
    await tool('promtool', ['test', 'rules', join(ROOT, 'test/prometheus/alerts.test.yml')]);
    await tool('promtool', ['check', 'config', join(FOLDER, 'prometheus.yml')]);
    const folder = mkdtempSync(join(tmpdir(), 'metrics-'));
    try {
      for (const make of [clientPage, gatewayPage]) {
        const file = join(folder, 'page');
        writeFileSync(file, await make());
        // It reads from stdin only, and says there what is no good practice.
        await tool('sh', ['-c', `promtool check metrics < '${file}'`]);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('the reader of expressions', () => {
  it.each<[string, string[]]>([
    ['sum by (a) (rate(x_total{b=~"c|d"}[5m])) / -sum(y)', ['x_total', 'y']],
    ['sum(x unless x offset 10m)', ['x', 'x']],
    ['max_over_time(x[1h30m]) > bool 3 and on (a) y unless z', ['x', 'y', 'z']],
    ['histogram_quantile(0.5, sum(rate(x_bucket[$__rate_interval])) by (le)) * $price', ['x_bucket']],
  ])('reads %s', (expr, metrics) => expect(usesIn(expr).map(({ metric }) => metric)).toEqual(metrics));

  it.each(['sum(', 'rate(x[5m]', 'x{a="b"', 'x y', 'x{a=b}', 'x[5]', 'x &', ''])('refuses %j', (expr) => {
    expect(() => usesIn(expr)).toThrow();
  });

  it('knows what is wrong with a use', () => {
    const wrong = (expr: string) => usesIn(expr).flatMap(faults);
    expect(wrong(`sum(rate(${P}calls_totals[5m]))`)).toEqual([`no metric ${P}calls_totals`]);
    expect(wrong(`sum(${P}calls_total)`)).toEqual([expect.stringMatching(/is a counter, inside of sum/)]);
    expect(wrong(`rate(${P}calls_waiting[5m])`)).toEqual([expect.stringMatching(/is a gauge, inside of rate/)]);
    expect(wrong(`sum by (who) (rate(${P}calls_total[5m]))`)).toEqual([`${P}calls_total has no label who`]);
    expect(wrong(`rate(${P}attempts_total{verdict="limited"}[5m])`)).toEqual([
      `${P}attempts_total: verdict is never limited`,
    ]);
    expect(wrong(`histogram_quantile(0.5, rate(${P}call_duration_seconds_bucket[5m]))`)).toEqual([
      `${P}call_duration_seconds_bucket: not grouped by le`,
    ]);
  });
});
