import { toNetwork } from "../base/rate-limit.ts";
import { KEEP_ALIVE_MS, SWEEP_MIN, SWEEP_PARTS, TICK_MS } from "./limits.ts";
import {
  closeOutlet,
  countTapped,
  createOutlet,
  drain,
  forward,
  joinOutlets,
  type Outlet,
  onOutletClosed,
  sendTo,
  sweepOutlet,
} from "./pipes/service.ts";
import type { Effect } from "./sessions/rules.ts";
import type { RelayEvent } from "./switchboard/rules.ts";
import type { Switchboard } from "./switchboard/service.ts";

export interface RelayPortOptions {
  readonly hostname: string;
  /** 0 takes any free one. */
  readonly port: number;
  readonly board: Switchboard;
  /** Tells whether an address is on the operator's list. */
  readonly isAllowed: (address: string) => boolean;
  /** Told of every session whose listing is not as it was. */
  readonly onChange: (sessionId: string) => void;
  /** Told why a connection failed; the connection is closed. */
  readonly onFailure: (error: unknown) => void;
  /** Milliseconds of any clock that only goes forward. */
  readonly nowMs: () => number;
  /** Between two looks at what has run out; `TICK_MS` unless said. */
  readonly tickMs?: number | undefined;
}

/** An open port for RetroArch. */
export interface RelayPort {
  readonly port: number;
  /** Hands an event from elsewhere to the switchboard, such as that somebody is kicked. */
  handle(event: RelayEvent): void;
  /** Lets everybody go, with what waits for them, and closes the port. */
  stop(): Promise<void>;
}

/** What a socket of ours carries. */
interface Carried {
  outlet: Outlet;
}

/** How long a stop waits until everybody has read the last bytes. */
const STOP_MS = 500;

/**
 * Listens for RetroArch: hosts, users, and the links of hosts to their users.
 * @throws Whatever the system says of a port that cannot be listened on.
 */
export function openRelayPort(options: RelayPortOptions): RelayPort {
  const { board, nowMs } = options;
  const outlets = new Map<number, Outlet>();
  const ticking = createTicking(options, outlets, () => handle({ kind: "tick" }));
  let lastId = 0;
  const apply = (effects: readonly Effect[]) => {
    for (const effect of effects) applyEffect(effect, outlets, options);
  };
  const handle = (event: RelayEvent) => apply(board.handle(event, nowMs()));
  const listener = Bun.listen<Carried>({
    hostname: options.hostname,
    port: options.port,
    socket: {
      open(socket) {
        lastId += 1;
        const outlet = createOutlet(lastId, socket, nowMs());
        socket.data = { outlet };
        outlets.set(lastId, outlet);
        ticking.start();
        // Players send about sixty small pieces a second, each of which is late already.
        socket.setNoDelay(true);
        socket.setKeepAlive(true, KEEP_ALIVE_MS);
        const address = plainAddress(socket.remoteAddress);
        const isAllowed = options.isAllowed(address);
        handle({ kind: "connected", connection: lastId, network: toNetwork(address), isAllowed });
      },
      data({ data: { outlet } }, bytes) {
        if (outlet.closingAtMs !== null) return;
        const now = nowMs();
        if (!board.takeBytes(outlet.id, bytes.length, now)) closeOutlet(outlet, now);
        else if (outlet.peer === null) handle({ kind: "received", connection: outlet.id, bytes });
        else {
          forward(outlet, bytes, now);
          const tapped = countTapped(outlet, bytes.length);
          if (tapped === 0) return;
          handle({ kind: "passed", connection: outlet.id, bytes: bytes.subarray(0, tapped) });
        }
      },
      drain: ({ data: { outlet } }) => drain(outlet, nowMs()),
      close({ data: { outlet } }) {
        outlets.delete(outlet.id);
        onOutletClosed(outlet, nowMs());
        handle({ kind: "closed", connection: outlet.id });
      },
      // Also what one of our own functions here has thrown: it costs one connection, and not the others theirs.
      error({ data: { outlet } }, error) {
        options.onFailure(error);
        closeOutlet(outlet, nowMs());
      },
    },
  });
  return {
    port: listener.port,
    handle,
    async stop() {
      ticking.stop();
      listener.stop();
      for (const outlet of outlets.values()) closeOutlet(outlet, nowMs());
      for (let waited = 0; outlets.size > 0 && waited < STOP_MS; waited += 10) await Bun.sleep(10);
      for (const outlet of outlets.values()) outlet.line.terminate();
    },
  };
}

/** Looks, in small parts, at what may have run out; rests while nobody is there. */
function createTicking(
  { nowMs, tickMs = TICK_MS }: Pick<RelayPortOptions, "nowMs" | "tickMs">,
  outlets: ReadonlyMap<number, Outlet>,
  onTick: () => void,
): { start(): void; stop(): void } {
  let timer: ReturnType<typeof setInterval> | null = null;
  let next = outlets.values();
  const stop = () => {
    if (timer !== null) clearInterval(timer);
    timer = null;
  };
  const tick = () => {
    onTick();
    const now = nowMs();
    const count = Math.max(SWEEP_MIN, Math.ceil(outlets.size / SWEEP_PARTS));
    for (let looked = 0; looked < count; looked++) {
      const { done, value } = next.next();
      if (done !== true) sweepOutlet(value, now);
      else {
        next = outlets.values();
        break;
      }
    }
    if (outlets.size === 0) stop();
  };
  return {
    start() {
      timer ??= setInterval(tick, tickMs);
    },
    stop,
  };
}

function applyEffect(
  effect: Effect,
  outlets: ReadonlyMap<number, Outlet>,
  { nowMs, onChange }: RelayPortOptions,
): void {
  switch (effect.kind) {
    case "send": {
      const outlet = outlets.get(effect.to);
      if (outlet !== undefined) sendTo(outlet, effect.bytes, nowMs());
      return;
    }
    case "close": {
      const outlet = outlets.get(effect.connection);
      if (outlet !== undefined) closeOutlet(outlet, nowMs());
      return;
    }
    case "pipe": {
      const [user, link] = [outlets.get(effect.user), outlets.get(effect.link)];
      if (user !== undefined && link !== undefined) joinOutlets(user, link, nowMs());
      return;
    }
    case "changed":
      onChange(effect.sessionId);
  }
}

/** An IPv4 address as such, also when the socket listens on IPv6. */
function plainAddress(address: string): string {
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
}
