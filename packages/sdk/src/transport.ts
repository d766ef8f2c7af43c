/**
 * How the SDK reaches a daemon. A transport moves HTTP exchanges and WebSocket messages and knows nothing about VMs;
 * today there is the unix socket, another (ssh, TLS) only has to keep this contract.
 */
export interface Transport {
  /** For messages: `unix:/run/user/1000/banger/bangerd.sock` */
  readonly address: string;
  /** Resolves with the head of the answer. Aborting closes the connection, at any time until the body ends. */
  request(request: TransportRequest, signal: AbortSignal): Promise<TransportResponse>;
  /** Resolves with an open WebSocket; aborting before that closes it, after that does nothing. */
  openSocket(request: SocketRequest, signal: AbortSignal): Promise<MessageSocket>;
  /** A socket will be opened soon: the time until then may be used to get ready for it. */
  expectSocket?(): void;
  /** Closes idle connections; those in use end with what uses them. */
  close(): void;
}

export interface TransportRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With its query */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** A stream is read as it is sent. When it fails the request does, with its error; an early answer ends the reading */
  readonly body?: string | AsyncIterable<Uint8Array> | undefined;
  /** May be sent again when it is not known whether it was carried out */
  readonly repeatable: boolean;
}

export interface TransportResponse {
  readonly status: number;
  header(name: string): string | undefined;
  readonly body: AsyncIterable<Uint8Array>;
  /** Closes the connection; harmless after the end. */
  readonly close: () => void;
  /** From now on the open answer does not keep the process alive. */
  readonly unref: () => void;
}

export interface SocketRequest {
  readonly path: string;
  readonly protocol: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Called for each message in order; here, because the first may come with the answer to the upgrade */
  readonly onMessage: (message: Uint8Array) => void;
}

/** A WebSocket of binary messages. */
export interface MessageSocket {
  /** Settles once, with the error if there was one, after the last message. */
  readonly closed: Promise<Error | undefined>;
  /** Resolves when the message has left this process, so that waiting for it is back-pressure. */
  send(message: Uint8Array): Promise<void>;
  pause(): void;
  resume(): void;
  close(): void;
}
