/** The byte streams beside `api.ts`, their paths in one place for server and SDK. */
export const streams = {
  /** GET, server-sent events; `Last-Event-ID: <epoch>/<seq>` resumes */
  events: '/v1/events',
  /** GET, text; query: source=console|vmm, follow=true|false, tail=<lines> */
  vmLogs: '/v1/vms/:vm/logs',
  /** GET, text; query: follow, tail */
  daemonLogs: '/v1/daemon/logs',
  /** WebSocket, sub-protocol of `exec.ts` */
  execAttach: '/v1/execs/:exec/attach',
  /**
   * WebSocket, sub-protocol `banger.stream.v1`; query: port=<TCP port>, or unix=<absolute path of a socket>. A connection
   * to what listens there in the guest; a refusal is an HTTP error. Messages are bytes; an empty one is a half-close.
   */
  dial: '/v1/vms/:vm/dial',
  /**
   * PUT, body a tar stream, query `PutFilesQuery`: unpacked in the guest, answers `FilesPlaced`. GET, query `GetFilesQuery`:
   * a tar stream in the records of `files.ts`, whose last one says that it is whole, or why not.
   */
  files: '/v1/vms/:vm/files',
  /** WebSocket, sub-protocol of `session-frames.ts`; query: `AttachQuery`. A refusal is an HTTP error. */
  sessionAttach: '/v1/vms/:vm/sessions/:session/attach',
  /**
   * PUT, the head of a ship (guest/internal/workspace/stream.go); query: `ShipQuery`. Answers `PlannedShip`: what the guest
   * needs of it. Changes nothing there.
   */
  planShip: '/v1/vms/:vm/workspace/plan',
  /** PUT, the whole of it; answers `Shipped`, once it is the VM's workspace */
  applyShip: '/v1/vms/:vm/workspace',
  /**
   * PUT, body a tar stream, plain or compressed by gzip or zstd: the files of a build. Answers `SentContext`; a build
   * that names it takes it, and without one it goes after ten minutes.
   */
  buildContext: '/v1/builds/contexts',
  /** GET, a tar of an OCI layout with the image; whole only if the answer ends as HTTP says it must */
  imageLayout: '/v1/images/:image/oci',
  /**
   * PUT, an archive with images (an OCI layout as a tar, or what `docker save` writes; perhaps compressed); query:
   * `ArchiveQuery`. Answers `ArchivedImage`: the parts of the one that is meant are in the cache, for `loadImage`.
   */
  imageArchive: '/v1/images/archive',
  /** GET, a bundle, with a `BundleHead` in its header `banger-bundle`; whole only if the answer ends as HTTP says it must */
  imageBundle: '/v1/images/:image/bundle',
  kernelBundle: '/v1/kernels/:kernel/bundle',
  /** GET, the OpenAPI 3.1 document */
  openapi: '/v1/openapi.json',
  /**
   * POST, empty: cancels the work of an operation, and answers 204 once it has ended and was undone. A client that
   * aborts long work asks this first, so that it can wait for the undoing; a daemon without it answers 404, and the
   * client closes its connection instead.
   */
  cancelOperation: '/v1/operations/:operation/cancel',
} as const;

/** Sub-protocol of a WebSocket that is one connection. */
export const STREAM_SUBPROTOCOL = 'banger.stream.v1';

/** Carries the operation id both ways. */
export const OPERATION_HEADER = 'banger-operation';

/** `<id>/<time>` of the daemon's build (`DaemonInfo.build`), on every answer. */
export const BUILD_HEADER = 'banger-build';

/** `/v1/vms/:vm` with its parameters filled in. */
export function fillPath(path: string, params: Readonly<Record<string, string>>): string {
  return path.replace(/:([a-z]+)/gi, (_, name: string) => encodeURIComponent(params[name] ?? ''));
}

/** The parameters of a path that `pattern` describes, decoded; none when it describes another. */
export function matchPath(
  pattern: string,
  path: string,
): Readonly<Record<string, string>> | undefined {
  const parts = path.split('/');
  const wanted = pattern.split('/');
  if (parts.length !== wanted.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, want] of wanted.entries()) {
    const part = parts[index] ?? '';
    if (want.startsWith(':')) params[want.slice(1)] = decode(part);
    else if (want !== part) return undefined;
  }
  return params;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // Not encoded by anybody; whoever looks for it says that it is not there.
  }
}
