import type { ErrorCode } from '@banger/protocol/errors';

import type { RootDisk, RootDiskOrder, RootDisks, RootParts } from './root-disks.ts';

type SentOrder = Omit<RootDiskOrder, 'onProgress'>;

/** What a worker is started with. */
export type RootDiskJob =
  | { readonly kind: 'make'; readonly order: SentOrder }
  | { readonly kind: 'delta'; readonly order: SentOrder & { readonly base: string } }
  | { readonly kind: 'pack'; readonly parts: RootParts }
  | { readonly kind: 'init'; readonly file: string }
  | {
      readonly kind: 'read';
      readonly parts: RootParts;
      readonly file: Parameters<RootDisks['readFile']>[1];
    };

/** What it says; everything from `made` on is its last word. */
export type WorkerMessage =
  | { readonly kind: 'progress'; readonly doneBytes: number; readonly totalBytes: number }
  | { readonly kind: 'piece'; readonly bytes: Uint8Array }
  | { readonly kind: 'made'; readonly disk: RootDisk }
  | { readonly kind: 'found'; readonly init: RootDisk['init'] }
  | { readonly kind: 'content'; readonly bytes: Uint8Array | undefined }
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly error: SentError };

export interface SentError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string | undefined;
  readonly details: Readonly<Record<string, unknown>>;
}
