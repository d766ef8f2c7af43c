import { z } from 'zod';

import { WireError } from './wire-error.ts';

/** Query of `streams.files`, of both methods. */
const FilePath = z
  .string()
  .max(4096)
  .refine((path) => !path.includes('\0'), { error: 'a path without NUL' });
const QueryFlag = z.union([z.boolean(), z.stringbool()]).default(false);

/** Where an upload goes. A relative path begins at the VM's workspace, or at /root. */
export const PutFilesQuery = z.object({
  path: FilePath,
  /** What the archive's one thing, its first entry ".", is called in a directory at `path`; left out: that directory's contents */
  name: z
    .string()
    .regex(/^(?!\.{1,2}$)[^/\0]{1,255}$/, { error: 'a file name' })
    .optional(),
  /** The body is any tar archive, for the directory at `path`, with its owners */
  archive: QueryFlag,
});

export const GetFilesQuery = z.object({
  path: FilePath,
  /** A link at `path` itself is followed */
  follow: QueryFlag,
  /** Entries begin with the name of what is packed, else with "." */
  named: QueryFlag,
});

export const FilesPlaced = z.object({ path: z.string(), entries: z.int().nonnegative() });
export type FilesPlaced = z.infer<typeof FilesPlaced>;

/** The type of a download's body: records of a kind (1 byte), a length (4 bytes, big endian) and so many bytes. */
export const FILES_CONTENT_TYPE = 'application/vnd.banger.files.v1';

/** A record's kind. An archive without a last note of type `end` is not whole, whatever else is true of it. */
export const filesRecord = { archive: 0, note: 1 } as const;

export const MAX_FILES_RECORD_BYTES = 1024 * 1024;
export const FILES_RECORD_HEADER_BYTES = 5;

/** What a record of kind `note` says, as JSON: one `found` first, one of the others last. */
export const FilesNote = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('found'),
    kind: z.enum(['file', 'directory', 'link', 'other']),
    sizeBytes: z.number(),
  }),
  z.object({ type: z.literal('end'), skipped: z.array(z.string()), skippedCount: z.number() }),
  z.object({ type: z.literal('error'), error: WireError }),
]);
export type FilesNote = z.infer<typeof FilesNote>;
