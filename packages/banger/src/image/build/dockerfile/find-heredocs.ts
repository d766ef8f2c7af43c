import type { Heredoc } from './dockerfile.ts';
import { expandWords, keepAll } from './expand.ts';
import { readJsonList } from './json-list.ts';

const MAY_HAVE = /^(?:RUN|COPY|ADD)\s+(.*)$/is;
const HEREDOC = /^\d*<<(-?)([^<]+)$/;

/** The heredocs that an instruction says follow it, without their contents. */
export function findHeredocs(text: string, escape: string): readonly Omit<Heredoc, 'content'>[] {
  const rest = MAY_HAVE.exec(text)?.[1];
  if (rest?.includes('<<') !== true || readJsonList(rest) !== undefined) return [];
  return wordsOf(rest, escape).flatMap((word) => heredocOf(word, escape) ?? []);
}

/** `<<EOF`, `<<-EOF`, `<<"EOF"`; undefined: another word. */
export function heredocOf(word: string, escape: string): Omit<Heredoc, 'content'> | undefined {
  const [, dash, written] = HEREDOC.exec(word) ?? [];
  if (written === undefined) return undefined;
  const [name, ...others] = expandWords(written, { escape, lookUp: keepAll });
  if (name === undefined || others.length > 0) return undefined;
  return { name, isChomped: dash === '-', isExpanded: name === written };
}

/** With their quotes, which say whether variables count. What no shell could read has none. */
function wordsOf(rest: string, escape: string): readonly string[] {
  try {
    return expandWords(rest, { escape, lookUp: keepAll, isRaw: true });
  } catch {
    return [];
  }
}
