/** A list that is read again by itself, unless somebody reads in it. */
import type { RefObject } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { connection } from '../live.ts';

/** How often, in ms. */
const EVERY = 2_000;

/** Nothing moves under a pointer or the keyboard, beside what is open, or above what was scrolled to. */
function isRead(list: HTMLElement | null): boolean {
  if (window.scrollY > (list?.offsetTop ?? 0)) return true;
  return list?.matches(':hover, :focus-within, :has([aria-expanded="true"])') ?? false;
}

/**
 * Reads it again.
 * @param held whether it shows more than what is read again.
 * @returns whether it does so now; else it pauses.
 */
export function useReadAgain(
  list: RefObject<HTMLElement | null>,
  held: boolean,
  refresh: () => Promise<void>,
): boolean {
  const [goes, setGoes] = useState(true);
  const now = useRef({ held, refresh });
  now.current = { held, refresh };
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    let over = false;
    const look = async () => {
      const may = !now.current.held && !isRead(list.current);
      setGoes(may);
      if (may && !document.hidden && connection.value.is === 'connected') await now.current.refresh();
      if (!over) timer = setTimeout(() => void look(), EVERY);
    };
    timer = setTimeout(() => void look(), EVERY);
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [list]);
  return goes;
}
