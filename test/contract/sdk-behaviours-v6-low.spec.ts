// The behaviour matrix on the lowest openai 6 the package takes.
import { afterAll } from 'vitest';
import { CUT_STREAM, STREAMED_OUTPUT_TEXT } from './behaviours/helpers.ts';
import { poolSizesOf, sdkBehaviours } from './sdk-behaviours.ts';
import { FORMATS, loadInstallation, removeInstallations } from './support/installations.ts';

afterAll(removeInstallations);

for (const format of FORMATS) {
  const { label, sdk, library } = await loadInstallation('openai-6-low', format);
  for (const poolSize of poolSizesOf(format)) {
    sdkBehaviours({ label, sdk, library, poolSize, lacking: [CUT_STREAM, STREAMED_OUTPUT_TEXT] });
  }
}
