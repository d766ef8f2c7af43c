import { expandWord, expandWords, type LookUp } from './dockerfile/expand.ts';

/** Environment and arguments of a stage, in the order in which they came to be. */
export class Variables {
  readonly #escape: string;
  readonly #env = new Map<string, string>();
  readonly #args = new Map<string, string>();

  /** `env` is `NAME=VALUE`s */
  constructor(escape: string, env: readonly string[]) {
    this.#escape = escape;
    for (const text of env) {
      const at = text.indexOf('=');
      if (at > 0) this.#env.set(text.slice(0, at), text.slice(at + 1));
    }
  }

  setEnv(name: string, value: string): void {
    this.#env.set(name, value);
  }

  setArg(name: string, value: string): void {
    this.#args.set(name, value);
  }

  /** ENV counts before ARG. */
  readonly lookUp: LookUp = (name) => this.#env.get(name) ?? this.#args.get(name);

  expand(text: string): string {
    return expandWord(text, { escape: this.#escape, lookUp: this.lookUp });
  }

  expandAll(texts: readonly string[]): string[] {
    return texts.map((text) => this.expand(text));
  }

  /** A value may be several words. */
  expandWords(texts: readonly string[]): string[] {
    return texts.flatMap((text) =>
      expandWords(text, { escape: this.#escape, lookUp: this.lookUp }),
    );
  }

  /** What is in a heredoc: variables count, quotes do not. */
  expandContent(text: string): string {
    return expandWord(text, { escape: '\\', lookUp: this.lookUp, ignoresQuotes: true });
  }

  /** As an image's configuration has it */
  env(): string[] {
    return [...this.#env].map(([name, value]) => `${name}=${value}`);
  }

  /** What a command sees */
  environment(): Record<string, string> {
    return Object.fromEntries([...this.#args, ...this.#env]);
  }
}
