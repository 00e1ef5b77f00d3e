// The verdict table for attempts without a usable status: cuts, aborts, sockets, certificates, credentials, broken bodies.
import { APIConnectionError, APIConnectionTimeoutError, APIError, APIUserAbortError, OpenAIError } from 'openai';
import { describe, expect, it } from 'vitest';
import type { Cut, Outcome, Verdict } from '../../src/call/outcome.ts';
import { classify } from '../../src/dispatch/classify.ts';
import type { ClassifyContext } from '../../src/dispatch/classify-context.ts';
import { badReplyError, callersLimitError, timeoutError } from '../../src/errors.ts';
import { aCall, connectionError } from '../support/parts.ts';

const CONTEXT: ClassifyContext = {
  wallNow: 0,
  failoverOn: [],
  slowerThanUsual: false,
  ownBound: false,
  mayRepeat: true,
  replayable: true,
  answeredBefore: true,
  renewable: false,
  baseURL: 'https://a.example/v1',
  serves: false,
  servesModel: false,
};
type Failure = Outcome & { is: 'error' };
const judge = (error: unknown, changes: Partial<Failure> = {}, context: Partial<ClassifyContext> = {}) =>
  classify({ is: 'error', error, phase: 'head', sent: 'maybe', ...changes }, aCall(), { ...CONTEXT, ...context });
const check = (found: Verdict, expected: Partial<Verdict>) =>
  expect({ cooldown: undefined, ...found }).toMatchObject({ cooldown: undefined, ...expected });

/** Several addresses failing, as Node reports them. */
const everyAddress = (...codes: string[]) =>
  new APIConnectionError({
    cause: new TypeError('fetch failed', {
      cause: new AggregateError(codes.map((code) => Object.assign(new Error(code), { code }))),
    }),
  });

/** What `fetch` throws for a connection that failed so. */
const brokenBy = (facts: object) =>
  new APIConnectionError({ cause: new TypeError('fetch failed', { cause: Object.assign(new Error('x'), facts) }) });

const CONNECT = {
  name: 'connect-failed',
  next: 'another',
  health: 'failure',
  scope: 'endpoint',
  maybeExecuted: false,
} as const;
const LOST = {
  name: 'connection-lost',
  next: 'another',
  health: 'failure',
  scope: 'endpoint',
  maybeExecuted: true,
} as const;

