// Makes self-signed certificates in memory, so that TLS faults (unknown issuer, expired, wrong name) need no key in the repository.
import { createSign, generateKeyPairSync } from 'node:crypto';

/** A certificate and its key, PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** A self-signed certificate for `127.0.0.1` or another IP or name, valid from yesterday for a year unless told otherwise. */
export function certificate(facts: { for?: string; from?: Date; until?: Date } = {}): Certificate {
  const day = 86_400_000;
  const now = Date.now();
  const { for: subject = '127.0.0.1', from = new Date(now - day), until = new Date(now + 365 * day) } = facts;
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const ecdsaWithSha256 = sequence(oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02));
  const name = sequence(der(0x31, sequence(oid(0x55, 0x04, 0x03), der(0x0c, Buffer.from(subject)))));
  const isAddress = /^\d+\.\d+\.\d+\.\d+$/.test(subject);
  const alternative = isAddress
    ? der(0x87, Buffer.from(subject.split('.').map(Number)))
    : der(0x82, Buffer.from(subject));
  const subjectAltName = sequence(oid(0x55, 0x1d, 0x11), der(0x04, sequence(alternative)));
  const isAuthority = der(0x01, Buffer.of(0xff));
  const basicConstraints = sequence(oid(0x55, 0x1d, 0x13), isAuthority, der(0x04, sequence(isAuthority)));
  const content = sequence(
    der(0xa0, der(0x02, Buffer.of(2))),
    der(0x02, Buffer.of(1)),
    ecdsaWithSha256,
    name,
    sequence(time(from), time(until)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(basicConstraints, subjectAltName)),
  );
  const signature = createSign('sha256').update(content).sign(privateKey);
  const whole = sequence(content, ecdsaWithSha256, der(0x03, Buffer.of(0), signature));
  const lines = whole.toString('base64').match(/.{1,64}/g) ?? [];
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

/** One DER value: tag, length, content. */
function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.of(tag, ...size), content]);
}

const sequence = (...parts: readonly Buffer[]) => der(0x30, ...parts);
const oid = (...bytes: readonly number[]) => der(0x06, Buffer.from(bytes));
const time = (date: Date) => der(0x18, Buffer.from(`${date.toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`));
