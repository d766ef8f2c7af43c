/** Where catalogs and bundles may be: the web, a directory of this host, or a server on this host. */
const SECURE = 'https:';
const LOCAL_HOSTS: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

/** undefined: nothing is to be read from there. */
export function parseCatalogUrl(text: string): URL | undefined {
  const url = URL.parse(text);
  return url !== null && isAllowed(url) ? url : undefined;
}

function isAllowed({ protocol, hostname }: URL): boolean {
  if (protocol === 'file:') return hostname === '';
  return protocol === SECURE || (protocol === 'http:' && LOCAL_HOSTS.has(hostname));
}

/**
 * Where `reference`, found at `base`, leads. What came over https leads to https only: neither to files of this host nor
 * to its servers, which whoever wrote it has no business with.
 */
export function followUrl(reference: string, base: URL): URL | undefined {
  const url = URL.parse(reference, base.href);
  if (url === null || !isAllowed(url)) return undefined;
  const isNearer = url.protocol === 'file:' && base.protocol !== 'file:';
  const isWeaker = base.protocol === SECURE && url.protocol !== SECURE;
  return isNearer || isWeaker ? undefined : url;
}
