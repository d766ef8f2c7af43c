import { api } from '@banger/protocol/api';

import type { Command } from '../../packages/banger/src/cli/command.ts';
import { commands, shortcuts } from '../../packages/banger/src/cli/command-table.ts';
import { globalFlags } from '../../packages/banger/src/cli/global-flags.ts';
import { flagLines, usageLine } from '../../packages/banger/src/cli/help-text.ts';

/** docs/cli.md */
export function cliPage(): string {
  return [
    '# Command line',
    '',
    'Generated from the commands by `make generate`; do not edit.',
    '',
    'Results go to stdout, everything else to stderr. A VM is named by its full name, its full id, or a',
    'beginning of its id that no other has. Sizes are `512M`, `4G`, `16GiB` or a number of MiB; durations',
    '`90s`, `10m`, `2h`.',
    '',
    'Exit status: 0, 1 for a failure, 2 for wrong usage. `vm exec`, `vm ssh` and `vm run … -- cmd` end with the',
    "command's own status, 128+N when signal N ended it, 127 when it was not found, 126 when it could not be",
    'executed, and 125 when banger itself failed, wrong usage included. An interrupted banger ends with 128+N.',
    '',
    'Ctrl-C cancels the work in the daemon too and waits until it is undone; a second one ends at once.',
    'The daemon is started when it is needed, unless `BANGER_NO_DAEMON_START=1` is set.',
    '',
    'Flags of every command:',
    '',
    '```',
    ...flagLines(globalFlags),
    '```',
    ...commands.flatMap(section),
    '',
  ].join('\n');
}

function section(command: Command): readonly string[] {
  const flags = flagLines(command.flags);
  const also = Object.entries(shortcuts).flatMap(([short, name]) =>
    name === command.name ? [`\`banger ${short}\``] : [],
  );
  const errors = [...new Set(command.calls.flatMap((name) => [...api[name].errors]))].sort();
  return [
    '',
    `## banger ${command.name}`,
    '',
    `${command.summary}.${also.length === 0 ? '' : ` Also ${also.join(' and ')}.`}`,
    ...(command.details ?? []).flatMap((paragraph) => ['', paragraph]),
    '',
    '```',
    usageLine(command),
    ...flags,
    '```',
    '',
    'Examples:',
    '',
    '```sh',
    ...command.examples,
    '```',
    ...(errors.length === 0
      ? []
      : ['', `Errors: ${errors.map((code) => `[\`${code}\`](errors.md)`).join(', ')}.`]),
  ];
}
