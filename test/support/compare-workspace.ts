import assert from 'node:assert/strict';

import type { Checkout } from './checkouts.ts';
import { runToEnd } from './run-to-end.ts';
import type { SandboxHome } from './sandbox-home.ts';

/** What git says, in any checkout */
const GIT = [
  ['status', 'git status --porcelain=v2 --untracked-files=no'],
  ['diff', 'git diff --binary --no-color'],
  ['staged', 'git diff --cached --binary --no-color'],
  ['head', 'cat .git/HEAD; git rev-parse -q --verify HEAD'],
] as const;

/** Kind, mode, content and time of each file that comes in, by name */
const DESCRIBE = `LC_ALL=C sort -zu | xargs -0 -r sh -c 'for f; do
  if [ -L "$f" ]; then printf "link %s" "$(readlink "$f")"
  elif [ -f "$f" ]; then printf "file %s %s" "$(stat -c "%a %Y" "$f")" "$(sha256sum < "$f")"
  else continue; fi; printf " %s\\n" "$f"; done' sh`;

const HOST_FILES = `git ls-files -z | ${DESCRIBE}`;
const GUEST_FILES = `find . -path ./.git -prune -o ! -type d -print0 | sed -z 's|^./||' | ${DESCRIBE}`;

/** What there is in the guest, by the same commands as on the host. */
export async function guestSh(home: SandboxHome, vm: string, script: string): Promise<string> {
  const argv = ['sh', '-c', `${script}; true`];
  const { stdout } = await home.ok(['vm', 'exec', vm, '--', ...argv], { stdin: '' });
  return stdout;
}

export async function hostSh({ path }: Checkout, script: string): Promise<string> {
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: '/nonexistent',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_OPTIONAL_LOCKS: '0',
  };
  const { stdout } = await runToEnd(['sh', '-c', `cd '${path}' && ${script}`], { env });
  return stdout;
}

/** git says the same on both sides, and each file is the same. */
export async function assertSameWorkspace(
  home: SandboxHome,
  vm: string,
  checkout: Checkout,
): Promise<void> {
  const [files, guest] = [await hostSh(checkout, HOST_FILES), await guestSh(home, vm, GUEST_FILES)];
  assert.equal(guest, files);
  for (const [what, script] of GIT) {
    assert.equal(await guestSh(home, vm, script), await hostSh(checkout, script), what);
  }
}
