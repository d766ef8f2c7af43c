import { type FileHandle, open, readFile } from 'node:fs/promises';

/** A part of a process that maps a file privately. */
export interface PrivateMapping {
  readonly startAddress: number;
  readonly bytes: number;
  readonly fileOffset: number;
}

/** Pages that follow each other, in a file and in the process that maps it. */
export interface PageRun {
  readonly address: number;
  readonly fileOffset: number;
  readonly bytes: number;
}

const PAGE_BYTES = 4096;
const ENTRY_BYTES = 8;
const CHUNK_BYTES = 1024 * 1024;
/** Bits 56 to 63 of an entry of /proc/<pid>/pagemap (Documentation/admin-guide/mm/pagemap.rst) */
const PRESENT = 0x80;
const SWAPPED = 0x40;
const OF_FILE = 0x20;

/** Where the process maps the file of that inode privately and writable, by proc(5)'s maps; pure. */
export function privateMappings(maps: string, inode: number): readonly PrivateMapping[] {
  return maps.split('\n').flatMap((line) => {
    const found = /^([0-9a-f]+)-([0-9a-f]+) rw-p ([0-9a-f]+) \S+ (\d+) /.exec(line);
    if (found === null || Number(found[4]) !== inode) return [];
    const numbers = found.slice(1, 4).map((hex) => parseInt(hex, 16));
    const [startAddress = 0, end = 0, fileOffset = 0] = numbers;
    return [{ startAddress, bytes: end - startAddress, fileOffset }];
  });
}

/** Pages that the process has of its own, no longer the file's; pure. */
export function privateRuns(mapping: PrivateMapping, pagemap: Buffer): readonly PageRun[] {
  const runs: PageRun[] = [];
  const pages = mapping.bytes / PAGE_BYTES;
  for (let page = 0, first = -1; page <= pages; page += 1) {
    const isOwn = page < pages && isPrivate(pagemap[page * ENTRY_BYTES + 7] ?? 0);
    if (isOwn && first < 0) first = page;
    if (isOwn || first < 0) continue;
    runs.push({
      address: mapping.startAddress + first * PAGE_BYTES,
      fileOffset: mapping.fileOffset + first * PAGE_BYTES,
      bytes: (page - first) * PAGE_BYTES,
    });
    first = -1;
  }
  return runs;
}

function isPrivate(flags: number): boolean {
  return (flags & SWAPPED) !== 0 || ((flags & PRESENT) !== 0 && (flags & OF_FILE) === 0);
}

/** A look into another process's memory, which takes the rights of a debugger (ptrace(2)). */
export class ProcessMemory implements AsyncDisposable {
  readonly #pid: number;
  readonly #memory: FileHandle;
  readonly #pagemap: FileHandle;

  /** undefined when this process may not */
  static async open(pid: number): Promise<ProcessMemory | undefined> {
    await using cleanup = new AsyncDisposableStack();
    try {
      const memory = cleanup.use(await open(`/proc/${String(pid)}/mem`, 'r'));
      const pagemap = cleanup.use(await open(`/proc/${String(pid)}/pagemap`, 'r'));
      cleanup.move(); // The caller owns it.
      return new ProcessMemory(pid, memory, pagemap);
    } catch {
      return undefined;
    }
  }

  private constructor(pid: number, memory: FileHandle, pagemap: FileHandle) {
    this.#pid = pid;
    this.#memory = memory;
    this.#pagemap = pagemap;
  }

  /** Where it maps the file of that inode, under whatever name */
  async mappings(inode: number): Promise<readonly PrivateMapping[]> {
    return privateMappings(await readFile(`/proc/${String(this.#pid)}/maps`, 'utf8'), inode);
  }

  /** The process must stand meanwhile. Writes the pages that are the process's own to where they belong in a copy of the file. */
  async copyPrivatePages(mappings: readonly PrivateMapping[], to: FileHandle): Promise<void> {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    for (const mapping of mappings) {
      const pagemap = Buffer.alloc((mapping.bytes / PAGE_BYTES) * ENTRY_BYTES);
      const at = (mapping.startAddress / PAGE_BYTES) * ENTRY_BYTES;
      await readAll(this.#pagemap, pagemap, at);
      for (const run of privateRuns(mapping, pagemap)) await this.#copy(run, to, chunk);
    }
  }

  async #copy(
    { address, fileOffset, bytes }: PageRun,
    to: FileHandle,
    chunk: Buffer,
  ): Promise<void> {
    for (let done = 0; done < bytes; done += CHUNK_BYTES) {
      const part = chunk.subarray(0, Math.min(CHUNK_BYTES, bytes - done));
      await readAll(this.#memory, part, address + done);
      await writeAll(to, part, fileOffset + done);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#memory.close();
    await this.#pagemap.close();
  }
}

async function readAll(file: FileHandle, into: Buffer, position: number): Promise<void> {
  for (let done = 0; done < into.length;) {
    const { bytesRead } = await file.read(into, done, into.length - done, position + done);
    if (bytesRead === 0) throw new Error('the memory of the monitor ended early');
    done += bytesRead;
  }
}

/** A disk that is almost full takes a part, and only then says that it is. */
async function writeAll(file: FileHandle, from: Buffer, position: number): Promise<void> {
  for (let done = 0; done < from.length;) {
    const { bytesWritten } = await file.write(from, done, from.length - done, position + done);
    done += bytesWritten;
  }
}
