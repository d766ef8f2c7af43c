import { readFile } from 'node:fs/promises';

let hostCpu: Promise<string> | undefined;

/** Name and flags of the first processor: what a guest under KVM sees of it. */
export function readHostCpu(): Promise<string> {
  hostCpu ??= readFile('/proc/cpuinfo', 'utf8').then(parseCpu);
  return hostCpu;
}

export function parseCpu(cpuInfo: string): string {
  const line = (name: string) => new RegExp(`^${name}\\s*:.*$`, 'm').exec(cpuInfo)?.[0] ?? '';
  return `${line('model name')}\n${line('flags')}`;
}

/** "AMD EPYC 7R32", of what `readHostCpu` gave */
export function processorName(cpu: string): string {
  return /^model name\s*:\s*(.+)$/m.exec(cpu)?.[1]?.trim() ?? 'unknown';
}
