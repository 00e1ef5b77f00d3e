// The types of the packed package, as a strict project of a user has them: everything in this folder compiles against them.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

const here = import.meta.dirname;

test('the libraries take the client, by its types', async () => {
  const tsc = join(here, '../../node_modules/typescript/bin/tsc');
  const said = await promisify(execFile)(process.execPath, [tsc, '-p', here]).catch((error) => error);
  if (said.stdout !== '') throw new Error(said.stdout);
});

test('nothing public is any', () => {
  const files = globSync('node_modules/load-balanced-openai/dist/**/*.d.{mts,cts}', { cwd: here });
  assert.ok(files.length >= 4);
  for (const file of files) {
    const code = readFileSync(join(here, file), 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
    assert.deepEqual(code.match(/.*\bany\b.*/g), null, file);
  }
});
