/** The key that the user logs in to VMs with. */
export interface UserKey {
  /** Its private half, for OpenSSH */
  readonly file: string;
  /** "ssh-ed25519 AAAA…", as guests are told. A key of banger's own is made when it is first asked for. */
  publicKey(): Promise<string>;
}
