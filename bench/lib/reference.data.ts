/**
 * Recorded baseline of the reference backend: RomM at commit 57badfd with PostgreSQL 15 and Valkey, one server
 * process (its default), providers off, hashing on, two cores of an AMD EPYC (KVM), measured on 2026-11-20. The
 * load generator ran on the same machine. They are constants here because that backend is not part of this
 * project; all of our own figures are measured in the same run.
 */
export const REFERENCE_NAME = "recorded baseline of the reference backend (RomM 57badfd)";

/** Seconds for 5,000 files of 0.5 to 1.5 KB on 10 platforms. */
export const REFERENCE_SCAN_SECONDS = { first: 399.5, quickRepeat: 3.4 } as const;

/** Requests per second with 20,000 roms. */
export interface ReferenceLoad {
  readonly perSecond: number;
  readonly p50Ms: number;
  /** Connections the figure was taken with; where 16 were not measured it is 1. */
  readonly connections: 1 | 16;
}

export const REFERENCE_LOADS = {
  heartbeat: { perSecond: 162, p50Ms: 96, connections: 16 },
  platforms: { perSecond: 76, p50Ms: 200, connections: 16 },
  romDetail: { perSecond: 14, p50Ms: 1_043, connections: 16 },
  romSimple: { perSecond: 28, p50Ms: 523, connections: 16 },
  romList: { perSecond: 6.6, p50Ms: 1_960, connections: 16 },
  romListLean: { perSecond: 8.8, p50Ms: 1_398, connections: 16 },
  romListLeanDeep: { perSecond: 6.6, p50Ms: 143, connections: 1 },
  romListSearch: { perSecond: 16.6, p50Ms: 54, connections: 1 },
  romListPlatform: { perSecond: 1.0, p50Ms: 5_430, connections: 16 },
  saveUpload: { perSecond: 10.3, p50Ms: 1_377, connections: 16 },
  saveUploadAlone: { perSecond: 13.0, p50Ms: 73, connections: 1 },
  saveUploadInSlot: { perSecond: 16.5, p50Ms: 60.7, connections: 1 },
  negotiate: { perSecond: 2.7, p50Ms: 5_081, connections: 16 },
  negotiateAlone: { perSecond: 2.8, p50Ms: 302, connections: 1 },
} as const satisfies Record<string, ReferenceLoad>;
