/** How `vm ssh` runs OpenSSH. */
export interface SshCall {
  readonly configFile: string;
  /** Name of the VM */
  readonly vm: string;
  /** Empty: a shell */
  readonly argv: readonly string[];
  readonly user?: string | undefined;
  readonly hasTerminal: boolean;
  readonly forwardsAgent: boolean;
  /** `[host:]port:host:port`, as ssh's own -L */
  readonly forwards: readonly string[];
  /** `KEY=VALUE` of ssh_config(5) */
  readonly options: readonly string[];
  /** A file in the guest that is made when the command ends with 255, the status that ssh has for failures of its own */
  readonly marker: string;
}

/** The command line; only banger's own configuration is read. Pure. */
export function sshCommand(call: SshCall): readonly string[] {
  const { argv, user, forwards, options } = call;
  return [
    ...['ssh', '-F', call.configFile],
    ...options.flatMap((option) => ['-o', option]),
    ...(call.forwardsAgent ? ['-A'] : []),
    ...forwards.flatMap((forward) => ['-L', forward]),
    ...(call.hasTerminal ? ['-tt'] : []),
    ...(user === undefined ? [] : ['-l', user]),
    `${call.vm}.vm`,
    ...(argv.length === 0 ? [] : ['--', remoteCommand(argv, call.marker)]),
  ];
}

/**
 * ssh gives the guest's shell one text, so every argument is quoted. The shell outlives what interrupts the command, or
 * ssh would tell of a signal as of a failure of its own.
 */
function remoteCommand(argv: readonly string[], marker: string): string {
  const command = argv.map(quoted).join(' ');
  return `trap : INT QUIT; ${command}; s=$?; [ $s -ne 255 ] || : >${marker}; exit $s`;
}

/** For a POSIX shell: between apostrophes everything is as it is. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
