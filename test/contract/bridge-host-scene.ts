import type {
  BridgeHost,
  BridgeSettings,
} from '../../packages/banger/src/network/bridge/bridge-host.ts';
import type { BridgePort } from '../../packages/banger/src/network/bridge/bridge-port.ts';

/** A host with nothing of ours on it. */
export interface BridgeScene extends AsyncDisposable {
  /** Another caller of the same banger, that knows nothing of any other; made with `bridgeSettings` */
  caller(): BridgeHost;
  /** All that a BridgeHost may change, to be compared */
  state(): Promise<string>;
  /** Whether the host forwards between its links */
  forwards(): Promise<boolean>;
  /** What somebody else does there */
  readonly others: {
    deleteBridge(): Promise<void>;
    flushRules(): Promise<void>;
    addLink(name: string): Promise<void>;
    addRoute(subnet: string): Promise<void>;
  };
}

export interface BridgeHostSubject {
  readonly name: string;
  readonly start: () => Promise<BridgeScene>;
  /** How many taps are asked for at once, by two callers each */
  readonly crowd?: number;
}

export const bridgeSettings: BridgeSettings = {
  name: 'br-test',
  address: '172.31.99.1',
  subnet: '172.31.99.0/24',
  owner: '/home/ana/.local/state/banger',
  uid: 0,
};

/** Names, MAC and address as plans have them. */
export function aPort(index: number, port: Partial<BridgePort> = {}): BridgePort {
  return {
    tap: `bgr0882-${String(index)}`,
    mac: `02:ba:ac:1f:63:${index.toString(16).padStart(2, '0')}`,
    address: `172.31.99.${String(index)}`,
    nat: false,
    isolated: true,
    ...port,
  };
}
