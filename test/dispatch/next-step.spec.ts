// Step 6 as a table: from the story and the pool to the next step. Pure.
import { describe, expect, it } from 'vitest';
import type { VerdictName } from '../../src/call/outcome.ts';
import {
  afterThrottle,
  isSick,
  nextStep,
  type Probing,
  passes,
  type Situation,
  type Step,
} from '../../src/dispatch/next-step.ts';
import { verdict } from '../../src/dispatch/verdicts.ts';
import type { Refusal } from '../../src/pool/eligibility.ts';
import { aCall, anEndpoint } from '../support/parts.ts';
import { fc, runs } from '../support/property.ts';

const NOW = 1_000;
const endpoint = anEndpoint();
const refusal = (kind: Refusal['kind'], until = NOW + 2_000): Refusal => ({
  endpoint,
  kind,
  reason: `${kind} reason`,
  until,
  rateLimited: kind === 'limited',
  ejected: kind === 'ejected',
});
/** A server that failed and asked for a pause. */
const failing = (until: number, ejected = false): Refusal => ({
  ...refusal('limited', until),
  rateLimited: false,
  ejected,
});
const situation = ({ call, refused = [], ...rest }: Changes = {}): Situation => ({
  call: aCall(call),
  last: undefined,
  attempted: rest.last !== undefined,
  counted: 0,
  waits: 0,
  anyEligible: false,
  allFailing: false,
  lookup: false,
  refusals: () => refused,
  panic: true,
  now: NOW,
  longestWait: 60_000,
  backoff: 500,
  behind: undefined,
  ...rest,
});
type Changes = Partial<Omit<Situation, 'call' | 'refusals'>> & {
  call?: Parameters<typeof aCall>[0];
  refused?: Refusal[];
};

/** A wait for a slot is one in line, any other is the call's own. */
const WAIT = (ms: number, reason: string, costs: boolean): Step => ({
  ...{ do: 'wait', ms, reason, costs },
  inLine: /^(limited reason|others)/.test(reason),
});
const REFUSED = refusal('refused');
const FAILED = verdict('server-error');
const LIMITED = verdict('rate-limited');

