/** What the kernel is told by files below /proc/sys, for the network namespace of this process (sysctl(8)). */
export interface KernelSettings {
  /** `net/ipv4/ip_forward` → `0`; undefined when the kernel has no such setting */
  read(name: string): Promise<string | undefined>;
  /** Needs root, or what the setting asks for */
  write(name: string, value: string): Promise<void>;
}
