/** A remote's URL without what lets one in: the user's name and password of http(s), the password of others. */
export function withoutCredentials(url: string): string {
  const parts = /^([a-z][a-z0-9+.-]*):\/\/(?:([^/@]*)@)?(.*)$/is.exec(url);
  if (parts === null) return url; // A path, or `git@host:path`, which has no password.
  const [, scheme = '', login, rest = ''] = parts;
  if (login === undefined) return url;
  const user = login.split(':')[0] ?? '';
  return /^https?$/i.test(scheme) || user === ''
    ? `${scheme}://${rest}`
    : `${scheme}://${user}@${rest}`;
}