describe('before the first attempt', () => {
  it.each<[string, Changes, Step]>([
    ['somebody is eligible', { anyEligible: true }, { do: 'another' }],
    ['nobody serves it', {}, { do: 'refuse' }],
    [
      'all are limited: waits for the earliest, free of charge',
      { refused: [refusal('limited', NOW + 3_000), refusal('limited')] },
      WAIT(2_000, 'limited reason', false),
    ],
    [
      'all are limited, and the caller never waits',
      { call: { maxRetries: 0 }, refused: [refusal('limited')] },
      { do: 'refuse' },
    ],
    [
      'the earliest lies beyond the longest wait',
      { longestWait: 1_999, refused: [refusal('limited')] },
      { do: 'refuse' },
    ],
    [
      'the earliest is just the longest wait',
      { longestWait: 2_000, refused: [refusal('limited')] },
      WAIT(2_000, 'limited reason', false),
    ],
    [
      'the caller may wait once',
      { call: { maxRetries: 1 }, refused: [refusal('limited')] },
      WAIT(2_000, 'limited reason', false),
    ],
    ['there is no room to wait', { longestWait: 0, refused: [refusal('limited')] }, { do: 'refuse' }],
    [
      'the earliest lies at the deadline',
      { call: { deadline: NOW + 2_000 }, refused: [refusal('limited')] },
      { do: 'refuse' },
    ],
    [
      'the earliest lies just before the deadline',
      { call: { deadline: NOW + 2_001 }, refused: [refusal('limited')] },
      WAIT(2_000, 'limited reason', false),
    ],
    [
      'a pause that has just ended is waited out for a moment',
      { refused: [refusal('limited', NOW)] },
      WAIT(1, 'limited reason', false),
    ],
    ['all are ejected: panic', { refused: [refusal('ejected')] }, { do: 'panic' }],
    ['all are ejected, panic is off', { panic: false, refused: [refusal('ejected')] }, { do: 'refuse' }],
    [
      'some ejected, one limited: waits for whoever comes back first',
      { refused: [refusal('ejected', NOW + 3_000), refusal('limited', NOW + 9_000)] },
      WAIT(3_000, 'limited reason', false),
    ],
    [
      'some ejected, one limited for less: the pause is waited for',
      { refused: [refusal('ejected', NOW + 30_000), refusal('limited', NOW + 9_000)] },
      WAIT(9_000, 'limited reason', false),
    ],
    [
      'some ejected, one limited, and the caller never waits: panic',
      { call: { maxRetries: 0 }, refused: [refusal('ejected'), refusal('limited')] },
      { do: 'panic' },
    ],
    [
      'some ejected, one refused: panic before asking again',
      { refused: [refusal('refused', NOW + 1), refusal('ejected')] },
      { do: 'panic' },
    ],
  ])('%s', (_, changes, step) => {
    expect(nextStep(situation(changes))).toEqual(step);
  });

  it('nobody lets us in: asks the one that comes back first, for the real error', () => {
    const [late, soon] = [refusal('refused', NOW + 9_000), refusal('refused', NOW + 4_000)];
    expect(nextStep(situation({ refused: [late, soon] }))).toEqual({ do: 'ask-again', refusal: soon });
  });

  describe('a failing server asked for a pause', () => {
    const [short, long] = [failing(NOW + 2_000), failing(NOW + 300_000)];
    it.each<[string, Changes, Step]>([
      ['one that can be waited for: waits', { refused: [short] }, WAIT(2_000, 'limited reason', false)],
      ['one that is too long: asks all the same', { refused: [long] }, { do: 'ask-again', refusal: long }],
      [
        'the caller never waits: asks',
        { call: { maxRetries: 0 }, refused: [short] },
        { do: 'ask-again', refusal: short },
      ],
      [
        'the deadline is nearer: asks',
        { call: { deadline: NOW + 100 }, refused: [short] },
        { do: 'ask-again', refusal: short },
      ],
      [
        'too long, another is rate-limited too long: asks the one that failed',
        { refused: [refusal('limited', NOW + 200_000), long] },
        { do: 'ask-again', refusal: long },
      ],
      ['too long, and it is ejected as well: panic', { refused: [failing(NOW + 300_000, true)] }, { do: 'panic' }],
      [
        'too long, ejected, and panic is off: refuses',
        { panic: false, refused: [failing(NOW + 300_000, true)] },
        { do: 'refuse' },
      ],
      ['too long, it failed this very call: backs off', { last: FAILED, refused: [long] }, WAIT(500, 'backoff', true)],
      [
        'short, it failed this very call: waits for it',
        { last: FAILED, refused: [short] },
        WAIT(2_000, 'limited reason', true),
      ],
      ['too long, no retries left: throws', { last: FAILED, waits: 2, refused: [long] }, { do: 'throw' }],
    ])('%s', (_, changes, step) => {
      expect(nextStep(situation(changes))).toEqual(step);
    });

    it('sick is who is out for nothing but health', () => {
      const sick = [refusal('ejected'), failing(NOW + 1, true)];
      const others = [
        short,
        refusal('limited'),
        { ...refusal('limited'), ejected: true },
        { ...refusal('refused'), ejected: true },
        refusal('tried'),
      ];
      expect([sick.map(isSick), others.map(isSick)]).toEqual([[true, true], others.map(() => false)]);
    });
  });

  it.each(['limited', 'ejected', 'refused', 'tried'] as const)(
    'asks one whose figures are doubtful before it minds that another is %s',
    (kind) => {
      const doubtful = refusal('doubtful', NOW + 9_000);
      for (const last of [undefined, FAILED])
        expect(
          nextStep(situation({ last, call: { maxRetries: 0 }, refused: [refusal(kind, NOW + 1), doubtful] })),
        ).toEqual({
          do: 'ask-again',
          refusal: doubtful,
        });
    },
  );

  it('does not ask for reasons while somebody is eligible', () => {
    const step = nextStep({ ...situation({ anyEligible: true }), refusals: () => expect.unreachable() });
    expect(step).toEqual({ do: 'another' });
  });
});

