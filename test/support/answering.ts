// Endpoints without sockets: a `fetch` for each that answers at once, as told, so that a manual clock rules over everything.
type Answer = () => Response | Promise<Response>;

/** A good answer of one endpoint. */
export function reply(name: string): Response {
  const message = { role: 'assistant', content: `from ${name}` };
  const choices = [{ index: 0, message, finish_reason: 'stop' }];
  const body = { id: 'chatcmpl-1', object: 'chat.completion', created: 1, model: 'gpt-5', choices };
  return Response.json(body, { headers: { 'x-served-by': name } });
}

/** What each endpoint does, by name, in place of a good answer; who was asked, in order; and the `fetch` of each. */
export function answering() {
  const does: Record<string, Answer | undefined> = {};
  const asked: string[] = [];
  const fetchOf = (name: string) => async () => {
    asked.push(name);
    return (does[name] ?? (() => reply(name)))();
  };
  return { does, asked, fetchOf };
}
