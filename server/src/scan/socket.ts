import { AppError, toAppError } from "../base/errors.ts";
import type { ScanStats } from "../base/events.ts";
import { hasScope } from "../base/identity.ts";
import { callOperation } from "../base/operation.ts";
import type { OpenSocketDoor, SocketCall, SocketDoor, SocketHub } from "../socket/door.ts";
import { STOP_ANSWER_MS, STOPS_WAITING_MAX } from "./audience/limits.ts";
import { stopScans } from "./audience/service.ts";
import { type ScanWatch, watchScans } from "./audience/socket.ts";
import { startScan } from "./service.ts";
import { ALREADY_RUNNING, NOT_AUTHORIZED, readScanRequest, toScanStatsWire } from "./wire.ts";

/** Callers who stopped a scan that is still ending, each with the timer after which they wait no longer. */
type WaitingStops = Map<SocketCall, ReturnType<typeof setTimeout>>;

/** The scan events of the compatible socket: starting, stopping, and what everybody is told meanwhile. */
export const scanDoor: SocketDoor = {
  topics: ["scan", "library"],
  async open(hub: SocketHub): Promise<OpenSocketDoor> {
    const stops: WaitingStops = new Map();
    const watch = watchScans(hub, (_scanId, stats) => answerStops(stops, stats));
    await watch.catchUp();
    return {
      handlers: { scan: start, "scan:stop": (call) => stop(call, { watch, stops }) },
      onEvents: watch.onEvents,
      onIdentified: watch.onIdentified,
      close() {
        watch.close();
        for (const timer of stops.values()) clearTimeout(timer);
      },
    };
  },
};

async function start(call: SocketCall): Promise<readonly unknown[]> {
  try {
    const scan = await callOperation(startScan, call.ctx, () => readScanRequest(call.payload));
    return [{ job_id: String(scan.id) }];
  } catch (thrown) {
    throw refuse(call, thrown);
  }
}

/** Tells the caller alone why nothing was done, in the words that clients know. */
function refuse({ reply }: SocketCall, thrown: unknown): AppError {
  const error = toAppError(thrown);
  const { kind, code, cause, details } = error;
  const isRefused = kind === "unauthenticated" || kind === "forbidden";
  const known = isRefused ? NOT_AUTHORIZED : code === "SCAN_RUNNING" ? ALREADY_RUNNING : null;
  const message = known ?? error.message;
  reply("scan:done_ko", message);
  return new AppError(kind, code, { message, details, cause });
}

interface StopDesk {
  readonly watch: ScanWatch;
  readonly stops: WaitingStops;
}

async function stop(call: SocketCall, { watch, stops }: StopDesk): Promise<readonly unknown[]> {
  const stopped = await callOperation(stopScans, call.ctx, () => ({})).catch((thrown: unknown) => {
    throw refuse(call, thrown);
  });
  const answer = (stats: ScanStats) => call.reply("scan:done", toScanStatsWire(stats));
  // Ended or never begun: nobody else will say so.
  if (stopped.runningScanId === null || stops.size >= STOPS_WAITING_MAX) answer(stopped.stats);
  else {
    const giveUp = () => {
      stops.delete(call);
      answer(watch.readStats() ?? stopped.stats);
    };
    stops.set(call, setTimeout(giveUp, STOP_ANSWER_MS));
  }
  return [];
}

/** Those who watch were told with everybody; those who may stop a scan but not see it are told here. */
function answerStops(stops: WaitingStops, stats: ScanStats): void {
  for (const [call, timer] of stops) {
    clearTimeout(timer);
    if (!hasScope(call.peer.identity, "platforms.read")) call.reply("scan:done", toScanStatsWire(stats));
  }
  stops.clear();
}
