import { BangerError, type ErrorCode } from '@banger/protocol/errors';

import {
  type FileFailure,
  FileFailure_Reason as Reason,
  FileKind,
  type GetEnd,
  type GetStarted,
} from './generated/banger/guest/v1/files_pb.ts';
import type { GuestPacked, GuestSkipped } from './guest-files.ts';
import { bounded, name } from './guest-messages.ts';

const LONGEST_MESSAGE = 1024;
const MAX_SKIPPED = 20;

export function packedFrom({ fileKind, sizeBytes }: GetStarted): Omit<GuestPacked, 'archive'> {
  return { kind: kindFrom(fileKind), sizeBytes: Number(sizeBytes) };
}

export function skippedFrom({ skipped, skippedCount }: GetEnd): GuestSkipped {
  const names = bounded(skipped, MAX_SKIPPED).map((path) => name(path, LONGEST_MESSAGE));
  return { names, count: Number(skippedCount) };
}

/** A failure's sentence is the agent's; here it gets its code. */
export function fileFailure({ reason, message }: FileFailure): BangerError {
  const text = name(message, LONGEST_MESSAGE);
  return new BangerError(codeOf(reason), text.charAt(0).toUpperCase() + text.slice(1));
}

function codeOf(reason: Reason): ErrorCode {
  switch (reason) {
    case Reason.NOT_FOUND:
      return 'files.not_found';
    case Reason.WRONG_KIND:
      return 'files.wrong_kind';
    case Reason.DISK_FULL:
      return 'guest.disk_full';
    case Reason.BAD_ARCHIVE:
      return 'files.bad_archive';
    case Reason.CHANGED:
      return 'files.changed';
    case Reason.OTHER:
      return 'guest.refused';
    case Reason.UNSPECIFIED:
    default:
      return 'guest.protocol';
  }
}

function kindFrom(kind: FileKind): GuestPacked['kind'] {
  switch (kind) {
    case FileKind.FILE:
      return 'file';
    case FileKind.DIRECTORY:
      return 'directory';
    case FileKind.LINK:
      return 'link';
    case FileKind.OTHER:
      return 'other';
    case FileKind.UNSPECIFIED:
    default:
      throw new BangerError('guest.protocol', 'The guest found something of an unknown kind');
  }
}