describe('a connection that failed before anything was sent', () => {
  it.each([
    'ECONNREFUSED',
    'ENOTFOUND',
    'EAI_AGAIN',
    'EHOSTUNREACH',
    'ENETUNREACH',
    'EHOSTDOWN',
    'ENETDOWN',
    'UND_ERR_CONNECT_TIMEOUT',
    'EPROTO',
    'ERR_SSL_WRONG_VERSION_NUMBER',
    'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
    'ERR_INVALID_URL',
  ])('%s counts for the endpoint', (code) => {
    check(judge(connectionError(code)), CONNECT);
  });

  it.each([
    'CERT_HAS_EXPIRED',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'SELF_SIGNED_CERT_IN_CHAIN',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    'UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY',
    'CERT_NOT_YET_VALID',
    'CRL_HAS_EXPIRED',
    'ERROR_IN_CERT_NOT_AFTER_FIELD',
    'INVALID_CA',
    'INVALID_PURPOSE',
    'PATH_LENGTH_EXCEEDED',
    'HOSTNAME_MISMATCH',
  ])('%s does not pass by itself: 5 min', (code) => {
    check(judge(connectionError(code)), {
      ...CONNECT,
      cooldown: { scope: 'endpoint', reason: 'TLS certificate', ms: 300_000, pause: false },
    });
  });

  it('is known at every address', () => {
    check(judge(everyAddress('ECONNREFUSED', 'ENETUNREACH')), CONNECT);
  });

  it('is known by its system call where the code alone is ambiguous', () => {
    const system = Object.assign(new Error('connect ETIMEDOUT'), { code: 'ETIMEDOUT', syscall: 'connect' });
    check(judge(new APIConnectionError({ cause: new TypeError('fetch failed', { cause: system }) })), CONNECT);
  });

  it.each<[string, object]>([
    ['a resolver of one’s own', { code: 'ESERVFAIL', syscall: 'queryA', hostname: 'a.example' }],
    ['the system’s resolver', { code: 'EAI_FAIL', syscall: 'getaddrinfo', hostname: 'A.example' }],
    ['a reset while connecting', { code: 'ECONNRESET', syscall: 'connect', port: 443 }],
    [
      'a handshake cut short',
      {
        code: 'ECONNRESET',
        message: 'Client network socket disconnected before secure TLS connection was established',
      },
    ],
    ['a port that fetch never opens', { message: 'bad port' }],
    ['a proxy that cannot reach it', { message: 'Proxy response (502) !== 200 when HTTP Tunneling' }],
    [
      'a stream that was refused',
      { code: 'ERR_HTTP2_STREAM_ERROR', message: 'Stream closed with error code NGHTTP2_REFUSED_STREAM' },
    ],
  ])('is known to be so from %s', (_, facts) => {
    check(judge(brokenBy(facts)), CONNECT);
  });

  it('is known where every address timed out', () => {
    const each = { code: 'ETIMEDOUT', syscall: 'connect', port: 443 };
    check(judge(brokenBy({ code: 'ETIMEDOUT', errors: [each, each] })), CONNECT);
  });

  it.each<[string, object]>([
    ['another port refused', { code: 'ECONNREFUSED', syscall: 'connect', port: 3128 }],
    ['another host is unknown', { code: 'ENOTFOUND', syscall: 'getaddrinfo', hostname: 'proxy.example' }],
    ['it opens no tunnel without credentials', { message: 'Proxy response (407) !== 200 when HTTP Tunneling' }],
    ['it replies with 407, which fetch hides', { message: '' }],
  ])('is a proxy’s, and nobody’s fault: %s', (_, facts) => {
    check(judge(brokenBy(facts)), { ...CONNECT, health: 'neutral' });
  });

  it.each([
    ['https://a.example:8443/v1', 8443],
    ['http://a.example/v1', 80],
  ])('is the endpoint’s own at the port of %s', (baseURL, port) => {
    const refused = brokenBy({ code: 'ECONNREFUSED', syscall: 'connect', port });
    check(judge(refused, {}, { baseURL }), CONNECT);
  });

  it('is the endpoint’s own where no address is known', () => {
    check(judge(brokenBy({ code: 'ECONNREFUSED', syscall: 'connect', port: 3128 }), {}, { baseURL: '' }), CONNECT);
    check(judge(brokenBy({ code: 'ENOENT', syscall: 'connect' })), CONNECT);
  });

  it('is known by what the wire told, whatever the SDK made of it', () => {
    check(judge(new APIConnectionTimeoutError({}), { sent: 'no' }), CONNECT);
    check(judge(connectionError('UND_ERR_SOCKET'), { sent: 'no' }), CONNECT);
  });

  const LOCAL = { name: 'local-error', next: 'another', health: 'neutral' } as const;

  it.each(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EADDRNOTAVAIL'])(
    '%s: this machine is short of something, no endpoint is to blame',
    (code) => {
      check(judge(brokenBy({ code, syscall: 'connect' })), { ...LOCAL, maybeExecuted: false });
    },
  );

  it('short of memory in the middle of a request: that may have arrived', () => {
    check(judge(brokenBy({ code: 'ENOBUFS', syscall: 'write' })), { ...LOCAL, maybeExecuted: true });
    check(judge(brokenBy({ code: 'ENOMEM', syscall: 'read' })), { ...LOCAL, maybeExecuted: true });
  });

  it('without IPv6, a host that is down is down all the same, and one without a free port is not', () => {
    check(judge(everyAddress('ECONNREFUSED', 'EADDRNOTAVAIL')), CONNECT);
    check(judge(everyAddress('EADDRNOTAVAIL', 'ETIMEDOUT')), { health: 'failure' });
    check(judge(everyAddress('EADDRNOTAVAIL', 'EADDRNOTAVAIL')), LOCAL);
    check(judge(everyAddress('ECONNREFUSED', 'EMFILE')), LOCAL);
  });
});

