/** How a client comes here: the address to give it, and lines to copy. */

import { say } from '../say.ts';
import { adminKey } from '../session.ts';

/** What to write, by who speaks. */
function lines(origin: string): readonly (readonly [name: string, text: string])[] {
  const body = '{"model":"gpt-5","messages":[{"role":"user","content":"Hello"}]}';
  return [
    ['OpenAI', `OPENAI_BASE_URL=${origin}/v1`],
    ['Anthropic', `ANTHROPIC_BASE_URL=${origin}`],
    [
      'curl',
      `curl ${origin}/v1/chat/completions -H 'content-type: application/json' -H 'authorization: Bearer ${say('connect.key')}' -d '${body}'`,
    ],
  ];
}

/** The lines, folded away until they are wanted. */
export function Connect({ open = false }: { open?: boolean }) {
  return (
    <details class="connect" open={open}>
      <summary>{say('connect')}</summary>
      <p class="muted">{say(adminKey.value === undefined ? 'connect.hint' : 'connect.hintKey')}</p>
      <dl>
        {lines(location.origin).map(([name, text]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <code>{text}</code>
            </dd>
          </div>
        ))}
      </dl>
    </details>
  );
}
