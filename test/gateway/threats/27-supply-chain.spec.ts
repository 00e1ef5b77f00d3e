// Threat T27: what is published is what stands here, and installing it runs nobody's code. The same package twice from the same source,
// and an installation without scripts: .ci/run.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
const json = <Shape>(path: string) => JSON.parse(read(path)) as Shape;

interface Package {
  readonly version?: string;
  readonly integrity?: string;
  readonly hasInstallScript?: boolean;
}

const own = json<Record<string, Record<string, string> & { types?: string }> & { files: string[] }>('package.json');
const { packages } = json<{ packages: Record<string, Package> }>('package-lock.json');

describe('T27: the package', () => {
  it('needs two packages beside the SDK, and brings the gateway’s inside', () => {
    expect(Object.keys(own.dependencies ?? {})).toEqual(['opossum', 'zod']);
    expect(Object.keys(own.peerDependencies ?? {})).toEqual(['@opentelemetry/api', 'openai', 'undici']);
    expect(Object.keys(own.peerDependenciesMeta ?? {})).toEqual(['@opentelemetry/api', 'undici']);
    expect(own.files).toEqual(['dist']);
  });

  it('runs nothing when it is installed', () => {
    const names = Object.keys(own.scripts ?? {});
    const lifecycle =
      /^(pre|post)?(install|prepare|prepublish|prepublishOnly|prepack|uninstall|version|dependencies)$|^(pre|post)pack$/;
    expect(names.filter((name) => lifecycle.test(name))).toEqual([]);
    const scripted = Object.entries(packages).filter(([, { hasInstallScript }]) => hasInstallScript);
    // The Node that tests run on; its script is named where scripts are allowed, and no other may run.
    expect(scripted.map(([name]) => name)).toEqual(['node_modules/node']);
    expect(own.allowScripts).toEqual({ node: true });
    expect(read('.ci/run')).toContain('npm ci --strict-allow-scripts');
  });

  it.each(['package-lock.json', 'test/ecosystem/package-lock.json', 'test/bench/peers/package-lock.json'])(
    'is made with exact versions and their hashes: %s',
    (path) => {
      const rows = Object.entries(json<{ packages: Record<string, Package> }>(path).packages).filter(
        ([name]) => name !== '',
      );
      expect(rows.length).toBeGreaterThan(3);
      const odd = rows.filter(
        ([, { integrity, version }]) => !/^sha512-/.test(integrity ?? '') || !/^\d/.test(version ?? ''),
      );
      expect(odd.map(([name]) => name)).toEqual([]);
    },
  );

  it('names the tools that are bundled by exact versions', () => {
    const loose = Object.entries(own.devDependencies ?? {}).filter(
      ([, version]) => !/^(npm:[\w@/-]+@)?\d+\.\d+\.\d+$/.test(version),
    );
    expect(loose.map(([name]) => name)).toEqual(['@types/node']);
  });

  it('is built and packed twice, alike', () => {
    expect(read('.ci/run')).toMatch(/start 'the same package again'|check 'the same package again'/);
  });
});
