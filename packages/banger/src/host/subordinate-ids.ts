import { readFile } from 'node:fs/promises';

const SUBORDINATE_COUNT = 65_536;

export interface SubordinateIds {
  /** Without them a normal user cannot be root of a user namespace that has other users too */
  readonly present: boolean;
  /** One line to paste that gives the user a range which is nobody's */
  readonly fix: string;
}

export async function readSubordinateIds(user: string): Promise<SubordinateIds> {
  const files = await Promise.all(
    ['/etc/subuid', '/etc/subgid'].map((file) => readFile(file, 'utf8').catch(() => '')),
  );
  const range = freeSubordinates(files);
  return {
    present: files.every((text) => text.split('\n').some((line) => line.startsWith(`${user}:`))),
    fix: `sudo usermod --add-subuids ${range} --add-subgids ${range} ${user}`,
  };
}

/** The first range after everybody's (subuid(5): `user:start:count`). */
export function freeSubordinates(files: readonly string[]): string {
  const ends = files
    .flatMap((text) => text.split('\n'))
    .map((line) => line.split(':'))
    .map(([, start, count]) => Number(start) + Number(count))
    .filter((end) => Number.isSafeInteger(end));
  const start = Math.max(100_000, ...ends);
  return `${String(start)}-${String(start + SUBORDINATE_COUNT - 1)}`;
}
