/** The state of an endpoint in words, with a sign that differs by its shape as well. */
import { countdown } from '../format.ts';
import { say, sayReason } from '../say.ts';
import type { EndpointState } from '../shapes.ts';
import { stateOf } from '../state-of.ts';

/** `● eligible`, `▲ cooling down 12 s (429)`. */
export function StateWord({ state }: { state: EndpointState }) {
  const { is, reason, msLeft } = stateOf(state);
  return (
    <span class={`state ${is}`}>
      <span class="sign" aria-hidden="true" />
      <span>
        {say(`state.${is}`)}
        {msLeft !== undefined && <span class="left"> {countdown(msLeft)}</span>}
        {reason !== undefined && <span class="muted"> ({sayReason(reason)})</span>}
      </span>
    </span>
  );
}

/** Models there that are out for themselves, while the endpoint goes on. */
export function ModelStates({ state }: { state: EndpointState }) {
  const cooling = state.cooldowns.filter(({ model }) => model !== null);
  const sick = state.models.filter(({ breaker }) => breaker !== 'closed');
  if (cooling.length + sick.length === 0) return null;
  return (
    <ul class="models">
      {sick.map(({ model, breaker }) => (
        <li key={`b${model}`}>
          <code>{model}</code> {say(breaker === 'half-open' ? 'state.probing' : 'state.ejected')}
        </li>
      ))}
      {cooling.map(({ model, reason, msLeft }) => (
        <li key={`c${model}${reason}`}>
          <code>{model}</code> {say('state.cooling')} {countdown(msLeft)}{' '}
          <span class="muted">({sayReason(reason)})</span>
        </li>
      ))}
    </ul>
  );
}
