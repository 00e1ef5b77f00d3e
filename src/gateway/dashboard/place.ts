/** Which page is shown: the part of the address behind `#/`, so that the back button works and a reload stays. */
import { signal } from '@preact/signals';

/** The pages, in the order of the navigation. */
export const pages = ['overview', 'calls', 'groups', 'endpoints', 'keys', 'usage'] as const;
/** A page. */
export type Page = (typeof pages)[number];

function here(): Page {
  const name = location.hash.replace(/^#\/?/, '').split('?', 1)[0] as Page;
  return pages.includes(name) ? name : 'overview';
}

/** The page that is shown. */
export const page = signal<Page>(here());

addEventListener('hashchange', () => {
  page.value = here();
});

/** Goes to a page. */
export function go(to: Page): void {
  location.hash = `#/${to}`;
}
