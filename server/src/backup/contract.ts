import * as v from "valibot";
import { InstantText, list } from "../base/schemas.ts";
import { PASSPHRASE_CHARS_MAX, PATH_CHARS_MAX } from "./limits.ts";

/** The number of the format; a later one may be read by a later version only. */
export const BACKUP_FORMAT = 1;

/** Why a backup was made. */
export const BACKUP_REASONS = ["manual", "nightly", "upgrade"] as const;
export type BackupReason = (typeof BACKUP_REASONS)[number];

const Count = v.pipe(v.number(), v.integer(), v.minValue(0));
const Sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));
const PartSchema = v.object({ fileCount: Count, sizeBytes: Count });

/** What a backup says of itself; `manifest.json`. */
export const ManifestSchema = v.object({
  kind: v.literal("multitap-backup"),
  format: Count,
  appVersion: v.string(),
  createdAt: v.string(),
  reason: v.picklist(BACKUP_REASONS),
  database: v.object({
    serverVersion: v.string(),
    /** How many migrations it had. */
    level: Count,
    history: v.array(v.object({ number: Count, name: v.string(), sha256: Sha256, appVersion: v.string() })),
    tables: v.array(v.object({ name: v.string(), columns: v.array(v.string()), rowCount: Count })),
    sequences: v.array(v.object({ name: v.string(), lastValue: v.string(), isCalled: v.boolean() })),
  }),
  parts: v.object({
    database: PartSchema,
    config: PartSchema,
    secrets: v.object({ ...PartSchema.entries, isEncrypted: v.boolean() }),
    /** `missingCount`: files that rows name and the disk did not have. */
    assets: v.object({ ...PartSchema.entries, missingCount: Count }),
    /** Null when they were left out. */
    resources: v.nullable(PartSchema),
  }),
  /** Of `files.sha256`, which holds the SHA-256 of every other file. */
  filesSha256: Sha256,
  /** Of this text with "" here. */
  sha256: v.string(),
});
export type Manifest = v.InferOutput<typeof ManifestSchema>;

/** One file of a backup, as its list names it. */
export interface BackupFile {
  /** Below the backup's folder, with slashes. */
  readonly path: string;
  readonly sha256: string;
}

/** A backup that is there. */
export interface BackupSummary {
  readonly name: string;
  /** Its folder. */
  readonly path: string;
  readonly createdAt: string;
  readonly reason: BackupReason;
  readonly appVersion: string;
  readonly level: number;
  readonly rowCount: number;
  readonly fileCount: number;
  readonly sizeBytes: number;
  readonly isEncrypted: boolean;
  readonly withResources: boolean;
  /** Files that rows name and the disk did not have. */
  readonly missingCount: number;
}

export const BackupSummarySchema = v.object({
  name: v.string(),
  path: v.string(),
  createdAt: v.string(),
  reason: v.picklist(BACKUP_REASONS),
  appVersion: v.string(),
  level: v.number(),
  rowCount: v.number(),
  fileCount: v.number(),
  sizeBytes: v.number(),
  isEncrypted: v.boolean(),
  withResources: v.boolean(),
  missingCount: v.number(),
});
export const BackupListSchema = list(BackupSummarySchema);

/** Steps of a backup, in their order. */
export const BACKUP_PHASES = [
  "waiting",
  "database",
  "config",
  "assets",
  "resources",
  "verifying",
  "ending",
] as const;
export type BackupPhase = (typeof BACKUP_PHASES)[number];

/** A backup of this process, under way or ended. */
export interface BackupRun {
  readonly id: string;
  readonly status: "running" | "done" | "failed" | "cancelled";
  readonly phase: BackupPhase;
  /** Bytes written or read back in this phase. */
  readonly doneBytes: number;
  /** What the phase is expected to come to; null when nobody knows. */
  readonly totalBytes: number | null;
  readonly startedAt: string;
  readonly endedAt: string | null;
  /** Present when it is done. */
  readonly backup: BackupSummary | null;
  /** Why it failed. */
  readonly error: { readonly code: string; readonly message: string } | null;
}

export const BackupRunSchema = v.object({
  id: v.string(),
  status: v.picklist(["running", "done", "failed", "cancelled"]),
  phase: v.picklist(BACKUP_PHASES),
  doneBytes: v.number(),
  totalBytes: v.nullable(v.number()),
  startedAt: InstantText,
  endedAt: v.nullable(InstantText),
  backup: v.nullable(BackupSummarySchema),
  error: v.nullable(v.object({ code: v.string(), message: v.string() })),
});

export const StartBackupInput = v.strictObject({
  /** Absolute path of the folder that is to be made; below the base folder's `backups` unless said. Operator only. */
  outputPath: v.optional(v.nullable(v.pipe(v.string(), v.maxLength(PATH_CHARS_MAX))), null),
  withResources: v.optional(v.boolean(), false),
  /** Encrypts the secrets. Operator only. */
  passphrase: v.optional(
    v.nullable(v.pipe(v.string(), v.minLength(1), v.maxLength(PASSPHRASE_CHARS_MAX))),
    null,
  ),
});
export type StartBackupInput = v.InferOutput<typeof StartBackupInput>;

export const BackupRunInput = v.strictObject({ id: v.pipe(v.string(), v.maxLength(100)) });

/** How the last backup of the server's own folder ended, kept for metrics and `doctor`. */
export const LastBackupSchema = v.object({
  at: InstantText,
  isOk: v.boolean(),
  durationMs: v.number(),
  sizeBytes: v.number(),
  path: v.nullable(v.string()),
  code: v.nullable(v.string()),
});
export type LastBackup = v.InferOutput<typeof LastBackupSchema>;
