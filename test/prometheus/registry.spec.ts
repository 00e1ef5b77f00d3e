// In a registry of the user's own: real prom-client, beside other metrics, for several clients, and out of it again.
import promClient, { AggregatorRegistry, Counter, Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { ConfigurationError, LoadBalancedOpenAI } from '../../src/index.ts';
import { prometheus } from '../../src/prometheus/index.ts';
import { manualClock } from '../../src/testing/index.ts';
import { chat, chatStream, read } from '../support/calls.ts';
import { readMetrics } from '../support/exposition.ts';
import { openStage } from '../support/stage.ts';

const P = 'load_balanced_openai_';

/** What a page says, family by family, whatever the order of its lines. */
const facts = (text: string) =>
  [...readMetrics(text.replaceAll(/\n\n/g, '\n')).values()]
    .map(({ name, type, samples }) => ({ name, type, samples: samples.map((each) => JSON.stringify(each)).sort() }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));

describe('a registry of prom-client', () => {
  it('says what the own text says', async () => {
    await using stage = await openStage({ a: [500, 429], b: [] }, { clock: manualClock() });
    const register = new Registry();
    const metrics = prometheus(stage.client, { register });
    for (let call = 0; call < 3; call++) await chat(stage.client);
    await read(await chatStream(stage.client));
    expect(facts(await register.metrics())).toEqual(facts(metrics.text()));
    expect(await register.getSingleMetricAsString(`${P}failovers_total`)).toContain(
      'failovers_total{pool="default"} 2',
    );
    metrics.close();
  });

  it('says it in OpenMetrics as well, and again in text', async () => {
    await using stage = await openStage({ a: [500], b: [] });
    const register = new Registry<typeof Registry.OPENMETRICS_CONTENT_TYPE>();
    const metrics = prometheus(stage.client, { register });
    await chat(stage.client);
    register.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
    for (let scrape = 0; scrape < 2; scrape++) {
      const text = await register.metrics();
      expect(text).toContain(`\n${P}failovers_total{pool="default"} 1\n`);
      expect(text).toContain(`# TYPE ${P}failovers counter\n`);
      expect(text.endsWith('# EOF\n')).toBe(true);
    }
    metrics.close();
    expect(register.getMetricsAsArray()).toEqual([]);
  });

  it('holds them beside the application’s own, with its default labels, and lets them go', async () => {
    await using stage = await openStage({ a: [] });
    const register = new Registry();
    register.setDefaultLabels({ app: 'x' });
    const own = new Counter({ name: 'own_total', help: 'Own.', registers: [register] });
    own.inc();
    const metrics = prometheus(stage.client, { register });
    await chat(stage.client);
    const text = await register.metrics();
    expect(text).toContain('own_total{app="x"} 1\n');
    expect(text).toContain(`${P}calls_total{pool="default",operation="chat",model="gpt-5",outcome="ok",app="x"} 1\n`);
    register.resetMetrics();
    expect(readMetrics(metrics.text()).get(`${P}attempts_total`)?.samples).toEqual([]);
    metrics.close();
    expect(register.getMetricsAsArray().map(({ name }) => name)).toEqual(['own_total']);
    await chat(stage.client);
  });

  it('takes several clients, at once or one after the other; the last to leave takes the metrics along', async () => {
    await using one = await openStage({ a: [] });
    await using two = await openStage({ a: [500], c: [] });
    await using three = await openStage({ a: [] });
    const register = new Registry();
    const both = prometheus({ chat: one.client, batch: two.client }, { register });
    const third = prometheus(three.client, { register, pool: 'third' });
    for (const { client } of [one, two, three, three]) await chat(client);
    const calls = async () =>
      (readMetrics((await register.metrics()).replaceAll('\n\n', '\n')).get(`${P}calls_total`)?.samples ?? []).map(
        ({ labels, value }) => [labels.pool, value],
      );
    expect(await calls()).toEqual([
      ['chat', 1],
      ['batch', 1],
      ['third', 2],
    ]);
    both.close();
    expect(await calls()).toEqual([['third', 2]]);
    // Its name is free again.
    const again = prometheus(one.client, { register, pool: 'chat' });
    expect(await calls()).toEqual([['third', 2]]);
    third.close();
    again.close();
    expect(register.getMetricsAsArray()).toEqual([]);
  });

  it('adds up over workers as each metric means it', async () => {
    await using stage = await openStage({ a: 500, b: [] }, { breaker: { consecutiveFailures: 1 } });
    const pages = [];
    for (let worker = 0; worker < 2; worker++) {
      const register = new Registry();
      const metrics = prometheus(stage.client, { register });
      await chat(stage.client);
      // Over IPC it goes as JSON.
      pages.push(JSON.parse(JSON.stringify(await register.getMetricsAsJSON())) as object[]);
      metrics.close();
    }
    const together = await AggregatorRegistry.aggregate(pages).metrics();
    expect(together).toContain(`${P}calls_total{pool="default",operation="chat",model="gpt-5",outcome="ok"} 2\n`);
    expect(together).toContain(`${P}call_duration_seconds_count{pool="default",operation="chat"} 2\n`);
    expect(together).toContain(`${P}endpoint_eligible{pool="default",endpoint="a"} 0\n`);
    expect(together).toContain(`${P}pool_info{pool="default",strategy="priority(round-robin)"} 1\n`);
  });
});

it('counts a call once, be it through a client, its clones or both', async () => {
  await using stage = await openStage({ a: [] });
  const { client } = stage;
  const clone = client.withOptions({ timeout: 5_000 });
  const register = new Registry();
  const metrics = prometheus({ main: client, clone, pinned: client.balancer.pin('a') }, { register });
  const later = prometheus(clone, { register, pool: 'later' });
  await chat(client);
  await chat(clone);
  const calls = (text: string) => text.split('\n').filter((line) => line.startsWith(`${P}calls_total{`));
  const one = [expect.stringMatching(/pool="main".* 2$/)];
  expect(calls(await register.metrics())).toEqual(one);
  expect(calls(metrics.text())).toEqual(one);
  // Whoever is left stands for all.
  metrics.close();
  expect(calls(await register.metrics())).toEqual([expect.stringMatching(/pool="later".* 2$/)]);
  later.close();
});

describe('bad input is named', () => {
  const client = new LoadBalancedOpenAI([{ apiKey: 'x' }]);
  const register = new Registry();
  const loose = prometheus as (clients: unknown, options?: unknown) => { close(): void };

  it.each<[string, () => unknown, string, RegExp]>([
    [
      'no client',
      () => loose(undefined),
      'invalid_value',
      /first argument must be a LoadBalancedOpenAI.*got undefined/,
    ],
    ['no pool', () => loose({ apiKey: 'x' }), 'invalid_value', /without a balancer. A plain OpenAI has no pool/],
    ['none', () => loose({}), 'invalid_value', /first argument/],
    ['a list', () => loose([client]), 'invalid_value', /several as \{ name: client \}, got a list/],
    ['a registry', () => loose(client, register), 'invalid_value', /is a registry: write \{ register \}/],
    ['no options', () => loose(client, 5), 'invalid_value', /second argument must be options, got number/],
    [
      'an option',
      () => loose(client, { registry: register }),
      'unknown_option',
      /'registry'; known are register, pool, models/,
    ],
    [
      'no registry',
      () => loose(client, { register: {} }),
      'invalid_value',
      /register: must be a registry of prom-client, got object; it has/,
    ],
    [
      'the module',
      () => loose(client, { register: promClient }),
      'invalid_value',
      /write \{ register: promClient.register \}/,
    ],
    ['a pool', () => loose(client, { pool: '' }), 'invalid_value', /pool: must be a name, got an empty one/],
    ['pools', () => loose({ a: client }, { pool: 'b' }), 'conflicting_options', /names a single client/],
    ['models', () => loose(client, { models: -1 }), 'invalid_value', /models: must be a number of models or a list/],
  ])('%s', (_, make, code, message) => {
    expect(make).toThrow(ConfigurationError);
    expect(make).toThrow(expect.objectContaining({ code, message: expect.stringMatching(message) }));
  });

  it('a pool that is there already says what to do, and counts nothing', async () => {
    const metrics = prometheus(client, { register });
    const again = () => prometheus(client, { register });
    expect(again).toThrow(/has a pool 'default' already: name this one, .*pool: 'another name'.*, or close\(\)/);
    metrics.close();
    expect(register.getMetricsAsArray()).toEqual([]);
    again().close();
  });

  it('so does a metric of somebody else’s, and nothing of ours is left behind', () => {
    const taken = new Registry();
    new Counter({ name: `${P}attempts_total`, help: 'Not ours.', registers: [taken] });
    expect(() => prometheus(client, { register: taken })).toThrow(
      /a metric 'load_balanced_openai_attempts_total' that is not of this library: remove it, register.removeSingleMetric/,
    );
    expect(taken.getMetricsAsArray()).toHaveLength(1);
  });
});
