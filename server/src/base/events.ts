/** What listeners can ask for on the event stream. */
export const TOPICS = ["scan", "library", "saves", "sync", "activity", "tasks", "permissions"] as const;

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

export type ScanStatus = "queued" | "running" | "paused" | "done" | "cancelled" | "failed";
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

/** What each topic carries. */
export interface EventMap {
  readonly scan: ScanEvent;
  readonly library: LibraryEvent;
  readonly saves: { readonly romId: number; readonly saveId: number };
  readonly sync: { readonly sessionId: number; readonly status: string };
  readonly activity: { readonly romId: number; readonly userId: number };
  readonly tasks: { readonly taskId: string; readonly status: string };
  /** What this user may do or see changed: apps ask again. */
  readonly permissions: { readonly userId: number };
}
