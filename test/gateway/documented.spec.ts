// The README's words on the gateway are true: its configuration loads, its tables have what there is.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { settingsOf } from '../../src/gateway/config/load.ts';
import { gatewayConfig } from '../../src/gateway/config/schema.ts';
import { blocks, section, spans, table } from '../readme/document.ts';

const ENV = { OPENAI_API_KEY: 'sk-1', AZURE_KEY: 'k2', SEARCH_KEY: 'k3', BATCH_KEY: 'k4' };

describe('the configuration in the README', () => {
  const yaml = blocks.find(({ language, code }) => language === 'yaml' && code.includes('yaml-language-server'));

  it('loads, and says what it is said to say', () => {
    const settings = settingsOf(parse(yaml?.code ?? ''), ENV, 'README');
    expect(settings.groups.map(({ name, members }) => [name, members.map(({ endpoint }) => endpoint)])).toEqual([
      // The third one has no key.
      ['gpt-5', ['openai', 'azure-eu']],
      ['gpt-5-mini', ['openai']],
    ]);
    expect(settings.warnings).toEqual(['Endpoint openrouter is skipped: its key is empty.']);
  });

  it('names every key of its own', () => {
    const keys = new Set(table('Gateway configuration').flatMap(([key = '']) => spans(key)));
    const own = Object.keys(gatewayConfig.shape).filter((name) =>
      ['endpoints', 'groups', 'clientKeys', 'adminKeys', 'store', 'admin', 'limits', 'log', 'prices'].includes(name),
    );
    expect([...keys].sort()).toEqual(own.sort());
  });

  it('has the limits that there are', () => {
    const { limits } = settingsOf(parse(yaml?.code ?? ''), ENV, 'README');
    expect(section('Gateway configuration')).toContain(`\`bodyBytes\` (${limits.bodyBytes / 2 ** 20} MiB`);
    expect(section('Gateway configuration')).toContain(`\`bodyBytesAtOnce\` (${limits.bodyBytesAtOnce / 2 ** 30} GiB`);
    expect(section('Gateway configuration')).toContain(`\`uploadBytes\` (${limits.uploadBytes / 2 ** 30} GiB`);
  });
});

it('names the pages that there are', () => {
  const source = readFileSync(new URL('../../src/gateway/figures/status-pages.ts', import.meta.url), 'utf8');
  const pages = [...source.matchAll(/^ {2}'(\/[\w/]+)': /gm)].map(([, path]) => path);
  expect(pages.length).toBeGreaterThan(4);
  expect(spans(section('What it tells'))).toEqual(expect.arrayContaining(pages));
});
