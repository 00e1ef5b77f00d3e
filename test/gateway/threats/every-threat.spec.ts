// Each threat of the security table has its test, named by its number. Where they are:
//   T1 T2 here 01, library test/invariants/secrets-*      T3–T6 here 03-06, library test/invariants/{redirects,origins,key-isolation}
//   T7 T24 T26 test/gateway/admin                          T8 here 08          T9–T11 here 09-11 and 11, at rest test/gateway/store
//   T12 test/gateway/admin                                 T13 test/dashboard  T14 here 14     T15 T16 here 15-16
//   T17 here 17      T18 here 18      T19 here 19          T20–T23 here 20-23, library test/invariants/{tenants,linear-time}
//   T25 T28 T29 here 25-29            T27 here 27, and .ci/run
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const all = globSync('{gateway,invariants,dashboard}/**/*.spec.ts', { cwd: root })
  .map((file) => readFileSync(`${root}/${file}`, 'utf8'))
  .join('\n');

it.each(Array.from({ length: 29 }, (_, index) => index + 1))('T%i has a test', (number) => {
  // The dashboard is looked at as a whole; a name with a tag in it is one of the things that are shown.
  if (number === 13) expect(all).toMatch(/<img[^']*onerror/);
  else expect(all).toMatch(new RegExp(`(it|describe)(\\.each\\([^]*?\\))?\\((\\s*)['"\`][^'"\`]*\\bT${number}\\b`));
});