describe('after a failure', () => {
  it.each<[string, Changes, Step]>([
    ['somebody else is eligible', { last: FAILED, anyEligible: true }, { do: 'another' }],
    ['the caller’s own fault', { last: verdict('caller-error'), anyEligible: true }, { do: 'throw' }],
    ['an object that is not there', { last: verdict('not-found'), anyEligible: true }, { do: 'throw' }],
    ['an abort', { last: verdict('aborted'), anyEligible: true }, { do: 'throw' }],
    ['the last attempt allowed', { last: FAILED, counted: 3, anyEligible: true }, { do: 'throw' }],
    ['the last but one', { last: FAILED, counted: 2, anyEligible: true }, { do: 'another' }],
    [
      'a fresh credential: the same once more',
      { last: verdict('credentials-refused', { next: 'same' }), anyEligible: true },
      { do: 'same' },
    ],
    [
      'nobody is left, all were tried: backs off',
      { last: FAILED, refused: [refusal('tried', 0)] },
      WAIT(500, 'backoff', true),
    ],
    [
      'nobody is left, the others are ejected',
      { last: FAILED, refused: [refusal('ejected')] },
      WAIT(500, 'backoff', true),
    ],
    [
      'nobody is left, the retries are used up',
      { last: FAILED, waits: 2, refused: [refusal('tried', 0)] },
      { do: 'throw' },
    ],
    [
      'nobody is left, the caller never waits',
      { last: FAILED, call: { maxRetries: 0 }, refused: [refusal('tried', 0)] },
      { do: 'throw' },
    ],
    ['nobody is left and nobody comes back', { last: verdict('model-missing') }, { do: 'throw' }],
    [
      'nobody is left but one that refused before: asks it, for the real answer',
      { last: verdict('model-missing'), refused: [REFUSED] },
      { do: 'ask-again', refusal: REFUSED },
    ],
    [
      'the last attempt allowed: nobody is asked again',
      { last: verdict('model-missing'), counted: 3, refused: [REFUSED] },
      { do: 'throw' },
    ],
    [
      'nobody is left, and the backoff is too long',
      { last: FAILED, call: { deadline: NOW + 400 }, refused: [refusal('tried', 0)] },
      { do: 'throw' },
    ],
    [
      'everybody is limited: waits for the earliest',
      { last: LIMITED, refused: [refusal('limited', NOW + 7_000), refusal('limited')] },
      WAIT(2_000, 'limited reason', true),
    ],
    [
      'everybody is limited, no retry left',
      { last: LIMITED, waits: 2, refused: [refusal('limited')] },
      { do: 'throw' },
    ],
    [
      'limited for less than the backoff',
      { last: FAILED, refused: [refusal('tried', 0), refusal('limited', NOW + 100)] },
      WAIT(100, 'limited reason', true),
    ],
    [
      'limited for longer than the backoff',
      { last: FAILED, refused: [refusal('tried', 0), refusal('limited', NOW + 30_000)] },
      expect.objectContaining({ do: 'wait', ms: 500 }) as Step,
    ],
  ])('%s', (_, changes, step) => {
    expect(nextStep(situation(changes))).toEqual(step);
  });

  it('waited and found nobody: throws what it met', () => {
    expect(nextStep(situation({ attempted: true, refused: [] }))).toEqual({ do: 'throw' });
  });

  it('waited and found one that refused before: asks it', () => {
    expect(nextStep(situation({ attempted: true, refused: [REFUSED] }))).toEqual({ do: 'ask-again', refusal: REFUSED });
  });

  it('waited, and others met the limit meanwhile: what was paid for an attempt is not paid again without one', () => {
    const step = WAIT(2_000, 'limited reason', false);
    expect(nextStep(situation({ attempted: true, refused: [refusal('limited')] }))).toEqual(step);
    expect(nextStep(situation({ attempted: true, waits: 2, refused: [refusal('limited')] }))).toEqual(step);
  });

  it('a conflict waits a moment, whoever else is eligible', () => {
    expect(nextStep(situation({ last: verdict('conflict'), anyEligible: true }))).toEqual(WAIT(500, 'conflict', true));
    expect(nextStep(situation({ last: verdict('conflict', { next: 'throw' }), anyEligible: true }))).toEqual({
      do: 'throw',
    });
    expect(nextStep(situation({ last: verdict('conflict'), waits: 2 }))).toEqual({ do: 'throw' });
  });
});

