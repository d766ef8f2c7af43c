import { DockerfileProblem } from './problems.ts';

/**
 * The texts of a JSON array (exec form); undefined when it is none, which makes it shell form.
 *
 * @throws DockerfileProblem when it is an array of something else
 */
export function readJsonList(rest: string): readonly string[] | undefined {
  if (!rest.trimStart().startsWith('[')) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(rest);
  } catch {
    return undefined;
  }
  if (!Array.isArray(value)) return undefined;
  return value.map((item: unknown) => {
    if (typeof item === 'string') return item;
    throw new DockerfileProblem('the JSON form has something that is no text in its array');
  });
}
