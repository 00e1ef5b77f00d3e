/**
 * Which addresses are somebody else's on the internet, and which are this machine, its network, or what a cloud tells its machines
 * their secrets by. Asked when an endpoint comes through the admin API, and again of the address that a connection really has.
 */
import { BlockList, isIP, isIPv4 } from 'node:net';

/** IPv4 networks that are nobody's on the internet. */
const NETWORKS_4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  // Here the clouds have their metadata.
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
  // Azure's own, on every machine of it.
  ['168.63.129.16', 32],
];

/** What of IPv6 is on the internet; all else is not. */
const INTERNET_6 = ['2000::', 3] as const;

/** Parts of that which lead to IPv4 addresses, or nowhere. */
const NETWORKS_6: readonly (readonly [string, number])[] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
];

const [inside, internet] = [new BlockList(), new BlockList()];
for (const [address, bits] of NETWORKS_4) inside.addSubnet(address, bits, 'ipv4');
for (const [address, bits] of NETWORKS_6) inside.addSubnet(address, bits, 'ipv6');
internet.addSubnet(...INTERNET_6, 'ipv6');

/** True for an IP address of the internet; an IPv6 address that stands for an IPv4 one is none, whichever. */
export function isPublic(address: string): boolean {
  if (isIPv4(address)) return !inside.check(address, 'ipv4');
  return isIP(address) === 6 && internet.check(address, 'ipv6') && !inside.check(address, 'ipv6');
}

/** The host of a URL without brackets and the dot of a complete name. */
const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');

/** Names that mean this machine or the network around it, wherever they are looked up. */
const INSIDE_NAME =
  /(^|\.)(localhost|localdomain|local|internal|intranet|lan|home|corp|private|home\.arpa|in-addr\.arpa|ip6\.arpa|onion|test|invalid|example)$/i;

/** A name written for the internet has a dot. */
const isInsideName = (host: string) => !host.includes('.') || INSIDE_NAME.test(host);

/** What is wrong with a URL by how it is written; `undefined` = nothing, though its name may still lead anywhere. */
export function urlProblem(written: string): string | undefined {
  // Other spellings of an address are taken apart here, as every client would: 0x7f.1, 2130706433, 127.1, full-width digits.
  let url: URL;
  try {
    url = new URL(written);
  } catch {
    return 'is no URL';
  }
  if (url.protocol !== 'https:') return 'must begin with https://';
  if (url.username !== '' || url.password !== '') return 'must hold no name and password; put the key into apiKey';
  if (url.search !== '' || url.hash !== '') return 'must hold neither ? nor #; put parameters into defaultQuery';
  const host = hostOf(url);
  const isInside = isIP(host) > 0 ? !isPublic(host) : host === '' || isInsideName(host);
  return isInside ? 'leads to this machine or its own network' : undefined;
}
