import type { Accelerator } from '@banger/protocol/vm';

/**
 * What the guest's kernel is told. Nothing of the user's is ever on it: it can be read by everyone in the guest.
 * `panic=-1` turns a panic into a reset, which ends the monitor. systemd would rename eth0 without `net.ifnames=0`. Docker
 * on a kernel with AppArmor fails every `run` in an image without AppArmor's tools, hence `apparmor=0`. The kernel's
 * self-tests of its ciphers are an eighth of an emulated boot.
 */
export function kernelCommandLine(accel: Accelerator): string {
  const always = [
    'console=ttyS0',
    'quiet',
    'loglevel=4',
    'panic=-1',
    'net.ifnames=0',
    'apparmor=0',
    'cryptomgr.notests=1',
  ];
  // Mitigations guard nothing in an emulator and cost 5 to 10 %; its timers may look wrong on a busy host.
  const emulated = ['mitigations=off', 'nokaslr', 'no_timer_check'];
  return [...always, ...(accel === 'tcg' ? emulated : [])].join(' ');
}
