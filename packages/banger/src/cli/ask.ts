import type { World } from './world.ts';

/** A question on stderr that only "y" or "yes" says yes to; the end of stdin is no. */
export async function ask(world: World, question: string, signal: AbortSignal): Promise<boolean> {
  const { createInterface } = await import('node:readline/promises'); // Rare, and slow to load
  using lines = createInterface({ input: world.stdin, output: world.stderr });
  const ended = new Promise<string>((resolve) => lines.once('close', () => resolve('')));
  const answer = await Promise.race([lines.question(`${question} [y/N] `, { signal }), ended]);
  return /^y(es)?$/i.test(answer.trim());
}
