/** The whole page: who may see it, the frame around every page, and the page itself. Before the gateway let somebody in, nothing else is drawn. */
import type { FunctionComponent } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { connection, isKnown } from './live.ts';
import { Calls } from './pages/calls.tsx';
import { Endpoints } from './pages/endpoints.tsx';
import { Groups } from './pages/groups.tsx';
import { Keys } from './pages/keys.tsx';
import { Overview } from './pages/overview.tsx';
import { Refused, SignIn } from './pages/sign-in.tsx';
import { Usage } from './pages/usage.tsx';
import { Banners } from './parts/banners.tsx';
import { Brand, Navigation, Switches } from './parts/frame.tsx';
import { Toasts } from './parts/toasts.tsx';
import { type Page, page } from './place.ts';
import { say } from './say.ts';

const PAGES: Readonly<Record<Page, FunctionComponent>> = {
  overview: Overview,
  calls: Calls,
  groups: Groups,
  endpoints: Endpoints,
  keys: Keys,
  usage: Usage,
};

function Inside() {
  const shown = page.value;
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);
  const title = say(`nav.${shown}`);
  useEffect(() => {
    document.title = `${title} · load-balanced-openai`;
  }, [title]);
  // Who goes by keyboard or hears the page goes on in what is new.
  useEffect(() => {
    if (!first.current) main.current?.focus();
    first.current = false;
  }, [shown]);
  const Shown = PAGES[shown];
  return (
    <div class="frame">
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        {say('skip')}
      </button>
      <header class="side">
        <Brand />
        <Navigation />
        <Switches />
      </header>
      <main ref={main} tabIndex={-1} key={shown}>
        <Banners />
        <Shown />
      </main>
      <Toasts />
    </div>
  );
}

/** The page. */
export function App() {
  const now = connection.value;
  if (now.is === 'needs-key') return <SignIn />;
  if (now.is === 'refused') return <Refused message={now.message} />;
  if (now.is === 'lost' || isKnown.value) return <Inside />;
  return (
    <p class="starting" aria-live="polite">
      {say('connecting')}
    </p>
  );
}
