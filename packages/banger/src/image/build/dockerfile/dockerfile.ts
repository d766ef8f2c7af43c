/**
 * A Dockerfile as it is written: stages of instructions, nothing substituted yet, because what a variable stands for is
 * only known when the instructions before are carried out (docs.docker.com/reference/dockerfile).
 */
export interface Dockerfile {
  /** `\` unless the directive `escape` says otherwise */
  readonly escape: string;
  /** ARGs before the first FROM: for the FROMs, and for stages that declare them again */
  readonly globalArgs: readonly ArgInstruction[];
  readonly stages: readonly StageSource[];
  /** What was understood and has no effect */
  readonly warnings: readonly string[];
}

export interface StageSource {
  /** Of its FROM */
  readonly line: number;
  readonly base: string;
  readonly platform: string | undefined;
  /** `AS name`, in lower case */
  readonly name: string | undefined;
  readonly instructions: readonly Instruction[];
}

interface Placed {
  /** Where it begins, from 1 */
  readonly line: number;
  /** As a person wants to see it again: one line */
  readonly text: string;
}

/** NAME=VALUE, both still to be substituted. */
export type Pair = readonly [name: string, value: string];

export interface ArgInstruction extends Placed {
  readonly kind: 'arg';
  readonly declared: readonly { readonly name: string; readonly value: string | undefined }[];
}

/** Shell form (`RUN make`) or exec form (`RUN ["make"]`). */
export type CommandLine =
  | { readonly form: 'shell'; readonly text: string }
  | { readonly form: 'exec'; readonly argv: readonly string[] };

export interface Heredoc {
  readonly name: string;
  /** The name was not quoted: variables count in it */
  readonly isExpanded: boolean;
  /** `<<-`: tabs at the beginning of lines do not count */
  readonly isChomped: boolean;
  readonly content: string;
}

export interface RunInstruction extends Placed {
  readonly kind: 'run';
  readonly command: CommandLine;
  readonly heredocs: readonly Heredoc[];
}

export interface CopyInstruction extends Placed {
  readonly kind: 'copy' | 'add';
  readonly sources: readonly string[];
  readonly destination: string;
  /** Files whose contents are in the Dockerfile */
  readonly inline: readonly Heredoc[];
  /** A stage or an image; undefined: the build context */
  readonly from: string | undefined;
  readonly chown: string | undefined;
  readonly chmod: string | undefined;
}

export interface Health {
  /** `NONE`, or a command */
  readonly command: CommandLine | 'none';
  /** As written: `interval`, `timeout`, `start-period`, `start-interval`, `retries` */
  readonly options: ReadonlyMap<string, string>;
}

export type Instruction =
  | ArgInstruction
  | RunInstruction
  | CopyInstruction
  | (Placed & { readonly kind: 'env' | 'label'; readonly pairs: readonly Pair[] })
  | (Placed & { readonly kind: 'workdir' | 'user' | 'stopsignal'; readonly value: string })
  | (Placed & { readonly kind: 'cmd' | 'entrypoint'; readonly command: CommandLine })
  | (Placed & { readonly kind: 'expose' | 'volume'; readonly values: readonly string[] })
  | (Placed & { readonly kind: 'shell'; readonly argv: readonly string[] })
  | (Placed & { readonly kind: 'healthcheck'; readonly health: Health })
  | (Placed & { readonly kind: 'onbuild'; readonly trigger: string })
  | (Placed & { readonly kind: 'maintainer'; readonly value: string });
