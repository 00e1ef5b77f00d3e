// What is published: each way in has its types wherever they are looked for, and is tried with the packed package.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const { name, exports, typesVersions } = JSON.parse(read('package.json')) as {
  name: string;
  exports: Record<string, unknown>;
  typesVersions: { '*': Record<string, string[]> };
};
const entries = Object.keys(exports).filter((entry) => entry !== './package.json');

describe('the entry', () => {
  it.each(entries)('%s is imported, required and compiled by what tries the package', (entry) => {
    const path = `'${join(name, entry)}'`;
    for (const file of ['smoke.mjs', 'smoke.cjs', 'consumer.ts']) expect(read(`test/package/${file}`)).toContain(path);
  });

  it.each(entries.filter((entry) => entry !== '.'))('%s has types for resolvers that do not read exports', (entry) => {
    const folder = entry.slice(2);
    expect(exports[entry]).toEqual({
      import: { types: `./dist/${folder}/index.d.mts`, default: `./dist/${folder}/index.mjs` },
      require: { types: `./dist/${folder}/index.d.cts`, default: `./dist/${folder}/index.cjs` },
    });
    expect(typesVersions['*'][folder]).toEqual([`./dist/${folder}/index.d.cts`]);
  });
});
