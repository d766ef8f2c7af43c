/**
 * The words of a command line up to the cursor, as a shell would read them: quotes and backslashes are taken off, and the
 * last word, which may be empty or have an open quote, is the one being typed.
 */
export function splitLine(line: string): readonly string[] {
  const words: string[] = [];
  let word = '';
  let isOpen = false;
  let quote = '';
  for (let at = 0; at < line.length; at += 1) {
    const char = line.charAt(at);
    if (quote === '' && /\s/.test(char)) {
      if (isOpen) words.push(word);
      [word, isOpen] = ['', false];
      continue;
    }
    isOpen = true;
    if (quote === char) quote = '';
    else if (quote === '' && (char === '"' || char === "'")) quote = char;
    else if (char === '\\' && quote !== "'") word += line.charAt(++at);
    else word += char;
  }
  return [...words, word];
}
