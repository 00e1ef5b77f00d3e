// Row 12: the headers of a JSON answer came, and then its connection broke.
import { expect, it } from 'vitest';
import { attemptsOf } from '../../src/index.ts';
import { chat, servedBy } from '../support/calls.ts';
import { scenario } from '../support/scenario.ts';
import { openStage, type Stage } from '../support/stage.ts';
import { saying } from './error-text.ts';
import { row } from './row.ts';

const CUTS = [
  { step: 'cut-body', cut: 'reset' },
  { step: 'cut-body', cut: 'close' },
  { step: 'cut-body', cut: 'reset', after: 0 },
] as const;
const upload = ({ client }: Stage) => client.files.create({ file: new File(['x'], 'x.txt'), purpose: 'batch' });

row(12, 'RST or FIN in the middle of a JSON body', 'fails over, counts for the model', () => {
  it('the next endpoint answers; the call was sent to each once', async () => {
    for (const cut of CUTS) {
      await scenario()
        .endpoints({ a: [cut], b: [] })
        .call('gpt-5')
        .expect(
          { served: 'b', attempts: ['a', 'b'], verdicts: ['connection-lost', 'ok'], calls: { a: 1, b: 1 } },
          ({ state }, { attempts, text }) => {
            expect(text).toContain('b');
            expect(attempts[0]).toMatchObject({ status: 200, billed: 'maybe' });
            expect(state('a')).toMatchObject({ failures: 1, breaker: 'closed', cooldowns: [], inFlight: 0 });
          },
        );
    }
  });

  it('it is not sent once more to the endpoint that began to answer, also on a used connection', async () => {
    await scenario()
      .endpoints({ a: ['ok', 'cut-body'], b: [] })
      .call('gpt-5')
      .does(() => new Promise((resolve) => setImmediate(resolve)))
      .call('gpt-5')
      .expect({ served: 'b', attempts: ['a', 'b'], calls: { a: 2, b: 1 } }, ({ servers }) =>
        expect(servers.a!.requests[1]?.reused).toBe(true),
      );
  });

  it('five in a row eject the endpoint for this model; another model may go on there', async () => {
    const cutting = (request: { model: string | undefined }) => (request.model === 'gpt-5' ? 'cut-body' : 'ok');
    await using stage = await openStage({ a: cutting, b: [] });
    const { client, servers } = stage;
    await chat(client, { model: 'other' });
    for (let call = 0; call < 5; call++) expect(attemptsOf(await chat(client)).length).toBe(2);
    expect(attemptsOf(await chat(client)).length).toBe(1);
    expect(servedBy(await chat(client, { model: 'other' }))).toBe('a');
    expect([servers.a.calls, servers.b.calls]).toEqual([7, 6]);
    expect(stage.state('a')).toMatchObject({ breaker: 'closed', models: [{ model: 'gpt-5', breaker: 'open' }] });
  });

  it('an upload is not sent twice: it may have been done, and the error says so', async () => {
    await scenario()
      .endpoints({ a: ['cut-body'], b: [] })
      .does(upload)
      .expect({ served: null, error: { name: 'APIConnectionError', maybeExecuted: true }, calls: { a: 1, b: 0 } });
  });

  it('alone: an APIConnectionError, never a bare TypeError; no key in it', async () => {
    for (const cut of CUTS) {
      await scenario()
        .endpoints({ a: [cut] })
        .options({ maxRetries: 0 })
        .call('gpt-5')
        .expect({ served: null, error: { name: 'APIConnectionError' }, calls: { a: 1 } }, saying('connection broke'));
    }
  });
});
