// The behaviour matrix on the newest openai 6.
import { afterAll } from 'vitest';
import { CUT_STREAM } from './behaviours/helpers.ts';
import { poolSizesOf, sdkBehaviours } from './sdk-behaviours.ts';
import { FORMATS, loadInstallation, removeInstallations } from './support/installations.ts';

afterAll(removeInstallations);

for (const format of FORMATS) {
  const { label, sdk, library } = await loadInstallation('openai-6', format);
  for (const poolSize of poolSizesOf(format)) {
    sdkBehaviours({ label, sdk, library, poolSize, lacking: [CUT_STREAM] });
  }
}
