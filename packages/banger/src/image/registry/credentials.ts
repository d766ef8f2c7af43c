/** Who asks a registry. */
export type Credentials =
  | { readonly kind: 'password'; readonly username: string; readonly password: string }
  /** What a login left instead of a password, for the registry's token service */
  | { readonly kind: 'identity-token'; readonly token: string };

export interface FoundCredentials {
  /** undefined: nobody logged in there */
  readonly credentials: Credentials | undefined;
  /** For messages: where they are from, or where there was something that could not be read, and why */
  readonly source: string | undefined;
}

/** What `docker login` and `podman login` left. Asked again each time: a login counts for the next pull. */
export interface CredentialStore {
  /** `host` as in a reference; `repository` for logins that are for one part of a registry */
  find(
    target: { readonly host: string; readonly repository: string },
    signal: AbortSignal,
  ): Promise<FoundCredentials>;
}
