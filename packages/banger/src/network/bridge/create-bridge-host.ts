import { BangerError } from '@banger/protocol/errors';

import type { HostProblem } from '../../host/host-problem.ts';
import type { KernelSettings } from '../../host/kernel-settings.ts';
import type { Processes } from '../../host/processes.ts';
import type { BridgeHost, BridgeSettings } from './bridge-host.ts';
import { BridgePort, LinkName } from './bridge-port.ts';
import { missingForBridges } from './bridge-needs.ts';
import { bridgeConflict, subnetConflicts, type Owned } from './find-conflicts.ts';
import type { Firewall, FirewallRules } from './firewall.ts';
import { createIp, type Ip } from './ip-program.ts';
import { contains, parseSubnet } from './ip-subnet.ts';
import { ownerId } from './marks.ts';
import { planLinks, type LinkChanges } from './plan-links.ts';
import { readLinks } from './read-links.ts';
import { isOurTap, type Goal } from './wanted-taps.ts';

export interface BridgeHostParts {
  readonly settings: BridgeSettings;
  readonly processes: Processes;
  readonly kernel: KernelSettings;
  readonly hasTunDevice: () => Promise<boolean>;
  /** Which one is found out once, when there is first something to say */
  readonly firewall: (signal: AbortSignal) => Promise<Firewall>;
}

const FORWARDING = 'net/ipv4/ip_forward';
/** Each caller at once may undo what another one sees, once; somebody who keeps undoing it is told of */
const ROUNDS = 20;

/**
 * Changes the host it runs on; needs root. Changes take their turns here, but there is no lock against others: a change is made, then links are read again until nothing
 * is left to do, and all that follows from the links (bridge, rules, forwarding) is derived from them alone. So the last
 * of several callers leaves what all of them asked for.
 */
export function createBridgeHost(parts: BridgeHostParts): BridgeHost {
  const { settings, processes } = parts;
  const owned = { settings, id: ownerId(settings.owner) };
  const ip = createIp(processes);
  const subnet = parseSubnet(settings.subnet);

  const check = (port: BridgePort) => {
    const address = parseSubnet(BridgePort.parse(port).address);
    if (subnet !== undefined && address !== undefined && contains(subnet, address)) return;
    throw new Error(`"${port.address}" is no address of ${settings.subnet}`);
  };
  let firewall: Firewall | undefined;
  const withFirewall = async (signal: AbortSignal) => (firewall ??= await parts.firewall(signal));
  let last: Promise<unknown> = Promise.resolve();
  const settle = (goal: Partial<Goal>, signal: AbortSignal) => {
    const turn = last.then(async () => {
      const host = { ...parts, owned, ip, firewall: await withFirewall(signal) };
      return settleHost(host, { ensure: [], remove: [], ...goal }, signal);
    });
    last = turn.catch(() => undefined); // Whose turn it was is told.
    return turn;
  };

  return {
    async problems(signal) {
      const missing = await missingForBridges(parts);
      if (missing.length > 0) return missing;
      try {
        await withFirewall(signal);
      } catch (error) {
        if (!(error instanceof BangerError)) throw error;
        return [asProblem(error)];
      }
      const links = await readLinks(ip, signal);
      const bridge = links.find(({ name }) => name === settings.name);
      const conflict = bridgeConflict(owned, bridge);
      const conflicts =
        bridge === undefined ? await subnetConflicts(owned, links, { ip, signal }) : [];
      return [...(conflict === undefined ? [] : [conflict]), ...conflicts].map(asProblem);
    },
    async ensureTap(tap, signal) {
      await settle({ ensure: [{ tap: LinkName.parse(tap) }] }, signal);
    },
    async ensurePort(port, signal) {
      check(port);
      await settle({ ensure: [{ tap: port.tap, port }] }, signal);
    },
    async removeTap(tap, signal) {
      await settle({ remove: [LinkName.parse(tap)] }, signal);
    },
    async listTaps(signal) {
      const links = await readLinks(ip, signal);
      return links
        .filter((link) => isOurTap(link, owned.id))
        .map(({ name }) => name)
        .sort();
    },
    async repair(ports, signal) {
      for (const port of ports) check(port);
      return settle({ ensure: ports.map((port) => ({ tap: port.tap, port })) }, signal);
    },
  };
}

function asProblem({ message, hint = '' }: BangerError): HostProblem {
  return { what: message, hint };
}

interface Host extends Pick<BridgeHostParts, 'kernel'> {
  readonly owned: Owned;
  readonly ip: Ip;
  readonly firewall: Firewall;
}

/** Resolves when nothing is left to do, with whether anything was. */
async function settleHost(host: Host, goal: Goal, signal: AbortSignal): Promise<boolean> {
  const { owned, ip, kernel, firewall } = host;
  let todo = goal;
  let changed = false;
  let trouble: string | undefined;
  let said: string | undefined;
  for (let round = 0; round < ROUNDS; round += 1) {
    signal.throwIfAborted();
    const links = await readLinks(ip, signal);
    const forwards = (await kernel.read(FORWARDING)) === '1';
    const plan = planLinks(owned, { links, forwards }, todo);
    if (plan.makesBridge) {
      const [conflict] = await subnetConflicts(owned, links, { ip, signal });
      if (conflict !== undefined) throw conflict;
    }
    if (plan.forwarding === '0') await kernel.write(FORWARDING, '0');
    const isDone = plan.ip.length + plan.bridge.length === 0 && plan.forwarding === undefined;
    trouble = (await ip.batch(plan.ip, signal)) ?? (await ip.bridgeBatch(plan.bridge, signal));
    if (trouble !== undefined) continue; // Somebody was faster, or it cannot be: the next look tells.
    if (plan.forwarding === '1') await kernel.write(FORWARDING, '1');
    todo = { ensure: [], remove: [] };
    changed ||= !isDone;

    const rules = rulesOf(owned, plan);
    const text = rules === undefined ? 'none' : JSON.stringify(rules);
    if (isDone && text === said) return changed;
    const ensured = await firewall.ensure(rules, signal);
    trouble = ensured.contended;
    changed ||= ensured.changed;
    if (trouble === undefined && isDone && !ensured.changed) return changed;
    said = trouble === undefined ? text : undefined;
  }
  throw new BangerError(
    'host.network_unavailable',
    `Cannot make bridge "${owned.settings.name}": ${trouble ?? 'somebody keeps changing it'}`,
    { hint: 'banger doctor' },
  );
}

function rulesOf(
  { settings }: Owned,
  { taps, forwardsForUsAlone }: LinkChanges,
): FirewallRules | undefined {
  if (taps.size === 0) return undefined;
  const { name: bridge, address, subnet } = settings;
  const ports = [...taps.values()].flatMap(({ port }) => port ?? []);
  return { bridge, address, subnet, taps: [...taps.keys()], ports, forwardsForUsAlone };
}
