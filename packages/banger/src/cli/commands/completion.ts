import { scripts, shells } from '../completion/scripts.ts';
import { defineCommand } from '../command.ts';
import { refuse } from '../flags.ts';

export const completionCommand = defineCommand({
  name: 'completion',
  summary: 'Print the script that completes banger in a shell',
  details: [
    'Verbs, flags and their values, and the names of VMs, images, kernels, templates, snapshots and sessions that there are now. Without a running daemon no such name is completed, and none is started.',
    'bash: eval "$(banger completion bash)" in ~/.bashrc. zsh: the same in ~/.zshrc, after compinit. fish: banger completion fish > ~/.config/fish/completions/banger.fish. PowerShell: banger completion powershell | Out-String | Invoke-Expression in $PROFILE.',
  ],
  operands: {
    usage: '<shell>',
    min: 1,
    max: 1,
    read: ([text = '']) =>
      shells.find((shell) => shell === text) ??
      refuse(`"${text}" is not one of ${shells.join(', ')}`),
  },
  flags: {},
  examples: ['eval "$(banger completion bash)"'],
  calls: [],
  daemon: 'never',
  async run({ operand: shell }, { out }) {
    await out.result(scripts[shell].trimEnd(), { shell, script: scripts[shell] });
    return 0;
  },
});
