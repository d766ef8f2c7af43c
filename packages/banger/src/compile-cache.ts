import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

/**
 * Keeps what V8 makes of our code in the user's cache, which takes a tenth off the start of a command. Nothing happens where
 * it cannot be written. Only what is imported afterwards is kept.
 */
export function keepCompiledCode(env: Readonly<Record<string, string | undefined>>): void {
  const set = env['XDG_CACHE_HOME'];
  const base = set?.startsWith('/') === true ? set : join(env['HOME'] ?? '/', '.cache');
  enableCompileCache(join(base, 'banger', 'node'));
}
