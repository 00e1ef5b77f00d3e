/** Where something was configured, and so whether it can be changed here. */
import { say } from '../say.ts';
import type { Source } from '../shapes.ts';

/** `from the file, read-only`. */
export function SourceTag({ source }: { source: Source }) {
  if (source === 'store') return null;
  const known: 'file' | 'environment' | 'other' =
    source === 'file' ? 'file' : source === 'environment' ? 'environment' : 'other';
  return (
    <span class="tag" title={say('source.readOnly')}>
      {say(`source.${known}`)}
    </span>
  );
}
