/** A call in one line, and on demand all that is known of it. */
import { useId, useState } from 'preact/hooks';
import type { CallRecord } from '../call-shapes.ts';
import { count, duration, moment, money, NONE } from '../format.ts';
import { live } from '../live.ts';
import { say } from '../say.ts';
import { Icon } from './icon.tsx';
import { Trace } from './trace.tsx';

function Fact({ name, value }: { name: string; value: string | number | null | undefined }) {
  if (value === null || value === undefined || value === '' || value === NONE) return null;
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function Facts({ call }: { call: CallRecord }) {
  const { tokens, estimated } = call;
  const about = estimated ? ` (${say('estimated')})` : '';
  return (
    <dl class="facts">
      <Fact name={say('call.id')} value={call.id} />
      <Fact name={say('call.path')} value={`${call.method} ${call.path}`} />
      <Fact name={say('key')} value={call.key} />
      <Fact name={say('call.first')} value={duration(call.firstMs)} />
      <Fact name={say('call.error')} value={call.code} />
      <Fact name={say('tokensIn')} value={tokens ? `${count(tokens.input)}${about}` : undefined} />
      <Fact name={say('tokensOut')} value={tokens ? `${count(tokens.output)}${about}` : undefined} />
      <Fact name={say('tokensCached')} value={tokens?.cached ? count(tokens.cached) : undefined} />
      <Fact name={say('cost')} value={money(call.cost)} />
    </dl>
  );
}

/** The line, and what is under it. */
export function CallRow({ call }: { call: CallRecord }) {
  const [open, setOpen] = useState(false);
  const id = useId();
  const { at, ms, model, endpoint, status, tokens, attempts, stream, cost } = call;
  const failed = status >= 400;
  return (
    <li class={open ? 'call open' : 'call'}>
      <button type="button" aria-expanded={open} aria-controls={id} onClick={() => setOpen(!open)}>
        <span class="time">
          <Icon name="chevron" />
          {moment(at, live.value?.now ?? at)}
        </span>
        <span class="name">
          {model ?? call.path}
          {call.test && <small class="tag">{say('call.test')}</small>}
        </span>
        <span class="name">
          {endpoint ?? NONE}
          {attempts.length > 1 && <small class="tag">{say('attempts.count', { count: attempts.length })}</small>}
        </span>
        <span class={failed ? 'status bad' : 'status'}>
          {status}
          {stream && <small class="tag">{say('stream')}</small>}
        </span>
        <span class="number">{duration(ms)}</span>
        <span class="number">{tokens ? count(tokens.input + tokens.output) : NONE}</span>
        <span class="number">{money(cost)}</span>
      </button>
      {open && (
        <div id={id} class="detail">
          <Facts call={call} />
          <Trace attempts={attempts} decisions={call.decisions} />
          {call.body && (
            <details>
              <summary>{say('call.body')}</summary>
              <pre>{call.body}</pre>
            </details>
          )}
        </div>
      )}
    </li>
  );
}
