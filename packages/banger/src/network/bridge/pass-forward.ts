import type { Processes } from '../../host/processes.ts';
import type { Firewall } from './firewall.ts';

const DEADLINE_MS = 10_000;
const UNTOUCHED = '-P FORWARD ACCEPT';

/**
 * The same firewall, with a pass through the FORWARD chain of iptables where something else is in it: Docker and firewalls
 * drop there what they do not know, and no accept of ours in a table of its own outweighs that (nft(8): a drop anywhere is
 * the end). What our guests may not send is dropped by our own rules, so all that comes from the bridge may pass.
 */
export function passForward(inner: Firewall, processes: Processes, id: string): Firewall {
  const mark = `banger_${id}`;
  const iptables = (args: readonly string[], signal: AbortSignal) =>
    processes.run(['iptables', '--wait', '5', ...args], {
      signal: AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]),
    });

  const ensurePass = async (bridge: string | undefined, signal: AbortSignal) => {
    if ((await processes.find('iptables')) === undefined) return false;
    const { exitCode, stdout } = await iptables(['--list-rules', 'FORWARD'], signal);
    if (exitCode !== 0) return false; // There is no such chain to pass through.
    const lines = stdout.trim().split('\n');
    const ours = lines.filter((line) => line.includes(` ${mark} `));
    const isUntouched = lines.length - ours.length === 1 && lines[0] === UNTOUCHED;
    const wanted = bridge === undefined || isUntouched ? [] : passRules(bridge, mark);

    const stale = ours.filter((line) => !wanted.includes(line));
    const missing = wanted.filter((line) => !ours.includes(line));
    for (const line of stale) await iptables(['-D', ...words(line)], signal);
    for (const line of missing) await iptables(['-I', ...words(line)], signal);
    return stale.length + missing.length > 0;
  };
  return {
    name: inner.name,
    async ensure(rules, signal) {
      const needsPass = rules?.ports.some(({ nat, isolated }) => nat || !isolated) === true;
      const [inside, passChanged] = await Promise.all([
        inner.ensure(rules, signal),
        ensurePass(needsPass ? rules.bridge : undefined, signal),
      ]);
      return { ...inside, changed: inside.changed || passChanged };
    },
  };
}

/** As iptables says them back. */
function passRules(bridge: string, mark: string): readonly string[] {
  const comment = `-m comment --comment ${mark} -j ACCEPT`;
  return [
    `-A FORWARD -i ${bridge} ${comment}`,
    `-A FORWARD -o ${bridge} -m conntrack --ctstate RELATED,ESTABLISHED ${comment}`,
  ];
}

function words(line: string): readonly string[] {
  return line.split(' ').slice(1);
}
