/** What mmdebstrap is doing, by the line with which it says so. */
const STAGES: readonly (readonly [said: RegExp, name: string, text: string])[] = [
  [/^I: running apt-get update/, 'index', 'Reading the package index'],
  [/^I: downloading packages/, 'download', 'Downloading packages'],
  [/^I: extracting archives/, 'unpack', 'Unpacking the base system'],
  [/^I: installing essential/, 'base', 'Setting up the base system'],
  [/^I: installing remaining/, 'packages', 'Installing packages'],
  [/^I: running --customize-hook/, 'customize', 'Fitting the system for a VM'],
];

/** The stage that a line of mmdebstrap's standard error begins, if it begins one. */
export function stageOf(
  line: string,
): { readonly name: string; readonly text: string } | undefined {
  const stage = STAGES.find(([said]) => said.test(line));
  return stage && { name: `image-${stage[1]}`, text: stage[2] };
}
