import { hasScope } from "../base/identity.ts";
import { callOperation } from "../base/operation.ts";
import type { FeedItem } from "../ports/events/port.ts";
import type { SocketCall, SocketDoor, SocketHub, SocketPeer } from "../socket/door.ts";
import { ENTRIES_PER_SOCKET_MAX, SWEEP_INTERVAL_MS } from "./limits.ts";
import {
  type ActivityNews,
  type ActivitySight,
  clearActivity,
  heartbeatFromSocket,
  readActivitySight,
  readNews,
  stopActivity,
  sweepActivity,
} from "./service.ts";
import { fromSocketHeartbeat, fromSocketStop, toActivityWire, toClearedWire } from "./wire.ts";

/** What an account plays on a device, as sockets keep it alive. */
interface Held {
  readonly userId: number;
  readonly deviceId: string;
}

/** Which sockets of this process keep which entries alive: with two tabs of a browser the last one counts. */
interface Holds {
  /** By socket, oldest first. */
  readonly bySocket: Map<string, readonly Held[]>;
  isClosed: boolean;
}

const isSame = (a: Held, b: Held) => a.userId === b.userId && a.deviceId === b.deviceId;

function isHeld({ bySocket }: Holds, held: Held): boolean {
  return [...bySocket.values()].some((all) => all.some((each) => isSame(each, held)));
}

/** Who plays what now: sockets say so, and are told of others. */
export const activityDoor: SocketDoor = {
  topics: ["activity"],
  async open(hub) {
    const holds: Holds = { bySocket: new Map(), isClosed: false };
    const stopSweeping = startSweeping(hub);
    return {
      handlers: {
        "activity:start": (call) => onSign(call, { holds, hub, isStart: true }),
        "activity:heartbeat": (call) => onSign(call, { holds, hub, isStart: false }),
        "activity:stop": (call) => onStop(call, holds),
      },
      onEvents: (items) => tell(hub, items),
      close() {
        // Whoever plays goes on when the server is back, so a restart ends nothing.
        holds.isClosed = true;
        stopSweeping();
      },
    };
  },
};

/** Looks for what ran out; one round at a time. */
function startSweeping({ ctx }: SocketHub): () => void {
  let isSweeping = false;
  const timer = setInterval(() => {
    if (isSweeping) return;
    isSweeping = true;
    void sweepActivity(ctx)
      .catch((error: unknown) => ctx.ports.log.warn("could not look for activities that ended", { error }))
      .finally(() => {
        isSweeping = false;
      });
  }, SWEEP_INTERVAL_MS);
  timer.unref();
  return () => clearInterval(timer);
}

interface Sign {
  readonly holds: Holds;
  readonly hub: SocketHub;
  readonly isStart: boolean;
}

async function onSign(call: SocketCall, { holds, hub, isStart }: Sign): Promise<readonly unknown[]> {
  const { ctx, payload } = call;
  const { userId, deviceId } = await callOperation(heartbeatFromSocket, ctx, () =>
    fromSocketHeartbeat(payload, isStart),
  );
  await hold(call, { holds, hub, held: { userId, deviceId } });
  return [];
}

interface Holding {
  readonly holds: Holds;
  readonly hub: SocketHub;
  readonly held: Held;
}

async function hold({ ctx, peer }: SocketCall, { holds, hub, held }: Holding): Promise<void> {
  const { bySocket } = holds;
  // It may have gone while its event was handled.
  if (ctx.signal.aborted) {
    await release(holds, hub, [held]);
    return;
  }
  const known = bySocket.get(peer.id);
  if (known === undefined)
    ctx.signal.addEventListener("abort", () => onGone(holds, hub, peer), { once: true });
  const all = [...(known ?? []).filter((each) => !isSame(each, held)), held];
  const kept = all.slice(-ENTRIES_PER_SOCKET_MAX);
  bySocket.set(peer.id, kept);
  await release(holds, hub, all.slice(0, all.length - kept.length));
}

function onGone(holds: Holds, hub: SocketHub, { id }: SocketPeer): void {
  const held = holds.bySocket.get(id) ?? [];
  holds.bySocket.delete(id);
  if (holds.isClosed) return;
  release(holds, hub, held).catch((error: unknown) => {
    hub.ctx.ports.log.warn("could not end the activity of a socket that is gone", { error });
  });
}

/** Ends what no socket keeps alive any more. */
async function release(holds: Holds, hub: SocketHub, held: readonly Held[]): Promise<void> {
  for (const each of held) if (!isHeld(holds, each)) await clearActivity(hub.ctx, each);
}

/** Ends the device that is named, or everything that was begun on this socket. */
async function onStop({ ctx, peer, payload }: SocketCall, holds: Holds): Promise<readonly unknown[]> {
  const own = holds.bySocket.get(peer.id) ?? [];
  const named = fromSocketStop(payload);
  const isMeant = ({ deviceId }: Held) => named === undefined || deviceId === named;
  if (own.length > 0) {
    // The listener for the end of the socket stays with its list, though that is empty.
    holds.bySocket.set(
      peer.id,
      own.filter((each) => !isMeant(each)),
    );
  }
  const deviceIds = named === undefined ? own.map(({ deviceId }) => deviceId) : [named];
  for (const deviceId of deviceIds) {
    const isKept = peer.identity.kind === "user" && isHeld(holds, { userId: peer.identity.userId, deviceId });
    if (!isKept) await callOperation(stopActivity, ctx, () => ({ deviceId }));
  }
  return [];
}

/** Tells everybody who may know. */
async function tell(hub: SocketHub, items: readonly FeedItem[]): Promise<void> {
  const events = items.flatMap((item) => ("gap" in item || item.topic !== "activity" ? [] : [item]));
  const watchers = hub.listPeers().filter(({ identity }) => hasScope(identity, "roms.user.read"));
  if (events.length === 0 || watchers.length === 0) return;
  const news = await readNews(hub.ctx, events);
  const audiences = await groupByCaller(hub, watchers);
  for (const each of news) for (const audience of audiences) tellOne(hub, each, audience);
}

/** Sockets of one caller, and what that one may be told. */
interface Audience {
  readonly sight: ActivitySight;
  readonly peers: readonly SocketPeer[];
}

async function groupByCaller(hub: SocketHub, peers: readonly SocketPeer[]): Promise<readonly Audience[]> {
  const byCaller = Map.groupBy(peers, ({ identity }) =>
    identity.kind === "user" ? identity.userId : identity.kind,
  );
  const audiences: Audience[] = [];
  for (const own of byCaller.values()) {
    const [first] = own;
    if (first !== undefined)
      audiences.push({ sight: await readActivitySight(hub.contextOf(first)), peers: own });
  }
  return audiences;
}

function tellOne(hub: SocketHub, news: ActivityNews, { sight, peers }: Audience): void {
  const { audienceId, event, rom } = news;
  const isMeant = audienceId === null || audienceId === sight.viewerId;
  if (!isMeant || !sight.sees(rom)) return;
  if (news.change === "cleared") {
    hub.send(peers, { event: "activity:clear", args: [toClearedWire(event)] });
    return;
  }
  const shown = news.show(sight.viewerId);
  if (shown === null) return;
  // Whoever reads too slowly is told with the next sign.
  hub.send(peers, { event: "activity:update", args: [toActivityWire(shown)], canSkip: true });
}
