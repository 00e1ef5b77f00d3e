/** Numbers, times and sums of money as people read them. Pure; what has no value is a dash. */

/** For what there is no value of. */
export const NONE = '–';

/** `1,234`; from ten thousand on `12.3k`, from a million on `1.2M`. */
export function count(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return NONE;
  const size = Math.abs(value);
  if (size >= 1e9) return `${trim(value / 1e9, 1)}G`;
  if (size >= 1e6) return `${trim(value / 1e6, 1)}M`;
  if (size >= 1e4) return `${trim(value / 1e3, 1)}k`;
  if (size >= 100 || Number.isInteger(value)) return Math.round(value).toLocaleString('en');
  return trim(value, size >= 10 ? 1 : 2);
}

function trim(value: number, digits: number): string {
  return value.toFixed(digits).replace(/\.?0+$/, '');
}

/** `0 ms` to `999 ms`, `1.2 s`, `2 min 5 s`, `3 h 20 min`. */
export function duration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) return NONE;
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 10_000) return `${trim(ms / 1_000, 1)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return seconds % 60 ? `${minutes} min ${seconds % 60} s` : `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
  return `${Math.floor(hours / 24)} d`;
}

/** A countdown: whole seconds, never 0 while time is left. */
export function countdown(ms: number): string {
  return duration(Math.max(1, Math.ceil(ms / 1_000)) * 1_000);
}

/** `98.7 %` of a share of 0 to 1; never rounded up to all of it. */
export function percent(share: number | null | undefined): string {
  if (share === null || share === undefined || !Number.isFinite(share)) return NONE;
  if (share === 1) return '100 %';
  return `${trim(Math.floor(share * 1_000) / 10, 1)} %`;
}

/** Sums of money, in the currency of the prices: small ones exactly enough to be seen. */
export function money(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return NONE;
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size < 1e-6) return '< 0.000001';
  return size >= 1 ? value.toFixed(2) : trim(value, Math.min(6, 1 - Math.floor(Math.log10(size)) + 1));
}

const two = (value: number): string => String(value).padStart(2, '0');

/** `14:03:09`, where the browser is. */
export function clockTime(ms: number): string {
  const time = new Date(ms);
  return `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
}

/** `2026-11-21`, where the browser is. */
export function dayOf(ms: number): string {
  const time = new Date(ms);
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
}

/** `14:03:09` of today, else `11-20 14:03:09`. */
export function moment(ms: number, now: number): string {
  return dayOf(ms) === dayOf(now) ? clockTime(ms) : `${dayOf(ms).slice(5)} ${clockTime(ms)}`;
}

/** A point of time that is written as a number or a date, in ms; `undefined` for none. */
export function timeOf(value: number | string | null | undefined): number | undefined {
  if (value === null || value === undefined) return undefined;
  const ms = typeof value === 'number' ? value : Date.parse(value);
  return Number.isNaN(ms) ? undefined : ms;
}
