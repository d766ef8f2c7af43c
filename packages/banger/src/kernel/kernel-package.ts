/** The package that a meta package stands for, as `apt-cache show --no-all-versions META` prints it. */
export interface KernelPackage {
  /** "linux-image-6.1.0-56-cloud-amd64" */
  readonly name: string;
  /** "6.1.192-2" */
  readonly version: string;
  /** "6.1.0-56-cloud-amd64" */
  readonly release: string;
}

export function parseKernelPackage(record: string): KernelPackage {
  const depends = /^Depends:(.*)$/m.exec(record)?.[1] ?? '';
  const found = /\blinux-image-(\d[\w.+~-]*)(?: \(= ([^)]+)\))?/.exec(depends);
  const version = found?.[2] ?? /^Version: (\S+)$/m.exec(record)?.[1];
  if (found?.[1] === undefined || version === undefined) {
    throw new Error('its meta package depends on no kernel');
  }
  return { name: `linux-image-${found[1]}`, version, release: found[1] };
}
