/** What listeners can ask for on the event stream. */
export const TOPICS = [
  "scan",
  "library",
  "saves",
  "sync",
  "activity",
  "tasks",
  "permissions",
  "netplay",
] as const;

export type Topic = (typeof TOPICS)[number];

/** Counters of a scan so far; all grow only. */
export interface ScanStats {
  readonly platformsTotal: number;
  readonly romsTotal: number;
  readonly platformsDone: number;
  readonly platformsNew: number;
  readonly platformsIdentified: number;
  readonly romsDone: number;
  readonly romsNew: number;
  readonly romsIdentified: number;
  readonly romsMissing: number;
  readonly filesHashed: number;
  readonly bytesHashed: number;
  readonly firmwareDone: number;
  readonly firmwareNew: number;
  readonly problems: number;
}

/** How a scan stands. */
export type ScanStatus = "queued" | "running" | "paused" | "done" | "cancelled" | "failed";
/** What a scan is at. */
export type ScanPhase = "queued" | "discovering" | "hashing" | "finishing" | "ended";

export interface ScanEvent {
  readonly scanId: number;
  readonly status: ScanStatus;
  readonly phase: ScanPhase;
  readonly platformFsSlug: string | null;
  readonly stats: ScanStats;
  readonly errorMessage: string | null;
}

/** Rows of the library that changed; ids only, so that listeners fetch what they show. */
export interface LibraryEvent {
  readonly change: "created" | "updated" | "removed" | "missing";
  readonly entity: "platform" | "rom";
  readonly ids: readonly number[];
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
export interface SyncEvent {
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

/** Somebody began, goes on or ended playing a rom, as far as the listener may know. */
export interface ActivityEvent {
  readonly change: "updated" | "cleared";
  readonly romId: number;
  readonly userId: number;
  readonly deviceId: string;
  /** How it was told, which decides what a device that is not registered is called. */
  readonly via: "rest" | "socket";
  /** ISO 8601. */
  readonly startedAt: string;
}

/** What each topic carries. */
export interface EventMap {
  readonly scan: ScanEvent;
  readonly library: LibraryEvent;
  readonly saves: SavesEvent;
  readonly sync: SyncEvent;
  readonly activity: ActivityEvent;
  readonly tasks: { readonly taskId: string; readonly status: string };
  /** What this user may do or see changed: apps ask again. */
  readonly permissions: { readonly userId: number };
  /** Netplay rooms of this kind opened, changed or closed: apps ask again. */
  readonly netplay: { readonly kind: "multitap" | "emulatorjs" | "retroarch" };
}
