/** Words for the error of a redirect: the SDK would quote the page that came with it, and its address with all that it holds. */

function hostOf(location: string | null | undefined, base: string): string {
  try {
    return new URL(location ?? '', base).host;
  } catch {
    return 'an address that is none';
  }
}

/** A redirect's error names the host it leads to, and neither the rest of that address nor the page that came with it. @param base the endpoint's URL. */
export function nameHostOnly(error: unknown, base: string): void {
  if (!(error instanceof Error)) return;
  const { status, headers } = error as { status?: number; headers?: Headers };
  if (status === undefined || status < 300 || status >= 400) return;
  const message = `${status} The endpoint redirects to ${hostOf(headers?.get('location'), base)}; nothing was sent there.`;
  const stack = error.stack?.replace(error.message, () => message);
  for (const [name, value] of Object.entries({ message, stack })) {
    Object.defineProperty(error, name, { value, configurable: true, writable: true, enumerable: false });
  }
}