describe('a request that fetch refused to build', () => {
  const thrown = (cause: unknown) => judge(new APIConnectionError({ cause: cause as Error }));
  it('is the caller’s: no endpoint can mend it', () => {
    check(thrown(new TypeError('Headers.append: "x" is an invalid header value.')), {
      name: 'caller-error',
      next: 'throw',
      health: 'neutral',
    });
  });

  it.each([
    ['what fetch throws for the network', new TypeError('fetch failed')],
    ['a transfer that ended', new TypeError('terminated')],
    ['a browser’s word', new TypeError('Load failed')],
    ['one with a cause', new TypeError('odd', { cause: new Error('x') })],
    ['one with a code', Object.assign(new TypeError('odd'), { code: 'UND_ERR_SOCKET' })],
    ['another error', new Error('odd')],
  ])('is not %s', (_, cause) => {
    expect(thrown(cause).name).toBe('connection-lost');
  });

  it('is not one once the headers came', () => {
    expect(judge(new APIConnectionError({ cause: new TypeError('odd') }), { phase: 'body' }).name).toBe(
      'connection-lost',
    );
  });
});

describe('a connection that broke', () => {
  it.each(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET', 'ETIMEDOUT'])(
    '%s: the request may have been carried out',
    (code) => {
      check(judge(connectionError(code), {}, { mayRepeat: false }), LOST);
    },
  );

  it('without any code', () => {
    check(judge(new APIConnectionError({ message: 'Connection error.' })), LOST);
  });

  it.each<[string, unknown, Partial<ClassifyContext>, Partial<Verdict>]>([
    [
      'that had served before',
      connectionError('UND_ERR_SOCKET', { bytesRead: 400 }),
      {},
      { ...LOST, next: 'same', health: 'neutral' },
    ],
    ['reset, where calls were answered', connectionError('ECONNRESET'), {}, { next: 'same', health: 'neutral' }],
    ['reset, where nothing was ever answered', connectionError('ECONNRESET'), { answeredBefore: false }, LOST],
    ['that had served nothing', connectionError('UND_ERR_SOCKET', { bytesRead: 0 }), {}, LOST],
    ['a second time', connectionError('ECONNRESET', { bytesRead: 400 }), { mayRepeat: false }, LOST],
    [
      'with a call that must not be sent twice',
      connectionError('ECONNRESET', { bytesRead: 400 }),
      { replayable: false },
      LOST,
    ],
  ])('one %s', (_, error, context, expected) => {
    check(judge(error, {}, context), expected);
  });

  it('inside a body is the model’s', () => {
    check(judge(connectionError('UND_ERR_SOCKET'), { phase: 'body' }), { ...LOST, scope: 'model' });
    check(judge(connectionError('ECONNREFUSED'), { phase: 'body' }), { ...LOST, scope: 'model' });
  });
});

describe('time', () => {
  const SLOW = { name: 'timed-out', maybeExecuted: true, scope: 'model' } as const;
  it.each<[string, unknown, Partial<Failure>, Partial<ClassifyContext>, Partial<Verdict>]>([
    ['an SDK timeout', new APIConnectionTimeoutError({}), {}, {}, { ...SLOW, next: 'another', health: 'failure' }],
    [
      'an SDK timeout inside a body',
      new APIConnectionTimeoutError({}),
      { phase: 'body' },
      {},
      { ...SLOW, health: 'failure' },
    ],
    [
      'Node’s own 300 s',
      connectionError('UND_ERR_HEADERS_TIMEOUT'),
      {},
      {},
      { ...SLOW, next: 'another', health: 'neutral' },
    ],
    [
      'our cut, before anything is known',
      timeoutError(),
      { cut: 'attempt-timeout' },
      {},
      { ...SLOW, next: 'another', health: 'neutral' },
    ],
    [
      'our cut, slower than usual',
      timeoutError(),
      { cut: 'attempt-timeout' },
      { slowerThanUsual: true },
      { ...SLOW, health: 'failure' },
    ],
    [
      'our cut by the user’s bound',
      timeoutError(),
      { cut: 'attempt-timeout' },
      { ownBound: true },
      { ...SLOW, health: 'failure' },
    ],
    ['the deadline', timeoutError(), { cut: 'deadline' }, {}, { ...SLOW, next: 'throw', health: 'neutral' }],
    [
      'the deadline, slower than usual',
      timeoutError(),
      { cut: 'deadline' },
      { slowerThanUsual: true },
      { ...SLOW, next: 'throw', health: 'failure' },
    ],
    [
      'the deadline by the user’s bound',
      timeoutError(),
      { cut: 'deadline' },
      { ownBound: true },
      { health: 'neutral' },
    ],
    ['given up for another', timeoutError(), { cut: 'abandoned' }, {}, { name: 'abandoned', health: 'neutral' }],
    [
      'given up for another, slower than usual',
      timeoutError(),
      { cut: 'abandoned' },
      { slowerThanUsual: true },
      { name: 'abandoned', health: 'failure' },
    ],
  ])('%s', (_, error, outcome, context, expected) => {
    check(judge(error, outcome, context), expected);
  });

  it('our own word goes before the error that stands for it', () => {
    for (const cut of ['attempt-timeout', 'deadline'] satisfies Cut[])
      expect(judge(new APIUserAbortError(), { cut }).name).toBe('timed-out');
  });
});