describe('what must not be sent twice', () => {
  const MAY_EXIST: VerdictName[] = ['server-error', 'timed-out', 'connection-lost', 'bad-reply', 'abandoned'];
  const NOTHING_EXISTS: VerdictName[] = [
    'rate-limited',
    'overloaded',
    'connect-failed',
    'credentials-refused',
    'forbidden',
    'model-missing',
    'operation-missing',
  ];

  it.each(MAY_EXIST)('a create that met %s is not moved', (name) => {
    expect(nextStep(situation({ call: { replay: 'create' }, last: verdict(name), anyEligible: true }))).toEqual({
      do: 'throw',
    });
    expect(nextStep(situation({ last: verdict(name), anyEligible: true }))).toEqual({ do: 'another' });
  });

  it.each(NOTHING_EXISTS)('a create that met %s moves', (name) => {
    expect(nextStep(situation({ call: { replay: 'create' }, last: verdict(name), anyEligible: true }))).toEqual({
      do: 'another',
    });
  });

  it.each([...MAY_EXIST, ...NOTHING_EXISTS])('a body that can be read once is never sent again: %s', (name) => {
    const last = verdict(name);
    expect(nextStep(situation({ call: { replay: 'once' }, last, anyEligible: true }))).toEqual({ do: 'throw' });
    expect(nextStep(situation({ call: { replay: 'once' }, last, refused: [refusal('limited')] }))).toEqual({
      do: 'throw',
    });
    expect(nextStep(situation({ call: { replay: 'once' }, last: { ...last, next: 'same' } }))).toEqual({ do: 'throw' });
  });

  it('may wait for its turn before it was sent', () => {
    expect(nextStep(situation({ call: { replay: 'once' }, refused: [refusal('limited')] }))).toEqual(
      WAIT(2_000, 'limited reason', false),
    );
  });
});

describe('a call that the panic throttle turned away', () => {
  const PROBING: Probing = { until: NOW + 2_000, heard: false, running: 0, next: 700 };
  const HEAR = (ms: number) => WAIT(ms, 'waiting for a probe', false);

  it.each<[string, Changes, Step]>([
    ['backs off', {}, WAIT(500, 'every endpoint is ejected', true)],
    ['is refused at once when it never waits', { call: { maxRetries: 0 } }, { do: 'refuse' }],
    ['does not wait beyond its deadline', { call: { deadline: NOW + 500 } }, { do: 'refuse' }],
  ])('%s', (_, changes, step) => {
    expect(afterThrottle(situation(changes), PROBING)).toEqual(step);
  });

  it.each<[string, Partial<Probing>, Step]>([
    ['waits for the next probe to go', {}, HEAR(700)],
    ['goes as soon as that one may', { next: 0 }, HEAR(1)],
    ['waits for the one that runs, whenever the next may go', { running: 1, next: 0 }, HEAR(2_000)],
    ['goes on waiting while another one runs', { running: 1, heard: true }, HEAR(2_000)],
    ['is refused when one has failed since', { heard: true }, { do: 'refuse' }],
    ['is refused when it has waited for long enough', { running: 1, until: NOW }, { do: 'refuse' }],
    ['does not wait for longer', { until: NOW + 300 }, HEAR(300)],
  ])('at its last ask %s', (_, probing, step) => {
    expect(afterThrottle(situation({ waits: 2 }), { ...PROBING, ...probing })).toEqual(step);
  });

  it('gets what it met, if it met anything', () => {
    expect(afterThrottle(situation({ waits: 2, attempted: true }), { ...PROBING, heard: true })).toEqual({
      do: 'throw',
    });
  });
});

