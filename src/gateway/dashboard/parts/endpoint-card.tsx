/** One endpoint now: its state in words, what is left of its limits, and how it does. */
import { count, duration, percent } from '../format.ts';
import { say } from '../say.ts';
import type { EndpointState } from '../shapes.ts';
import { stateOf } from '../state-of.ts';
import { Swatch } from './chart.tsx';
import { ModelStates, StateWord } from './state-word.tsx';

/** Models whose headroom is shown; the scarcest first. */
const SHOWN = 4;

/** Bars of what is left of the rate limits. */
export function Headroom({ state }: { state: EndpointState }) {
  const rows = [...state.headroom].sort((a, b) => a.left - b.left).slice(0, SHOWN);
  if (rows.length === 0) return null;
  return (
    <ul class="headroom" aria-label={say('headroom')}>
      {rows.map(({ model, left, requests, tokens }) => (
        <li key={model}>
          <span class="name">{model}</span>
          <meter aria-label={`${say('headroom')} ${model}`} min={0} max={1} low={0.1} optimum={1} value={left} />
          <span class="number">
            {tokens && (!requests || tokens.left / tokens.limit < requests.left / requests.limit)
              ? say('headroom.tokens', { left: count(tokens.left) })
              : requests
                ? say('headroom.calls', { left: count(requests.left) })
                : percent(left)}
          </span>
        </li>
      ))}
    </ul>
  );
}

/** The card. */
export function EndpointCard({ state, colour, share }: { state: EndpointState; colour: string; share: number | null }) {
  const { name, type, inFlight, attempts, failures, latency } = state;
  const first = latency.timeToFirstToken.p50 === null ? latency : latency.timeToFirstToken;
  return (
    <li class={`card ${stateOf(state).is}`}>
      <header>
        <Swatch colour={colour} />
        <h3 class="name">{name}</h3>
        <span class="muted">{type}</span>
      </header>
      <StateWord state={state} />
      <ModelStates state={state} />
      <dl class="facts">
        <div>
          <dt>{say('share')}</dt>
          <dd>{percent(share === null ? null : Math.round(share * 100) / 100)}</dd>
        </div>
        <div>
          <dt>{say('tile.inFlight')}</dt>
          <dd>{count(inFlight)}</dd>
        </div>
        <div>
          <dt title={say(first === latency ? 'latency' : 'tile.p50')}>p50</dt>
          <dd>{duration(first.p50)}</dd>
        </div>
        <div>
          <dt title={say(first === latency ? 'latency' : 'tile.p95')}>p95</dt>
          <dd>{duration(first.p95)}</dd>
        </div>
      </dl>
      <p class="muted small">{say('failures.of', { failed: count(failures), all: count(attempts) })}</p>
      <Headroom state={state} />
    </li>
  );
}
