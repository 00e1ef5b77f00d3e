// What runs against each mutant: the tests of the folders that are mutated, which need neither long times nor many sockets.
import { mergeConfig } from 'vitest/config';
import config from './vitest.ts';

const include = ['call', 'dispatch', 'endpoint', 'affinity', 'pool'].map((folder) => `test/${folder}/**/*.spec.ts`);

export default { ...mergeConfig(config, {}), test: { ...config.test, include } };