it.each<[string, unknown]>([
  ['of this copy of the SDK', new APIUserAbortError()],
  ['of another copy', new (class APIUserAbortError extends Error {})()],
])('an abort %s is the caller’s and says nothing about the endpoint', (_, error) => {
  for (const phase of ['head', 'body'] as const)
    check(judge(error, { phase }), { name: 'aborted', next: 'throw', health: 'neutral', maybeExecuted: true });
});

describe('a body that cannot be used', () => {
  const BAD = { name: 'bad-reply', next: 'another', health: 'failure', scope: 'model', maybeExecuted: true } as const;
  it.each<[string, unknown, Partial<Verdict>]>([
    ['HTML', badReplyError('no JSON'), BAD],
    [
      'a connection that broke meanwhile',
      badReplyError('cut', Object.assign(new Error('x'), { code: 'UND_ERR_SOCKET' })),
      { ...BAD, name: 'connection-lost' },
    ],
    ['cut JSON', new SyntaxError('Unexpected end of JSON input'), BAD],
    ['a transfer that ended', new TypeError('terminated'), BAD],
    ['anything else thrown while it was read', 'oops', BAD],
  ])('%s', (_, error, expected) => {
    check(judge(error, { phase: 'body' }), expected);
  });

  it('before the headers is still a bad reply', () => {
    check(judge(badReplyError('x')), BAD);
  });

  it('larger than the caller allows is nobody’s fault', () => {
    check(judge(callersLimitError('too large'), { phase: 'body' }), {
      name: 'caller-error',
      next: 'throw',
      health: 'neutral',
    });
  });
});

describe('credentials that cannot be had', () => {
  class OAuthError extends APIError<number, Headers> {}
  class SubjectTokenProviderError extends OpenAIError {}
  it.each<[string, unknown]>([
    ['an apiKey function that fails', new OpenAIError("Failed to get token from 'apiKey' function: offline")],
    [
      'an apiKey function without a key',
      new OpenAIError("Expected 'apiKey' function argument to return a string but it returned null"),
    ],
    ['no method at all', new Error('Could not resolve authentication method. Expected either apiKey or adminAPIKey')],
    ['a token provider that fails', new SubjectTokenProviderError('no token file')],
    [
      'a token endpoint that refuses with 400',
      new OAuthError(400, { error: 'invalid_grant' }, undefined, new Headers()),
    ],
    [
      'a token endpoint that refuses with 401',
      new OAuthError(401, { error: 'invalid_client' }, undefined, new Headers()),
    ],
    [
      'a token endpoint that refuses with 403',
      new OAuthError(403, { error: 'access_denied' }, undefined, new Headers()),
    ],
  ])('%s: out for a while, not for health', (_, error) => {
    const found = judge(error);
    expect(found).toMatchObject({ name: 'credentials-refused', next: 'another', health: 'neutral' });
    expect(found.cooldown).toMatchObject({ scope: 'endpoint', pause: false });
    expect(found.cooldown?.ms).toBeGreaterThanOrEqual(60_000);
  });
});

describe('errors of another copy of the SDK are known by their names', () => {
  class APIConnectionTimeoutError extends Error {}
  it('a timeout', () => {
    check(judge(new APIConnectionTimeoutError('Request timed out.')), { name: 'timed-out', health: 'failure' });
  });

  it('a connection error', () => {
    const Foreign = { APIConnectionError: class APIConnectionError extends Error {} }.APIConnectionError;
    const cause = new TypeError('fetch failed', { cause: Object.assign(new Error('x'), { code: 'ECONNREFUSED' }) });
    check(judge(new Foreign('Connection error.', { cause })), CONNECT);
  });
});
