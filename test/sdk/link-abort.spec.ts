// The caller's signal reaches a reply for as long as it is in use, and keeps none alive.
import { describe, expect, it, vi } from 'vitest';
import { linkAbort } from '../../src/sdk/link-abort.ts';
import { collectGarbage } from '../support/parts.ts';

describe('linkAbort', () => {
  it('aborts the reply with the signal', () => {
    const [caller, reply] = [new AbortController(), new AbortController()];
    linkAbort(caller.signal, reply, new Response());
    expect(reply.signal.aborted).toBe(false);
    caller.abort();
    expect(reply.signal.aborted).toBe(true);
  });

  it('aborts at once for a signal that was aborted before', () => {
    const reply = new AbortController();
    linkAbort(AbortSignal.abort(), reply, new Response());
    expect(reply.signal.aborted).toBe(true);
  });

  it('ends with the reply', () => {
    const [caller, reply] = [new AbortController(), new AbortController()];
    const end = linkAbort(caller.signal, reply, new Response());
    end();
    end();
    caller.abort();
    expect(reply.signal.aborted).toBe(false);
  });

  it('needs no signal', () => {
    const reply = new AbortController();
    linkAbort(undefined, reply, new Response())();
    expect(reply.signal.aborted).toBe(false);
  });

  it('lets replies go that nobody holds, and takes its listeners off a signal that lives long', async () => {
    const { signal } = new AbortController();
    const remove = vi.spyOn(signal, 'removeEventListener');
    const weak: WeakRef<object>[] = [];
    (() => {
      for (let i = 0; i < 50; i++) {
        const [reply, response] = [new AbortController(), new Response()];
        linkAbort(signal, reply, response);
        weak.push(new WeakRef(response), new WeakRef(reply));
      }
    })();
    await collectGarbage();
    expect(weak.filter((each) => each.deref() !== undefined)).toEqual([]);
    await vi.waitFor(() => expect(remove).toHaveBeenCalledTimes(50));
  });

  it('holds the reply’s controller for as long as somebody holds the response', async () => {
    const caller = new AbortController();
    const response = new Response();
    let aborted = false;
    (() => {
      const reply = new AbortController();
      reply.signal.addEventListener('abort', () => {
        aborted = true;
      });
      linkAbort(caller.signal, reply, response);
    })();
    await collectGarbage();
    caller.abort();
    expect([aborted, response.status]).toEqual([true, 200]);
  });
});
