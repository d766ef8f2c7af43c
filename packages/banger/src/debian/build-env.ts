/** What helpers of a build run with: words that can be read back, and the directories of system programs. */
export function buildEnv(path: string | undefined): Readonly<Record<string, string>> {
  return { LC_ALL: 'C.UTF-8', PATH: [path ?? '/usr/bin:/bin', '/usr/sbin', '/sbin'].join(':') };
}
