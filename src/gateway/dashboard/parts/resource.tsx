/** Something read from the admin API: while it loads, when it is there, when it failed. */
import type { ComponentChildren } from 'preact';
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { get } from '../api.ts';
import { returns } from '../live.ts';
import { say } from '../say.ts';

/** A thing that is read. */
export interface Resource<Shape> {
  readonly value: Shape | undefined;
  readonly error: Error | undefined;
  /** Reads it again; what was there stays until then. */
  refresh(): Promise<void>;
}

/**
 * Reads a path, again whenever the path changes. A reply that comes late for another path is dropped.
 * @param version another one makes it read again.
 */
export function useResource<Shape>(path: string, version = 0): Resource<Shape> {
  const [value, setValue] = useState<Shape>();
  const [error, setError] = useState<Error>();
  const wanted = useRef(path);
  wanted.current = path;
  const refresh = useCallback(async () => {
    try {
      const found = await get<Shape>(path);
      if (wanted.current !== path) return;
      setValue(() => found);
      setError(undefined);
    } catch (failure) {
      if (wanted.current === path) setError(failure as Error);
    }
  }, [path]);
  useEffect(() => {
    void refresh();
  }, [refresh, version, returns.value]);
  return { value, error, refresh };
}

/** Draws what was read, or says that it loads or failed. */
export function Loaded<Shape>({
  from,
  children,
}: {
  from: Resource<Shape>;
  children: (value: Shape) => ComponentChildren;
}) {
  const { value, error, refresh } = from;
  return (
    <>
      {error && (
        <div class="banner bad" role="alert">
          <p>
            <strong>{say('failed')}</strong> {error.message === '' ? say('lost') : error.message}
          </p>
          <button type="button" onClick={() => void refresh()}>
            {say('retry')}
          </button>
        </div>
      )}
      {value === undefined ? !error && <p class="muted">{say('loading')}</p> : children(value)}
    </>
  );
}

/** What a page says when there is nothing to show yet. */
export function Empty({ text, more, children }: { text: string; more?: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p>{text}</p>
      {more && <p class="muted">{more}</p>}
      {children}
    </div>
  );
}
