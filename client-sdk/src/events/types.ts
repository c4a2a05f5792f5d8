import type { Scan } from "@multitap/server/contract/scan";
import type { Instant } from "../auth/types.ts";
import type { MultitapError } from "../errors.ts";
import type { Unsubscribe } from "../listeners.ts";

/** What happened in a scan; the counters only grow. */
export interface ScanEvent {
  readonly scanId: number;
  readonly status: Scan["status"];
  readonly phase: Scan["phase"];
  /** The folder being scanned; null between folders. */
  readonly platformFsSlug: string | null;
  readonly stats: Scan["stats"];
  readonly errorMessage: string | null;
}

/** Rows of the library that changed; ids only, so that listeners fetch what they show. */
export interface LibraryEvent {
  readonly change: "created" | "updated" | "removed" | "missing";
  readonly entity: "platform" | "rom";
  readonly ids: readonly number[];
}

/** Somebody began, goes on or ended playing a rom. */
export interface ActivityEvent {
  readonly change: "updated" | "cleared";
  readonly romId: number;
  readonly userId: number;
  readonly deviceId: string;
  /** By which door the server was told. */
  readonly via: "rest" | "socket";
  readonly startedAt: Instant;
}

/** A save or a state of the listener's that is new, changed or gone. */
export interface SavesEvent {
  readonly change: "stored" | "updated" | "removed";
  readonly kind: "saves" | "states";
  readonly romId: number;
  readonly versionId: number;
  readonly slot: string | null;
  /** The device that it came from; null when none did. */
  readonly originDeviceId: string | null;
}

/** How a sync of one of the listener's devices goes. */
export interface SyncProgressEvent {
  readonly phase: "started" | "progress" | "completed" | "conflict" | "error";
  readonly deviceId: string;
  readonly sessionId: number;
  readonly syncMode: "api" | "file_transfer" | "push_pull";
  readonly operationsPlanned: number;
  readonly operationsCompleted: number;
  readonly operationsFailed: number;
  /** The file that is under way, or that stands in conflict. */
  readonly fileName: string | null;
  readonly romId: number | null;
  /** Why there is a conflict or an error. */
  readonly reason: string | null;
}

/** What each topic carries. */
export interface EventMap {
  readonly scan: ScanEvent;
  readonly library: LibraryEvent;
  readonly saves: SavesEvent;
  readonly sync: SyncProgressEvent;
  readonly activity: ActivityEvent;
  readonly tasks: { readonly taskId: string; readonly status: string };
  /** What this user may do or see changed: ask again. */
  readonly permissions: { readonly userId: number };
  /** Netplay rooms of this kind opened, changed or closed: ask again. */
  readonly netplay: { readonly kind: "multitap" | "emulatorjs" | "retroarch" };
}

/** What a listener can ask for. */
export type Topic = keyof EventMap;

/** One event of the given topics. */
export type TopicEvent<T extends Topic> = {
  [K in T]: { readonly id: string; readonly topic: K; readonly at: Instant; readonly data: EventMap[K] };
}[T];

/**
 * Stands where events are missing: fetch again what you show. `id` is "" when the position is not known.
 */
export interface GapEvent {
  readonly id: string;
  readonly topic: "gap";
  readonly at: Instant;
  /** The server no longer has them, this reader was too slow, or the server lost its place. */
  readonly reason: "expired" | "overflow" | "restarted";
}

/**
 * How to listen.
 * @example
 * for await (const event of client.events(["saves"], { signal, resumeFrom: lastSeen })) handle(event);
 */
export interface StreamOptions {
  /** Ends the stream with an error of kind `aborted`. */
  signal?: AbortSignal | undefined;
  /** Id of the last event that was seen, perhaps by an earlier run of the app; begins with the next one unless said. */
  resumeFrom?: string | null | undefined;
  /** Events that wait for a slow loop before they are replaced by a gap; 1024 unless said. */
  bufferMax?: number | undefined;
}

/**
 * Events as they happen. Nothing is opened before the first loop or listener; one that begins later goes on
 * after the last event that was handed out.
 * @example
 * const stop = client.events(["library"]).subscribe((event) => refresh(event));
 */
export interface EventStream<T> extends AsyncIterable<T> {
  /** Id of the last event that was handed out; give it to `resumeFrom` later. */
  readonly lastEventId: string | null;
  /**
   * Calls `listener` for each event, without a buffer.
   * @param onEnd Called once at the end: with null after `close()`, else with what ended it.
   */
  subscribe(listener: (event: T) => void, onEnd?: (error: MultitapError | null) => void): Unsubscribe;
  /** Ends all loops and listeners in order. */
  close(): void;
}

/** How the one event connection of a client is doing. */
export type ConnectionState =
  | { readonly status: "idle" | "connecting" | "online" | "closed" }
  | { readonly status: "offline"; readonly error: MultitapError; readonly retryAt: Instant }
  | { readonly status: "needs_auth"; readonly error: MultitapError };

/**
 * The event connection, for status lines and retry buttons.
 * @example
 * client.connection.onChange((state) => showStatus(state.status));
 * retryButton.onclick = () => client.connection.reconnect();
 */
export interface Connection {
  readonly state: ConnectionState;
  /** Calls `listener` after each change of `state`. */
  onChange(listener: (state: ConnectionState) => void): Unsubscribe;
  /** Tries again now instead of at `retryAt`. */
  reconnect(): void;
}
