/** What happens now: figures, charts, and every endpoint with its state. */
import { useState } from 'preact/hooks';
import { count, duration, percent } from '../format.ts';
import { editEndpoint } from '../forms/open-forms.ts';
import { lastSecond, live, seconds } from '../live.ts';
import { shade } from '../look.ts';
import { Chart } from '../parts/chart.tsx';
import { Connect } from '../parts/connect.tsx';
import { EndpointCard } from '../parts/endpoint-card.tsx';
import { colourOf, paintOf } from '../parts/palette.ts';
import { Empty } from '../parts/resource.tsx';
import { Tile } from '../parts/tile.tsx';
import { go } from '../place.ts';
import { say } from '../say.ts';
import { callLines, callsByEndpoint, figuresOf, firstTokenLines, gathered, OTHERS, shareLines } from '../series.ts';
import type { Live } from '../shapes.ts';
import { type StateWord, stateOf } from '../state-of.ts';

/** What tiles and shares look back at, in seconds. */
const MINUTE = 60;
/** Calls a second are those of so many seconds: quick to show a change, calm enough to be read. */
const RATE_SPAN = 10;
const LEAST_SPAN = 20;
/** So many cards are seen at a glance. */
const MANY = 6;
const SPANS = [60, 300, 600] as const;

function Tiles({ now }: { now: Live }) {
  const last = lastSecond(now);
  const { success, callerErrors, p50, p95 } = figuresOf(seconds.value, last, MINUTE);
  const { perSecond } = figuresOf(seconds.value, last, RATE_SPAN);
  return (
    <dl class="tiles">
      <Tile name={say('tile.calls')} value={count(perSecond)} more={say('perSecond')} />
      <Tile
        name={say('tile.success')}
        value={percent(success)}
        under={callerErrors > 0 ? say('tile.callerErrors', { count: count(callerErrors) }) : undefined}
        title={say('tile.success.what')}
        bad={success !== null && success < 0.95}
      />
      <Tile name={say('tile.p50')} value={duration(p50)} more="p50" />
      <Tile name={say('tile.p95')} value={duration(p95)} more="p95" />
      <Tile
        name={say('tile.inFlight')}
        value={count(now.running)}
        more={now.waiting > 0 ? say('waiting', { count: now.waiting }) : ''}
      />
    </dl>
  );
}

/** Charts begin where the gateway began, and are never so narrow that a call fills them. */
function shownSpan(now: Live, span: number): number {
  return Math.min(span, Math.max(LEAST_SPAN, lastSecond(now) - Math.floor(now.since / 1_000) + 1));
}

function Charts({ now, span }: { now: Live; span: number }) {
  const last = lastSecond(now);
  const colours = paintOf(shade.value);
  const names = now.endpoints.map(({ name }) => name);
  const all = callsByEndpoint(seconds.value, last, span);
  // Endpoints that are gone have their share of what was.
  for (const name of all.keys()) if (!names.includes(name)) names.push(name);
  const total = [...all.values()].reduce((sum, calls) => sum + calls, 0);
  const [told, shown] = gathered(seconds.value, names, all);
  const sums = callsByEndpoint(told, last, span);
  const shares = shareLines(told, shown, last, span);
  return (
    <div class="charts">
      <Chart
        label={say('chart.calls')}
        data={callLines(seconds.value, last, span)}
        lines={[
          { label: say('chart.all'), colour: colours.good, filled: true },
          { label: say('chart.failed'), colour: colours.bad },
        ]}
        format={count}
      />
      <Chart
        label={say('chart.ttft')}
        data={firstTokenLines(seconds.value, last, span)}
        lines={[
          { label: 'p50', colour: colours.good },
          { label: 'p95', colour: colours.slow },
        ]}
        format={duration}
        atLeast={100}
      />
      <Chart
        label={say('chart.share')}
        data={shares}
        lines={shown.map((name, index) => ({
          label: name === OTHERS ? say('chart.others') : name,
          colour: name === OTHERS ? colours.grid : colourOf(names.indexOf(name), shade.value),
          stacked: true,
          told: (at) => {
            if (at === undefined) return total === 0 ? null : (sums.get(name) ?? 0) / total;
            const [own, below] = [shares[index + 1]?.[at], index === 0 ? 0 : shares[index]?.[at]];
            return typeof own === 'number' && typeof below === 'number' ? own - below : null;
          },
        }))}
        format={(value) => (value === null || value > 1 ? '' : percent(Math.round(value * 100) / 100))}
      />
    </div>
  );
}

/** How many are in which state, where there are more than fit on a page. */
function StateCounts({ now }: { now: Live }) {
  if (now.endpoints.length <= MANY) return null;
  const counts = new Map<StateWord, number>();
  for (const each of now.endpoints) counts.set(stateOf(each).is, (counts.get(stateOf(each).is) ?? 0) + 1);
  const words = [...counts].map(([state, number]) => `${number} ${say(`state.${state}`)}`);
  return <small class="muted small">{words.join(' · ')}</small>;
}

function Cards({ now }: { now: Live }) {
  const served = callsByEndpoint(seconds.value, lastSecond(now), MINUTE);
  const total = [...served.values()].reduce((sum, calls) => sum + calls, 0);
  return (
    <ul class="cards">
      {now.endpoints.map((state, index) => (
        <EndpointCard
          key={state.name}
          state={state}
          colour={colourOf(index, shade.value)}
          share={total === 0 ? null : (served.get(state.name) ?? 0) / total}
        />
      ))}
    </ul>
  );
}

/** The button of the empty page. */
function AddFirst() {
  const add = () => {
    editEndpoint(undefined);
    go('endpoints');
  };
  return (
    <Empty text={say('endpoints.empty')} more={say('endpoints.empty.more')}>
      <button type="button" class="primary" onClick={add}>
        {say('endpoint.add')}
      </button>
    </Empty>
  );
}

/** The page. */
export function Overview() {
  const now = live.value;
  // Of a gateway that has just begun a minute shows more.
  const [span, setSpan] = useState<number>(now && now.now - now.since < SPANS[0] * 2_000 ? SPANS[0] : SPANS[1]);
  return (
    <>
      <div class="head">
        <h1>{say('nav.overview')}</h1>
        {now && now.endpoints.length > 0 && (
          <fieldset class="spans">
            <legend class="hidden">{say('span')}</legend>
            {SPANS.map((each) => (
              <label key={each}>
                <input type="radio" name="span" checked={span === each} onChange={() => setSpan(each)} />
                <span>{duration(each * 1_000)}</span>
              </label>
            ))}
          </fieldset>
        )}
      </div>
      {now && now.endpoints.length === 0 && <AddFirst />}
      {now && now.endpoints.length > 0 && (
        <>
          <Tiles now={now} />
          <Charts now={now} span={shownSpan(now, span)} />
          <h2>
            {say('nav.endpoints')} <StateCounts now={now} />
          </h2>
          <Cards now={now} />
          <Connect />
        </>
      )}
      {!now && <p class="muted">{say('nothingYet')}</p>}
    </>
  );
}
