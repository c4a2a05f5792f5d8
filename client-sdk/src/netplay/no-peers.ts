import type { Peers } from "./peers.ts";
import { formatSignalJson, readSignal } from "./signals.ts";
import { formatSignal } from "./wire.ts";

/** The direct paths of who has none, and says so to whoever offers one. */
export function createNoPeers(send: (bytes: Uint8Array) => boolean): Peers {
  const nothing = () => undefined;
  return {
    update: nothing,
    find: () => null,
    areAllSole: () => false,
    push: nothing,
    onSignal(from, bytes) {
      const signal = readSignal(bytes);
      if (signal?.kind !== "offer") return;
      send(formatSignal(from, formatSignalJson({ kind: "no", attempt: signal.attempt })));
    },
    close: nothing,
  };
}
