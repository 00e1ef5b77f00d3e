// What runs against each mutant: the tests of the folders that are mutated, which need neither long times nor many sockets.
import config from './vitest.ts';

const include = ['call', 'dispatch', 'endpoint', 'affinity', 'pool'].map((folder) => `test/${folder}/**/*.spec.ts`);
const { projects: _, ...test } = config.test ?? {};

// A mutant that makes a test wait for ever is to fail soon.
export default { ...config, test: { ...test, include, testTimeout: 5_000 } };
