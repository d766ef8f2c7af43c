import type { TerminalSize } from '@banger/sdk';

import type { World } from './world.ts';

const DEFAULT_SIZE: TerminalSize = { rows: 24, cols: 80 };

/** What a guest's terminal is to be like; where we have none, an ordinary one. */
export function terminalOf(world: World): { readonly size: TerminalSize; readonly term?: string } {
  const term = world.env['TERM'];
  return { size: sizeOf(world) ?? DEFAULT_SIZE, ...(term === undefined ? {} : { term }) };
}

export function bothAreTerminals({ stdin, stdout }: World): boolean {
  return stdin.isTTY === true && stdout.isTTY === true;
}

export function sizeOf({ stdout }: World): TerminalSize | undefined {
  const { rows = 0, columns = 0 } = stdout;
  return rows > 0 && columns > 0 ? { rows, cols: columns } : undefined;
}

/** Raw mode and resizing, until disposed. */
export function takeTerminal(
  world: World,
  command: { resize(size: TerminalSize): void },
): Disposable {
  const { stdin, stdout } = world;
  const isRaw = stdin.isTTY === true;
  const resize = () => {
    const size = sizeOf(world);
    if (size !== undefined) command.resize(size);
  };
  if (isRaw) stdin.setRawMode?.(true);
  stdout.on('resize', resize);
  return {
    [Symbol.dispose]() {
      stdout.off('resize', resize);
      if (isRaw) stdin.setRawMode?.(false);
    },
  };
}
