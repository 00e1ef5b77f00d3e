// Row 13: an answer that ends cleanly in the middle of its JSON.
import { expect, it } from 'vitest';
import { scenario } from '../support/scenario.ts';
import { row } from './row.ts';

row(13, 'JSON cut short, clean end', 'fails over, counts', () => {
  it('the next endpoint answers', async () => {
    await scenario()
      .endpoints({ a: ['truncated-json'], b: [] })
      .call('gpt-5')
      .expect(
        { served: 'b', attempts: ['a', 'b'], verdicts: ['bad-reply', 'ok'], calls: { a: 1, b: 1 } },
        ({ state }) => {
          expect(state('a')).toMatchObject({ failures: 1, cooldowns: [] });
        },
      );
  });

  it('alone: an APIConnectionError, never a SyntaxError', async () => {
    await scenario()
      .endpoints({ a: { repeat: ['truncated-json'] } })
      .options({ maxRetries: 0 })
      .call('gpt-5')
      .expect({ served: null, error: { name: 'APIConnectionError' }, calls: { a: 1 } });
  });
});
