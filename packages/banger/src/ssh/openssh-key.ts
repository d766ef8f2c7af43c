import type { GuestHostKey } from '../guest/guest.ts';

/*
 * The format "openssh-key-v1" of OpenSSH's PROTOCOL.key, for one ed25519 key without a passphrase. Strings and blobs are
 * a length of 32 bits and the bytes (RFC 4251, section 5).
 */
export const ED25519 = 'ssh-ed25519';
const MAGIC = Buffer.from('openssh-key-v1\0');
const BEGIN = '-----BEGIN OPENSSH PRIVATE KEY-----';
const END = '-----END OPENSSH PRIVATE KEY-----';
const BLOCK_BYTES = 8; // Of the cipher "none".
const LINE_LENGTH = 70;
const KEY_BYTES = 32;

export interface Ed25519Key {
  readonly seed: Uint8Array;
  readonly point: Uint8Array;
}

/** `check` is a random number, written twice, by which a reader sees that it decrypted rightly. Pure. */
export function hostKeyOf({ seed, point }: Ed25519Key, check: number): GuestHostKey {
  const publicBlob = publicBlobOf(point);
  const secret = Buffer.concat([
    uint32(check),
    uint32(check),
    publicBlob,
    sized(Buffer.concat([seed, point])),
    sized(''), // The comment.
  ]);
  const padding = Array.from({ length: -secret.length & (BLOCK_BYTES - 1) }, (_, at) => at + 1);
  const blob = Buffer.concat([
    MAGIC,
    ...[sized('none'), sized('none'), sized('')], // Cipher, key derivation and its options.
    uint32(1),
    sized(publicBlob),
    sized(Buffer.concat([secret, Buffer.from(padding)])),
  ]);
  const lines = blob.toString('base64').match(new RegExp(`.{1,${String(LINE_LENGTH)}}`, 'g')) ?? [];
  return {
    type: 'ed25519',
    privateKey: `${[BEGIN, ...lines, END].join('\n')}\n`,
    publicKey: publicKeyOf(publicBlob),
  };
}

/** undefined when the text is not such a key. Pure. */
export function parseHostKey(privateKey: string): GuestHostKey | undefined {
  const text = privateKey.trim();
  if (!text.startsWith(BEGIN) || !text.endsWith(END)) return undefined;
  const blob = Buffer.from(text.slice(BEGIN.length, -END.length), 'base64');
  if (!blob.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  const fields = new Fields(blob.subarray(MAGIC.length));
  const names = [fields.blob(), fields.blob(), fields.blob()].map(String);
  const count = fields.uint32();
  const publicBlob = fields.blob();
  const secret = fields.blob();
  if (names.join() !== 'none,none,' || count !== 1 || secret === undefined) return undefined;
  const point = publicBlob?.subarray(-KEY_BYTES);
  if (point === undefined || publicBlob?.equals(publicBlobOf(point)) !== true) return undefined;
  if (!isSecretOf(secret, point)) return undefined;
  return { type: 'ed25519', privateKey, publicKey: publicKeyOf(publicBlob) };
}

function isSecretOf(secret: Buffer, point: Buffer): boolean {
  const fields = new Fields(secret);
  const isChecked = fields.uint32() === fields.uint32();
  const isNamed = String(fields.blob()) === ED25519;
  const isSamePoint = fields.blob()?.equals(point) === true;
  const pair = fields.blob();
  return (
    isChecked &&
    isNamed &&
    isSamePoint &&
    pair?.length === 2 * KEY_BYTES &&
    pair.subarray(KEY_BYTES).equals(point)
  );
}

function publicBlobOf(point: Uint8Array): Buffer {
  return Buffer.concat([sized(ED25519), sized(point)]);
}

function publicKeyOf(publicBlob: Buffer): string {
  return `${ED25519} ${publicBlob.toString('base64')}`;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function sized(content: string | Uint8Array): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([uint32(bytes.length), bytes]);
}

/** Takes one field after the other; undefined where the bytes end before it. */
class Fields {
  #rest: Buffer;

  constructor(bytes: Buffer) {
    this.#rest = bytes;
  }

  uint32(): number | undefined {
    return this.#take(4)?.readUInt32BE();
  }

  blob(): Buffer | undefined {
    const length = this.uint32();
    return length === undefined ? undefined : this.#take(length);
  }

  #take(length: number): Buffer | undefined {
    if (length > this.#rest.length) return undefined;
    const taken = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    return taken;
  }
}
