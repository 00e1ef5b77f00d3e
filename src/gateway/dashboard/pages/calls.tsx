/** The calls of late, the newest first. Each opens to why it went where it went. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { get } from '../api.ts';
import type { CallRecord, LogPage } from '../call-shapes.ts';
import { live } from '../live.ts';
import { CallRow } from '../parts/call-row.tsx';
import { Connect } from '../parts/connect.tsx';
import { Icon } from '../parts/icon.tsx';
import { useReadAgain } from '../parts/read-again.ts';
import { Empty, Loaded, useResource } from '../parts/resource.tsx';
import { tellFailure } from '../parts/toasts.tsx';
import { say } from '../say.ts';

interface Filters {
  readonly model: string;
  readonly endpoint: string;
  readonly key: string;
  readonly status: string;
}

const ALL: Filters = { model: '', endpoint: '', key: '', status: '' };
const STATUS = /^(failed|[1-5]\d\d)$/;
/** Between the last stroke and the question, in ms. */
const PAUSE = 300;

function queryOf(filters: Filters, before?: string): string {
  const query = new URLSearchParams({ limit: '50' });
  for (const [name, value] of Object.entries(filters))
    if (value.trim() !== '' && (name !== 'status' || STATUS.test(value))) query.set(name, value.trim());
  if (before !== undefined) query.set('before', before);
  return `/log?${query}`;
}

function FilterBar({ filters, onChange }: { filters: Filters; onChange: (next: Filters) => void }) {
  const text = (name: 'model' | 'key') => (
    <input
      type="search"
      aria-label={say(name)}
      placeholder={say(name)}
      value={filters[name]}
      onInput={({ currentTarget }) => onChange({ ...filters, [name]: currentTarget.value })}
    />
  );
  return (
    <search class="filters">
      {text('model')}
      <select
        aria-label={say('endpoint')}
        value={filters.endpoint}
        onChange={({ currentTarget }) => onChange({ ...filters, endpoint: currentTarget.value })}
      >
        <option value="">{say('filter.endpoints')}</option>
        {live.value?.endpoints.map(({ name }) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
      {text('key')}
      <select
        aria-label={say('status')}
        value={filters.status}
        onChange={({ currentTarget }) => onChange({ ...filters, status: currentTarget.value })}
      >
        <option value="">{say('filter.statuses')}</option>
        <option value="failed">{say('filter.failed')}</option>
        {['200', '400', '401', '404', '429', '499', '500', '502', '503', '504'].map((each) => (
          <option key={each} value={each}>
            {each}
          </option>
        ))}
      </select>
    </search>
  );
}

/** The page. */
export function Calls() {
  const [filters, setFilters] = useState(ALL);
  const [path, setPath] = useState(queryOf(ALL));
  const [more, setMore] = useState<{ path: string; calls: readonly CallRecord[]; next: string | null }>();
  const [loading, setLoading] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setPath(queryOf(filters)), PAUSE);
    return () => clearTimeout(timer);
  }, [filters]);
  const page = useResource<LogPage>(path);
  const refresh = () => {
    setMore(undefined);
    void page.refresh();
  };
  const load = async (shown: readonly CallRecord[], next: string) => {
    setLoading(true);
    try {
      const older = await get<LogPage>(queryOf(filters, next));
      const ids = new Set(shown.map(({ id }) => id));
      const fresh = older.calls.filter(({ id }) => !ids.has(id));
      setMore((before) => ({
        path,
        calls: [...(before?.path === path ? before.calls : []), ...fresh],
        next: older.next,
      }));
    } catch (error) {
      tellFailure(error);
    }
    setLoading(false);
  };
  const list = useRef<HTMLUListElement>(null);
  const reads = useReadAgain(list, more?.path === path, page.refresh);
  const filtered = Object.values(filters).some((value) => value !== '');
  return (
    <>
      <div class="head">
        <h1>{say('nav.calls')}</h1>
        <div class="actions">
          <span class="muted small" title={say('calls.live.what')}>
            {say(reads ? 'calls.live' : 'calls.paused')}
          </span>
          <button type="button" onClick={refresh}>
            <Icon name="refresh" /> {say('refresh')}
          </button>
        </div>
      </div>
      <FilterBar filters={filters} onChange={setFilters} />
      <Loaded from={page}>
        {(first) => {
          const older = more?.path === path ? more : undefined;
          const shown = [...first.calls, ...(older?.calls ?? [])];
          const next = older ? older.next : first.next;
          if (shown.length === 0)
            return (
              <Empty
                text={say(filtered ? 'calls.noMatch' : 'calls.empty')}
                more={filtered ? '' : say('calls.empty.more')}
              >
                {!filtered && <Connect open />}
              </Empty>
            );
          return (
            <>
              <div class="calls-head" aria-hidden="true">
                <span>{say('time')}</span>
                <span>{say('model')}</span>
                <span>{say('endpoint')}</span>
                <span>{say('status')}</span>
                <span>{say('took')}</span>
                <span>{say('tokens')}</span>
                <span>{say('cost')}</span>
              </div>
              <ul class="calls" ref={list}>
                {shown.map((call) => (
                  <CallRow key={call.id} call={call} />
                ))}
              </ul>
              {next !== null && next !== undefined && (
                <button type="button" class="wide" disabled={loading} onClick={() => void load(shown, next)}>
                  {say('more')}
                </button>
              )}
            </>
          );
        }}
      </Loaded>
    </>
  );
}
