// The behaviour matrix on the newest openai 7.
import { afterAll } from 'vitest';
import { poolSizesOf, sdkBehaviours } from './sdk-behaviours.ts';
import { FORMATS, loadInstallation, removeInstallations } from './support/installations.ts';

afterAll(removeInstallations);

for (const format of FORMATS) {
  const { label, sdk, library } = await loadInstallation('openai', format);
  for (const poolSize of poolSizesOf(format)) sdkBehaviours({ label, sdk, library, poolSize });
}