describe('the last attempt', () => {
  const LAST: Changes = { last: FAILED, anyEligible: true, allFailing: true, counted: 2 };

  it.each<[string, Changes, Step]>([
    ['is kept for later while everybody left fails others', {}, WAIT(500, 'backoff', true)],
    ['also after a wait', { last: undefined, attempted: true, waits: 1 }, WAIT(500, 'backoff', true)],
    ['goes to whoever serves others, at once', { allFailing: false }, { do: 'another' }],
    ['goes after the last wait', { waits: 2 }, { do: 'another' }],
    ['goes at once when the caller never waits', { call: { maxRetries: 0 } }, { do: 'another' }],
    ['goes at once when a wait would end too late', { call: { deadline: NOW + 500 } }, { do: 'another' }],
    ['is not the one before it', { counted: 1 }, { do: 'another' }],
    [
      'is not spent on a connection once more while all of them break',
      { last: verdict('connection-lost', { next: 'same' }) },
      WAIT(500, 'backoff', true),
    ],
    [
      'is, where the endpoint serves others',
      { last: verdict('connection-lost', { next: 'same' }), allFailing: false },
      { do: 'same' },
    ],
    ['is spent on a fresh credential', { last: verdict('credentials-refused', { next: 'same' }) }, { do: 'same' }],
    ['is not the first', { counted: 0, call: { maxAttempts: 1 }, last: undefined }, { do: 'another' }],
  ])('%s', (_, changes, step) => {
    expect(nextStep(situation({ ...LAST, ...changes }))).toEqual(step);
  });
});

describe('which failures pass with time', () => {
  it.each<[VerdictName, boolean]>([
    ['rate-limited', true],
    ['server-error', true],
    ['overloaded', true],
    ['timed-out', true],
    ['connect-failed', true],
    ['connection-lost', true],
    ['bad-reply', true],
    ['local-error', true],
    ['abandoned', true],
    ['credentials-refused', false],
    ['out-of-credit', false],
    ['forbidden', false],
    ['model-missing', false],
    ['operation-missing', false],
    ['not-supported', false],
    ['redirected', false],
    ['conflict', false],
    ['caller-error', false],
  ])('%s: %s', (name, expected) => {
    expect(passes(verdict(name))).toBe(expected);
  });

  it('none that the server ruled out', () => {
    expect(passes(verdict('server-error', { again: false }))).toBe(false);
  });
});

it('keeps its limits in any situation', () => {
  const kinds = fc.constantFrom<Refusal['kind']>('tried', 'limited', 'ejected', 'refused');
  const names = fc.constantFrom<VerdictName>(
    'server-error',
    'rate-limited',
    'caller-error',
    'conflict',
    'model-missing',
    'aborted',
    'connect-failed',
  );
  fc.assert(
    fc.property(
      fc.record({
        last: fc.option(
          names.map((name) => verdict(name)),
          { nil: undefined },
        ),
        attempted: fc.boolean(),
        counted: fc.nat(5),
        waits: fc.nat(4),
        anyEligible: fc.boolean(),
        panic: fc.boolean(),
        longestWait: fc.constantFrom(0, 1_000, 60_000),
        backoff: fc.integer({ min: 375, max: 8_000 }),
        refused: fc.array(
          fc.tuple(kinds, fc.integer({ min: 0, max: 90_000 })).map(([kind, until]) => refusal(kind, until)),
          { maxLength: 4 },
        ),
      }),
      fc.record({
        maxRetries: fc.nat(3),
        maxAttempts: fc.integer({ min: 1, max: 4 }),
        deadline: fc.integer({ min: NOW, max: 100_000 }),
      }),
      (rest, call) => {
        const all = situation({ ...rest, call });
        const step = nextStep(all);
        if (step.do === 'wait') {
          expect(step.ms).toBeGreaterThan(0);
          expect(step.ms).toBeLessThanOrEqual(rest.longestWait);
          expect(NOW + step.ms).toBeLessThan(call.deadline);
          expect(call.maxRetries).toBeGreaterThan(0);
          if (step.costs) expect(rest.waits).toBeLessThan(call.maxRetries);
        }
        if (rest.last && rest.counted >= call.maxAttempts) expect(step.do).toBe('throw');
        if (rest.last?.next === 'throw') expect(step.do).toBe('throw');
        if (step.do === 'another') expect(rest.anyEligible).toBe(true);
        if (step.do === 'refuse') expect(rest.attempted).toBe(false);
        if (step.do === 'throw') expect(rest.attempted || rest.last !== undefined).toBe(true);
        if (step.do === 'panic') expect(rest.panic).toBe(true);
      },
    ),
    runs(1_000),
  );
});
