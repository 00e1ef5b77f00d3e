/** Why a call went where it went: every pick and wait with its candidates and exclusions, then every attempt. */

import type { Attempt, Decision, Figures } from '../call-shapes.ts';
import { duration, NONE } from '../format.ts';
import { say, sayReason } from '../say.ts';

function FiguresOf({ name, figures }: { name: string; figures: readonly Figures[] }) {
  const known = figures.find(({ endpoint }) => endpoint === name);
  if (!known) return null;
  const { inFlight, load } = known;
  const said = [say('why.inFlight', { count: inFlight })];
  if (load !== undefined && load !== inFlight) said.push(say('why.load', { load: Number(load.toPrecision(3)) }));
  return <span class="muted"> {said.join(' · ')}</span>;
}

function DecisionLine({ decision }: { decision: Decision }) {
  const { ms, eligible, figures = [], excluded, picked, waitMs, reason } = decision;
  return (
    <li>
      <span class="when">{say('why.at', { time: duration(ms) })}</span>
      <div>
        <p>
          {picked !== undefined && picked !== null && (
            <>
              {say('why.picked')} <strong class="name">{picked}</strong>
            </>
          )}
          {waitMs !== undefined && waitMs !== null && say('why.waited', { time: duration(waitMs) })}
          {!picked && (waitMs === undefined || waitMs === null) && say('why.nobody')}
          {reason && <span class="muted"> {sayReason(reason)}</span>}
        </p>
        {eligible.length > 0 && (
          <p class="chips">
            <span class="muted">{say('why.candidates')}</span>
            {eligible.map((name) => (
              <span key={name} class={name === picked ? 'chip picked' : 'chip'}>
                {name}
                <FiguresOf name={name} figures={figures} />
              </span>
            ))}
          </p>
        )}
        {excluded.length > 0 && (
          <ul class="excluded">
            {excluded.map(({ endpoint, reason: why }) => (
              <li key={endpoint}>
                <span class="muted">{say('why.excluded')}</span> <span class="name">{endpoint}</span>: {sayReason(why)}
              </li>
            ))}
          </ul>
        )}
      </div>
    </li>
  );
}

function AttemptLine({ attempt, number }: { attempt: Attempt; number: number }) {
  const { endpoint, model, verdict, status, ms, billed, beside, retryAfterMs } = attempt;
  return (
    <li class={verdict === 'ok' ? 'attempt' : 'attempt failed'}>
      <span class="number">{number}</span>
      <span class="name">{endpoint}</span>
      <span class="muted">{model ?? ''}</span>
      <span class="verdict">
        {status ?? NONE} {sayReason(verdict)}
        {beside && ` · ${sayReason(beside)}`}
        {retryAfterMs ? ` · ${say('why.cooldown', { time: duration(retryAfterMs) })}` : ''}
      </span>
      <span class="number">{duration(ms)}</span>
      <span class="muted">
        {billed === 'maybe' ? say('billed.maybe') : billed === 'yes' ? say('billed.yes') : say('billed.no')}
      </span>
    </li>
  );
}

/** Decisions and attempts of one call. */
export function Trace({ attempts, decisions }: { attempts: readonly Attempt[]; decisions: readonly Decision[] }) {
  return (
    <div class="trace">
      <section>
        <h4>{say('why')}</h4>
        {decisions.length === 0 ? (
          <p class="muted">{say('why.none')}</p>
        ) : (
          <ol class="decisions">
            {decisions.map((decision, index) => (
              <DecisionLine key={String(index)} decision={decision} />
            ))}
          </ol>
        )}
      </section>
      <section>
        <h4>{say('attempts')}</h4>
        {attempts.length === 0 ? (
          <p class="muted">{say('attempts.none')}</p>
        ) : (
          <ol class="attempts">
            {attempts.map((attempt, index) => (
              <AttemptLine key={String(index)} attempt={attempt} number={index + 1} />
            ))}
          </ol>
        )}
      </section>
    </div>
  );
}
