import { api } from '@banger/protocol/api';
import { BangerError } from '@banger/protocol/errors';

import type { CallOptions } from '../call-options.ts';
import type { Caller } from '../caller.ts';
import type { Sink } from '../exec-options.ts';
import { spawnCommand } from '../spawn-command.ts';
import { openOutputFile } from './output-file.ts';

export interface ExportOptions extends CallOptions {
  /** Where the patch goes, as it comes; or the path of a file, which is there when the patch is whole */
  readonly output: Sink | string;
  /** Default: where the workspace was shipped to */
  readonly guestPath?: string | undefined;
  /** What the patch is to be applied to; default: the commit that was shipped */
  readonly baseCommit?: string | undefined;
}

const status = { noGit: 90, noRepository: 91, noBase: 92 } as const;

/**
 * Compares the files with the base through an index and objects of its own: those of the guest stay as they are. What the
 * guest's settings and attributes say about the form of a patch does not count.
 * $1: the workspace, $2: the base, empty for a workspace without a commit
 */
const SCRIPT = `
cd "$1" 2>/dev/null || exit ${String(status.noRepository)}
command -v git >/dev/null || exit ${String(status.noGit)}
unset $(env | sed -n 's/^\\(GIT_[A-Za-z_]*\\)=.*/\\1/p')
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM PIPE
g() { git -c safe.directory='*' -c core.hooksPath=/dev/null -c core.fsmonitor=false -c core.untrackedCache=false \\
  -c core.splitIndex=false -c core.quotePath=true -c core.safecrlf=false -c advice.addEmbeddedRepo=false -c gc.auto=0 "$@"; }
dir=$(g rev-parse --absolute-git-dir 2>/dev/null) || exit ${String(status.noRepository)}
base=$2
if [ -n "$base" ]; then
  base=$(g rev-parse -q --verify --end-of-options "$base^{commit}") || exit ${String(status.noBase)}
else
  base=$(g hash-object -t tree /dev/null) || exit 1
fi
mkdir "$tmp/objects" || exit 1
objects=$(g rev-parse --git-path objects) && objects=$(cd "$objects" && pwd) || exit 1
if [ -f "$dir/index" ]; then cp -p "$dir/index" "$tmp/index" || exit 1; fi
export GIT_INDEX_FILE="$tmp/index" GIT_OBJECT_DIRECTORY="$tmp/objects" GIT_OPTIONAL_LOCKS=0
export GIT_ALTERNATE_OBJECT_DIRECTORIES="$objects"
g read-tree --reset "$base" || exit 1
g add -A || exit 1
g diff-index --cached --patch --binary --full-index --no-ext-diff --no-textconv --no-renames --no-color \\
  --ignore-submodules=none --submodule=short --src-prefix=a/ --dst-prefix=b/ -U3 "$base"
`;

/** Streams the patch; rejects when the guest has no git, no such workspace, or no such commit. */
export async function exportPatch(
  caller: Caller,
  vm: string,
  { output, ...options }: ExportOptions,
): Promise<void> {
  if (typeof output !== 'string') return streamPatch(caller, vm, { ...options, output });
  await using file = await openOutputFile(output);
  await streamPatch(caller, vm, { ...options, output: file.write });
  await file.keep();
}

async function streamPatch(
  caller: Caller,
  vm: string,
  { output, guestPath, baseCommit, signal }: ExportOptions & { readonly output: Sink },
): Promise<void> {
  const { name, workspace } = await caller.call(api.showVm, { vm }, { signal });
  const path = guestPath ?? workspace?.guestPath;
  if (path === undefined) {
    throw new BangerError(
      'workspace.none',
      `Cannot export from VM "${name}": no workspace was shipped into it`,
      {
        hint: `banger vm workspace prepare ${name} .`,
      },
    );
  }
  const shipped = workspace?.guestPath === path ? (workspace.commit ?? '') : 'HEAD';
  const base = baseCommit ?? shipped;
  const errors: Uint8Array[] = [];
  await using command = await spawnCommand(
    caller,
    { vm, argv: ['/bin/sh', '-c', SCRIPT, 'export', path, base] },
    { stdout: output, stderr: (chunk) => void errors.push(chunk), cwd: '/', user: 'root', signal },
  );
  const { exitCode } = await command.outcome;
  if (exitCode !== 0) throw explain({ name, path, base, exitCode, errors });
}

interface Failure {
  readonly name: string;
  readonly path: string;
  readonly base: string;
  readonly exitCode: number;
  readonly errors: readonly Uint8Array[];
}

function explain({ name, path, base, exitCode, errors }: Failure): BangerError {
  const cannot = `Cannot export "${path}" from VM "${name}"`;
  switch (exitCode) {
    case status.noGit:
      return new BangerError('workspace.no_tool', `${cannot}: its image has no git`, {
        hint: `banger vm exec ${name} -- apt-get install -y git`,
      });
    case status.noRepository:
      return new BangerError('workspace.none', `${cannot}: there is no git repository`, {
        hint: `banger vm workspace prepare ${name} .`,
      });
    case status.noBase:
      return new BangerError('usage.invalid', `${cannot}: it has no commit "${base}"`, {
        hint: `banger vm exec ${name} --cwd ${path} -- git log --oneline`,
      });
    default: {
      const lines = Buffer.concat(errors).toString().trim().split('\n');
      const fact =
        lines
          .at(-1)
          ?.slice(0, 300)
          .replace(/^(fatal|error): /, '') ?? '';
      return new BangerError(
        'guest.refused',
        `${cannot}: ${fact === '' ? `it ended with ${String(exitCode)}` : fact}`,
        {
          hint: `banger vm exec ${name} --cwd ${path} -- git status`,
          details: { stderr: lines.slice(-20) },
        },
      );
    }
  }
}
