import { DockerfileProblem } from './problems.ts';
import { modifiedValue } from './modified-value.ts';

/** What a variable stands for: its value, undefined when it is not set, or `keep`: leave its text as it is. */
export type LookUp = (name: string) => string | undefined | typeof keep;

/** Of a variable that is not to be substituted. */
export const keep = Symbol('keep');
export const keepAll: LookUp = () => keep;

export interface ExpandOptions {
  readonly escape: string;
  readonly lookUp: LookUp;
  /** Quotes and escapes stay in the result */
  readonly isRaw?: boolean;
  /** Quotes are characters as all others (contents of heredocs) */
  readonly ignoresQuotes?: boolean;
}

/** Quotes and escapes taken away, variables substituted; one word, whatever blanks it has. */
export function expandWord(text: string, options: ExpandOptions): string {
  return new Lexer(text, options).run().whole;
}

/** The same, cut at blanks that are not quoted; a variable's value is cut, too. */
export function expandWords(text: string, options: ExpandOptions): readonly string[] {
  return new Lexer(text, options).run().words;
}

/** Reads as BuildKit's frontend/dockerfile/shell/lex.go does. */
class Lexer {
  readonly #text: string;
  readonly #options: ExpandOptions;
  readonly #words: string[] = [];
  #at = 0;
  #word = '';
  #isInWord = false;

  constructor(text: string, options: ExpandOptions) {
    this.#text = text;
    this.#options = options;
  }

  run(): { readonly whole: string; readonly words: readonly string[] } {
    const whole = this.#until(undefined);
    this.#endWord();
    return { whole, words: this.#words };
  }

  #until(stop: string | undefined): string {
    let result = '';
    for (let char = this.#peek(); char !== undefined; char = this.#peek()) {
      if (char === stop) return result;
      result += this.#piece(char);
    }
    if (stop === undefined) return result;
    throw new DockerfileProblem(`a "\${" is not closed by "${stop}"`);
  }

  #piece(char: string): string {
    if (char === '$') return this.#dollar(true);
    if (this.#options.ignoresQuotes !== true) {
      if (char === "'") return this.#add(this.#single());
      if (char === '"') return this.#add(this.#double());
    }
    this.#at += 1;
    if (char !== this.#options.escape) {
      if (isBlank(char)) this.#endWord();
      else this.#add(char);
      return char;
    }
    const kept = this.#options.isRaw === true ? char : '';
    const escaped = this.#peek() ?? '';
    this.#at += 1;
    return this.#add(kept + escaped);
  }

  /** All between two quotes as it is. */
  #single(): string {
    const end = this.#text.indexOf("'", this.#at + 1);
    if (end < 0) throw new DockerfileProblem("a quote ' is not closed");
    const inside = this.#text.slice(this.#at + 1, end);
    this.#at = end + 1;
    return this.#options.isRaw === true ? `'${inside}'` : inside;
  }

  #double(): string {
    const { escape, isRaw = false } = this.#options;
    const quote = isRaw ? '"' : '';
    let result = quote;
    this.#at += 1;
    for (;;) {
      const char = this.#peek();
      if (char === undefined) throw new DockerfileProblem('a quote " is not closed');
      if (char === '$') {
        result += this.#dollar(false);
        continue;
      }
      this.#at += 1;
      if (char === '"') return result + quote;
      if (char !== escape) {
        result += char;
        continue;
      }
      const next = this.#peek();
      const isEscaped = next === '"' || next === '$' || next === escape;
      if (isRaw || !isEscaped) result += char;
      if (isEscaped) {
        result += next;
        this.#at += 1;
      }
    }
  }

  /** `$name`, `${name}`, `${name:-word}` and their like; a value outside of quotes is cut into words. */
  #dollar(isCut: boolean): string {
    const start = this.#at;
    const words = [this.#word, this.#isInWord, this.#words.length] as const;
    this.#at += 1;
    const isBraced = this.#peek() === '{';
    if (isBraced) this.#at += 1;
    const name = this.#name();
    if (name === '') {
      if (isBraced) throw new DockerfileProblem('a "${" has no name of a variable');
      return isCut ? this.#add('$') : '$';
    }
    const value = isBraced ? this.#braced(name) : this.#plain(name);
    [this.#word, this.#isInWord] = words; // What was read for a modifier's word is no word of its own.
    this.#words.length = words[2];
    const result = value === keep ? this.#text.slice(start, this.#at) : value;
    if (isCut && value === keep) this.#add(result);
    else if (isCut) this.#addCut(result);
    return result;
  }

  #plain(name: string): string | typeof keep {
    return this.#options.lookUp(name) ?? '';
  }

  #braced(name: string): string | typeof keep {
    const [operator] = /^(?::?[-+?]|##?|%%?|\})/.exec(this.#text.slice(this.#at)) ?? [];
    if (operator === undefined) {
      const char = this.#peek();
      throw new DockerfileProblem(
        char === undefined
          ? 'a "${" is not closed by "}"'
          : `the modifier "${char}" of \${${name}} is not supported`,
      );
    }
    this.#at += operator.length;
    const value = this.#options.lookUp(name);
    if (operator === '}') return value ?? '';
    const word = this.#until('}');
    this.#at += 1;
    if (value === keep) return keep;
    return modifiedValue({ name, value, operator, word });
  }

  /** A name, a number, or one of the shell's special parameters. */
  #name(): string {
    const [name = ''] = /^(?:[A-Za-z_][A-Za-z0-9_]*|\d+|[@*#?\-$!])/.exec(this.#rest()) ?? [];
    this.#at += name.length;
    return name;
  }

  #rest(): string {
    return this.#text.slice(this.#at, this.#at + 1024);
  }

  #peek(): string | undefined {
    return this.#text[this.#at];
  }

  #add(text: string): string {
    this.#word += text;
    this.#isInWord = true;
    return text;
  }

  #addCut(value: string): void {
    for (const char of value) {
      if (isBlank(char)) this.#endWord();
      else this.#add(char);
    }
  }

  #endWord(): void {
    if (this.#isInWord) this.#words.push(this.#word);
    this.#word = '';
    this.#isInWord = false;
  }
}

function isBlank(char: string): boolean {
  return /^[\s]$/.test(char);
}
