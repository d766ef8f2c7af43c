/** One HTTP exchange, as far as registries need it: no redirects followed, no status an error. */
export interface WireRequest {
  readonly url: URL;
  readonly method?: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface WireAnswer {
  readonly status: number;
  header(name: string): string | undefined;
  /** Rejects when nothing comes for too long, or the connection breaks before its announced end */
  readonly body: AsyncIterable<Uint8Array>;
  /** Nobody wants the body (any more) */
  drop(): void;
}

/** Connections to registries. */
export interface Wire {
  /**
   * Resolves with the head of the answer. Connecting, waiting for the head and each wait for a piece of the body are bounded.
   * `unverified`: whoever answers is believed to be the host.
   */
  exchange(
    request: WireRequest & { readonly unverified?: boolean },
    signal: AbortSignal,
  ): Promise<WireAnswer>;
  /**
   * Closes the connections that are idle, and the others when they are; the next exchange makes new ones, and looks at
   * certificates anew.
   */
  release(): void;
}
