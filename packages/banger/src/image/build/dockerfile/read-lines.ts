import type { Heredoc } from './dockerfile.ts';
import { findHeredocs } from './find-heredocs.ts';
import { DockerfileProblem, type PlacedProblem } from './problems.ts';

/** One instruction's text: continued lines joined, comments and empty lines between them left out. */
export interface LogicalLine {
  readonly line: number;
  readonly text: string;
  readonly heredocs: readonly Heredoc[];
}

export interface SourceLines {
  readonly escape: string;
  readonly directives: ReadonlyMap<string, string>;
  readonly lines: readonly LogicalLine[];
  readonly problems: readonly PlacedProblem[];
}

const DIRECTIVE = /^#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*$/;

/** Cuts a Dockerfile into instructions as BuildKit does (its frontend/dockerfile/parser/parser.go). */
export function readLines(source: string): SourceLines {
  const lines = source.replace(/^\uFEFF/, '').split('\n');
  if (lines.at(-1) === '') lines.pop();
  const problems: PlacedProblem[] = [];
  const { directives, count } = readDirectives(lines);
  const escape = directives.get('escape') ?? '\\';
  if (escape !== '\\' && escape !== '`') {
    problems.push({ line: 1, message: `the directive escape can be \\ or \`, not "${escape}"` });
  }
  const reader = new LineReader(lines, count, escape);
  const found: LogicalLine[] = [];
  for (let next = reader.next(); next !== undefined; next = reader.next()) {
    if ('message' in next) problems.push(next);
    else found.push(next);
  }
  return { escape, directives, lines: found, problems };
}

/** Comments at the very top of the form `# name=value`; anything else ends them. */
function readDirectives(lines: readonly string[]) {
  const directives = new Map<string, string>();
  for (const line of lines) {
    const [, name, value] = DIRECTIVE.exec(line.trim()) ?? [];
    const key = name?.toLowerCase();
    const isKnown = key === 'escape' || key === 'syntax' || key === 'check';
    if (!isKnown || value === undefined || directives.has(key)) break;
    directives.set(key, value);
  }
  return { directives, count: directives.size };
}

class LineReader {
  readonly #lines: readonly string[];
  readonly #escape: string;
  readonly #continued: RegExp;
  #at: number;

  constructor(lines: readonly string[], at: number, escape: string) {
    this.#lines = lines;
    this.#at = at;
    this.#escape = escape;
    const token = escape === '`' ? '`' : '\\\\';
    // The last one on the line, unless it is itself escaped.
    this.#continued = new RegExp(`(^|[^${token}])${token}[ \\t]*$`);
  }

  next(): LogicalLine | PlacedProblem | undefined {
    for (;;) {
      const first = this.#take()?.trimStart();
      if (first === undefined) return undefined;
      if (first === '' || first.startsWith('#')) continue;
      const line = this.#at;
      const text = this.#joined(first).trim();
      if (text === '') continue;
      try {
        return { line, text, heredocs: this.#heredocs(text) };
      } catch (error) {
        if (error instanceof DockerfileProblem) return { line, message: error.message };
        throw error;
      }
    }
  }

  #take(): string | undefined {
    const line = this.#lines[this.#at];
    if (line !== undefined) this.#at += 1;
    return line?.replace(/\r$/, '');
  }

  #joined(first: string): string {
    let text = '';
    for (let part: string | undefined = first; part !== undefined; part = this.#continuation()) {
      if (!this.#continued.test(part)) return text + part;
      text += part.replace(this.#continued, '$1');
    }
    return text;
  }

  /** The next line that counts. */
  #continuation(): string | undefined {
    for (let line = this.#take(); line !== undefined; line = this.#take()) {
      const trimmed = line.trim();
      if (trimmed !== '' && !trimmed.startsWith('#')) return line;
    }
    return undefined;
  }

  #heredocs(text: string): readonly Heredoc[] {
    return findHeredocs(text, this.#escape).map((found) => {
      const content: string[] = [];
      for (;;) {
        const line = this.#take();
        if (line === undefined) {
          throw new DockerfileProblem(
            `the heredoc "${found.name}" does not end: there is no line "${found.name}"`,
          );
        }
        const shown = found.isChomped ? line.replace(/^\t+/, '') : line;
        if (shown === found.name) return { ...found, content: content.join('') };
        content.push(`${line}\n`);
      }
    });
  }
}
