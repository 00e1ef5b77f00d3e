/** The dashboard's entry: draws the page and begins to ask what happens. */
import { render } from 'preact';
import { App } from './app.tsx';
import { beginLive } from './live.ts';
import 'uplot/dist/uPlot.min.css';
import './styles/tokens.css';
import './styles/layout.css';
import './styles/parts.css';
import './styles/pages.css';

const root = document.getElementById('app');
if (root) render(<App />, root);
beginLive();
