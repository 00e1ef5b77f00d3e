/** Headers of one connection: they end with it, in both directions. */
export const hopByHop: readonly string[] =
  'connection keep-alive proxy-connection te trailer transfer-encoding upgrade'.split(' ');
