import type { Duplex } from 'node:stream';

import type { FromImage } from './from-image.ts';
import type { GuestBuilds } from './guest-builds.ts';
import type { GuestFiles } from './guest-files.ts';
import type { GuestNetwork } from './guest-network.ts';
import type { GuestSessions } from './guest-sessions.ts';
import type { GuestWorkspaces } from './guest-workspaces.ts';

/** The agent in a running guest, over one connection. Every call has a deadline of its own besides `signal`. */
export interface Guest extends AsyncDisposable {
  readonly agentBuild: string;
  /** Aborts when the connection is lost: closed, rubbish, or no answer to keepalives. The reason is a BangerError. */
  readonly lost: AbortSignal;
  info(signal: AbortSignal): Promise<GuestInfo>;
  boot(request: GuestBoot, signal: AbortSignal): Promise<GuestBooted>;
  /** Until start-up is over or `signal` aborts */
  ready(signal: AbortSignal): Promise<GuestReady>;
  exec(request: GuestExec, io: GuestExecIo, signal: AbortSignal): Promise<GuestExit>;
  readonly network: GuestNetwork;
  readonly files: GuestFiles;
  readonly sessions: GuestSessions;
  readonly workspaces: GuestWorkspaces;
  readonly builds: GuestBuilds;
  stats(signal: AbortSignal): Promise<GuestStats>;
  /** sync(2) in the guest; with `dropCaches` its page cache is freed too, so that a saved memory is small */
  sync(signal: AbortSignal, options?: { readonly dropCaches?: boolean }): Promise<void>;
  /**
   * Makes a restored guest this VM: name, addresses, keys, entropy, time, sizes. May be repeated. Resolves with what the
   * guest then says of itself, for the caller to compare.
   */
  identify(request: GuestIdentity, signal: AbortSignal): Promise<GuestIdentified>;
  /** Sets the guest's clock by the host's; resolves with the difference that is left, in ms (positive: the guest is ahead) */
  syncClock(signal: AbortSignal): Promise<number>;
  /** Until disposed, silence of the guest is not taken as its end: its vCPUs are about to be stopped. Nests. */
  expectSilence(): Disposable;
  /** Ends the conversation in good order: when it resolves the agent waits for its next host. Then dispose. */
  leave(signal: AbortSignal): Promise<void>;
  shutdown(signal: AbortSignal): Promise<void>;
}

/** Opens connections to agents. */
export interface GuestConnector {
  /**
   * Shakes hands with a fresh nonce and starts HTTP/2. Tries until `signal` aborts or `stream` says the other end is
   * gone; then rejects with `guest.unreachable`. Owns the stream from the call on.
   */
  connect(stream: Duplex, signal: AbortSignal): Promise<Guest>;
}

export interface GuestInfo {
  readonly agentBuild: string;
  readonly bootId: string;
  readonly kernelRelease: string;
  readonly phase: 'initrd' | 'booting' | 'booted' | 'stopping';
  readonly uptimeMs: number;
}

/** Who a guest is. */
export interface GuestIdentity {
  readonly hostname: string;
  /** Lines for /etc/hosts besides localhost and the hostname */
  readonly hosts: readonly string[];
  readonly dnsServers: readonly string[];
  /** Of the guest's one interface, whatever it had before; `address` with prefix length */
  readonly network: { readonly mac: string; readonly address: string; readonly gateway: string };
  /** 32 hex digits */
  readonly machineId: string;
  /** Replace all that the image has, if it has an sshd */
  readonly sshHostKeys: readonly GuestHostKey[];
  /** Lines as in authorized_keys, at most 64: who may log in by ssh */
  readonly authorizedKeys: readonly string[];
  /** Who root commits as, where nobody has said otherwise; undefined takes back what was given before */
  readonly git?: { readonly name: string; readonly email: string } | undefined;
  /** For the kernel's random number generator, which is then reseeded; at most 256 bytes */
  readonly seed: Uint8Array;
  /** The file systems are grown to these sizes, once the devices are that large; 0: as large as the device */
  readonly overlayMib: number;
  readonly workMib: number;
}

export interface GuestHostKey {
  /** "ed25519" */
  readonly type: string;
  /** PEM, "OPENSSH PRIVATE KEY" */
  readonly privateKey: string;
  /** "ssh-ed25519 AAAA…" */
  readonly publicKey: string;
}

/** What a guest says it is, read back from the guest's kernel and files. */
export interface GuestIdentified {
  readonly hostname: string;
  readonly machineId: string;
  readonly mac: string;
  /** IPv4, with prefix length */
  readonly addresses: readonly string[];
  /** Public keys in /etc/ssh */
  readonly sshHostKeys: readonly string[];
  /** 16 bytes from the reseeded generator, hex */
  readonly randomSample: string;
  readonly overlayMib: number;
  readonly workMib: number;
  readonly stages: readonly { readonly name: string; readonly ms: number }[];
  /** Of the machine it was restored from */
  readonly bootId: string;
  /** As for `syncClock`; wrong by at most `clockErrorMs` */
  readonly clockOffsetMs: number;
  readonly clockErrorMs: number;
}

export interface GuestBoot {
  readonly identity: GuestIdentity;
  /** `build`: the agent stays process 1 and writes nothing of its own into the root */
  readonly init: 'image' | 'agent' | 'build';
  /** `NAME=VALUE`, of those who log in by the agent's ssh server */
  readonly imageEnv: readonly string[];
  /** By serial number; empty: there is none */
  readonly drives: {
    readonly base: string;
    readonly overlay: string;
    readonly work: string;
    readonly modules: string;
    /** Between base and overlay, of a build */
    readonly delta?: string;
  };
}

export interface GuestBooted {
  readonly bootId: string;
  readonly stages: readonly { readonly name: string; readonly ms: number }[];
}

export interface GuestReady {
  readonly state: string;
  readonly failedUnits: readonly string[];
}

export interface GuestExec extends FromImage {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string | undefined;
  readonly user?: string | undefined;
  readonly terminal?:
    | { readonly rows: number; readonly cols: number; readonly term?: string | undefined }
    | undefined;
  readonly stdin: boolean;
}

/** What the caller gives and takes while a command runs. */
export interface GuestExecIo {
  /** Ends with the half-close of stdin */
  readonly input: AsyncIterable<GuestExecInput>;
  /** Called in order; the next chunk waits for the promise, so a slow reader slows the guest */
  onOutput(stream: 'stdout' | 'stderr', bytes: Uint8Array): Promise<void> | void;
  onStarted?(pid: number): void;
}

export type GuestExecInput =
  | { readonly kind: 'stdin'; readonly bytes: Uint8Array }
  | { readonly kind: 'eof' }
  | { readonly kind: 'signal'; readonly signal: number }
  | { readonly kind: 'resize'; readonly rows: number; readonly cols: number };

/** How a command ended. Failures to run it reject with `exec.not_found`, `exec.not_executable` or `exec.invalid`. */
export type GuestExit =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'signalled'; readonly signal: number };

export interface GuestStats {
  readonly cpuBusyNs: number;
  readonly cpuTotalNs: number;
  readonly memoryTotalBytes: number;
  readonly memoryAvailableBytes: number;
  readonly memoryFreeBytes: number;
  /** "buff/cache" of free(1) */
  readonly memoryCacheBytes: number;
  readonly fileSystems: readonly {
    readonly mountPoint: string;
    readonly sizeBytes: number;
    readonly usedBytes: number;
  }[];
  readonly networkReceivedBytes: number;
  readonly networkSentBytes: number;
  readonly processCount: number;
  readonly load1m: number;
}
