/** How a registry wants to be asked (RFC 9110, section 11.6.1; distribution's token specification). */
export type Challenge =
  | { readonly scheme: 'basic' }
  | {
      readonly scheme: 'bearer';
      readonly realm: string;
      readonly service: string | undefined;
      readonly scope: string | undefined;
    };

const PARAMETER = /([a-zA-Z_-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))/g;
const MAX_LENGTH = 8192;

/** The first challenge that we can answer; bearer before basic. undefined: there is none. */
export function parseChallenge(header: string | undefined): Challenge | undefined {
  if (header === undefined || header.length > MAX_LENGTH) return undefined;
  const bearer = /(?:^|,\s*)bearer\s+(.*)$/is.exec(header)?.[1];
  if (bearer !== undefined) {
    const parameters = new Map<string, string>();
    for (const [, name = '', quoted, bare] of bearer.matchAll(PARAMETER)) {
      const value = quoted?.replace(/\\(.)/g, '$1') ?? bare ?? '';
      if (!parameters.has(name.toLowerCase())) parameters.set(name.toLowerCase(), value);
    }
    const realm = parameters.get('realm');
    if (realm !== undefined) {
      return {
        ...{ scheme: 'bearer', realm },
        service: parameters.get('service'),
        scope: parameters.get('scope'),
      };
    }
  }
  return /(?:^|,\s*)basic(?:\s|,|$)/i.test(header) ? { scheme: 'basic' } : undefined;
}
