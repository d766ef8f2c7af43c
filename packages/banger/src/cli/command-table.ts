import type { Command } from './command.ts';
import { completionCommand } from './commands/completion.ts';
import { configShowCommand } from './commands/config-show.ts';
import { daemonLogsCommand } from './commands/daemon-logs.ts';
import { daemonRestartCommand } from './commands/daemon-restart.ts';
import { daemonSocketCommand } from './commands/daemon-socket.ts';
import { daemonStartCommand } from './commands/daemon-start.ts';
import { daemonStatusCommand } from './commands/daemon-status.ts';
import { daemonStopCommand } from './commands/daemon-stop.ts';
import { doctorCommand } from './commands/doctor.ts';
import { imageBuildCommand } from './commands/image-build.ts';
import { imageDeleteCommand } from './commands/image-delete.ts';
import { imageBundleCommand } from './commands/image-bundle.ts';
import { imageCachePruneCommand } from './commands/image-cache-prune.ts';
import { imagePromoteCommand } from './commands/image-promote.ts';
import { imagePruneCommand } from './commands/image-prune.ts';
import { imageRegisterCommand } from './commands/image-register.ts';
import { imageListCommand } from './commands/image-list.ts';
import { imagePullCommand } from './commands/image-pull.ts';
import { imageShowCommand } from './commands/image-show.ts';
import { kernelBundleCommand } from './commands/kernel-bundle.ts';
import { kernelImportCommand } from './commands/kernel-import.ts';
import { kernelListCommand } from './commands/kernel-list.ts';
import { kernelPullCommand } from './commands/kernel-pull.ts';
import { kernelRmCommand } from './commands/kernel-rm.ts';
import { kernelShowCommand } from './commands/kernel-show.ts';
import { sshConfigCommand } from './commands/ssh-config.ts';
import { sshProxyCommand } from './commands/ssh-proxy.ts';
import { systemInstallCommand } from './commands/system-install.ts';
import { systemRestartCommand } from './commands/system-restart.ts';
import { systemStatusCommand } from './commands/system-status.ts';
import { systemUninstallCommand } from './commands/system-uninstall.ts';
import { templateDeleteCommand } from './commands/template-delete.ts';
import { templateListCommand } from './commands/template-list.ts';
import { templatePruneCommand } from './commands/template-prune.ts';
import { versionCommand } from './commands/version.ts';
import { vmCpCommand } from './commands/vm-cp.ts';
import { vmAcpCommand } from './commands/vm-acp.ts';
import { vmCreateCommand } from './commands/vm-create.ts';
import { vmDeleteCommand } from './commands/vm-delete.ts';
import { vmExecCommand } from './commands/vm-exec.ts';
import { vmForkCommand } from './commands/vm-fork.ts';
import { vmForwardCommand } from './commands/vm-forward.ts';
import { vmKillCommand } from './commands/vm-kill.ts';
import { vmListCommand } from './commands/vm-list.ts';
import { vmLogsCommand } from './commands/vm-logs.ts';
import { vmPauseCommand } from './commands/vm-pause.ts';
import { vmPortsCommand } from './commands/vm-ports.ts';
import { vmPruneCommand } from './commands/vm-prune.ts';
import { vmRestartCommand } from './commands/vm-restart.ts';
import { vmRestoreCommand } from './commands/vm-restore.ts';
import { vmResumeCommand } from './commands/vm-resume.ts';
import { vmRunCommand } from './commands/vm-run.ts';
import { vmSessionAttachCommand } from './commands/vm-session-attach.ts';
import { vmSessionKillCommand } from './commands/vm-session-kill.ts';
import { vmSessionListCommand } from './commands/vm-session-list.ts';
import { vmSessionLogsCommand } from './commands/vm-session-logs.ts';
import { vmSessionRmCommand } from './commands/vm-session-rm.ts';
import { vmSessionSendCommand } from './commands/vm-session-send.ts';
import { vmSessionShowCommand } from './commands/vm-session-show.ts';
import { vmSessionStartCommand } from './commands/vm-session-start.ts';
import { vmSessionStopCommand } from './commands/vm-session-stop.ts';
import { vmSetCommand } from './commands/vm-set.ts';
import { vmShowCommand } from './commands/vm-show.ts';
import { vmSnapshotCommand } from './commands/vm-snapshot.ts';
import { vmSshCommand } from './commands/vm-ssh.ts';
import { vmStartCommand } from './commands/vm-start.ts';
import { vmStatsCommand } from './commands/vm-stats.ts';
import { vmStopCommand } from './commands/vm-stop.ts';
import { vmSuspendCommand } from './commands/vm-suspend.ts';
import { vmWorkspaceExportCommand } from './commands/vm-workspace-export.ts';
import { vmWorkspacePrepareCommand } from './commands/vm-workspace-prepare.ts';

/**
 * Every command. They are small and load nothing themselves: what takes time (the SDK, HTTP, zod) is loaded when a
 * command connects, so that all of them can be in one file, which starts faster than one file each.
 */
export const commands: readonly Command[] = [
  vmRunCommand,
  vmCreateCommand,
  vmListCommand,
  vmShowCommand,
  vmStartCommand,
  vmStopCommand,
  vmRestartCommand,
  vmKillCommand,
  vmPauseCommand,
  vmResumeCommand,
  vmSuspendCommand,
  vmSnapshotCommand,
  vmRestoreCommand,
  vmForkCommand,
  vmDeleteCommand,
  vmPruneCommand,
  vmSetCommand,
  vmExecCommand,
  vmSshCommand,
  vmCpCommand,
  vmWorkspacePrepareCommand,
  vmWorkspaceExportCommand,
  vmPortsCommand,
  vmForwardCommand,
  vmLogsCommand,
  vmStatsCommand,
  vmSessionStartCommand,
  vmSessionListCommand,
  vmSessionShowCommand,
  vmSessionAttachCommand,
  vmSessionSendCommand,
  vmSessionLogsCommand,
  vmSessionStopCommand,
  vmSessionKillCommand,
  vmSessionRmCommand,
  vmAcpCommand,
  imageListCommand,
  imagePullCommand,
  imageBuildCommand,
  imageShowCommand,
  imageRegisterCommand,
  imagePromoteCommand,
  imageBundleCommand,
  imageDeleteCommand,
  imagePruneCommand,
  imageCachePruneCommand,
  kernelListCommand,
  kernelPullCommand,
  kernelShowCommand,
  kernelImportCommand,
  kernelBundleCommand,
  kernelRmCommand,
  templateListCommand,
  templateDeleteCommand,
  templatePruneCommand,
  daemonStatusCommand,
  daemonStartCommand,
  daemonStopCommand,
  daemonRestartCommand,
  daemonLogsCommand,
  daemonSocketCommand,
  systemInstallCommand,
  systemStatusCommand,
  systemRestartCommand,
  systemUninstallCommand,
  sshConfigCommand,
  configShowCommand,
  doctorCommand,
  completionCommand,
  versionCommand,
];

/** Run by other programs; nobody is told about them. */
export const hiddenCommands: readonly Command[] = [sshProxyCommand];

/** Other names of the daily ones. */
export const shortcuts: Readonly<Record<string, string>> = {
  run: 'vm run',
  ps: 'vm list',
  exec: 'vm exec',
  ssh: 'vm ssh',
  cp: 'vm cp',
  'vm ps': 'vm list',
};
