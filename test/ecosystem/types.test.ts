// These tests as a strict project of a user: everything here compiles against the types of the packed package.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

test('the libraries take the client, by its types', async () => {
  const tsc = join(import.meta.dirname, '../../node_modules/typescript/bin/tsc');
  const said = await promisify(execFile)(process.execPath, [tsc, '-p', import.meta.dirname]).catch((error) => error);
  if (said.stdout !== '') throw new Error(said.stdout);
});
