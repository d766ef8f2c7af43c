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
  /** GET, the OpenAPI 3.1 document */
  openapi: '/v1/openapi.json',
  /**
   * POST, empty: cancels the work of an operation, and answers 204 once it has ended and was undone. A client that
   * aborts long work asks this first, so that it can wait for the undoing; a daemon without it answers 404, and the
   * client closes its connection instead.
   */
  cancelOperation: '/v1/operations/:operation/cancel',
} as const;

/** Carries the operation id both ways. */
export const OPERATION_HEADER = 'banger-operation';

/** `<id>/<time>` of the daemon's build (`DaemonInfo.build`), on every answer. */
export const BUILD_HEADER = 'banger-build';

/** `/v1/vms/:vm` with its parameters filled in. */
export function fillPath(path: string, params: Readonly<Record<string, string>>): string {
  return path.replace(/:([a-z]+)/gi, (_, name: string) => encodeURIComponent(params[name] ?? ''));
}
