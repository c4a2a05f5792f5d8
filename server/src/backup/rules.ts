import { createHash } from "node:crypto";
import * as v from "valibot";
import { AppError } from "../base/errors.ts";
import {
  BACKUP_FORMAT,
  type BackupFile,
  type BackupReason,
  type BackupSummary,
  type Manifest,
  ManifestSchema,
} from "./contract.ts";
import { UPGRADES_KEPT_MAX } from "./limits.ts";

/** Where the parts of a backup lie in its folder. */
export const MANIFEST_NAME = "manifest.json";
export const FILE_LIST_NAME = "files.sha256";
export const TABLES_FOLDER = "tables";
/** What an unfinished backup is called behind its name: nothing takes it for one. */
export const PARTIAL_SUFFIX = ".partial";

/** The file with the rows of a table. */
export function toTablePath(name: string): string {
  return `${TABLES_FOLDER}/${name}.copy.zst`;
}

/** Tells names of unfinished backups that this server may have left. */
export function isPartialBackup(name: string): boolean {
  return name.endsWith(PARTIAL_SUFFIX) && findReason(name.slice(0, -PARTIAL_SUFFIX.length)) !== null;
}

const TIME = "\\d{8}T\\d{6}Z";
const NAMES: readonly (readonly [BackupReason, RegExp])[] = [
  ["manual", new RegExp(`^manual-${TIME}(?:-\\d+)?$`)],
  ["nightly", new RegExp(`^nightly-${TIME}(?:-\\d+)?$`)],
  ["upgrade", new RegExp(`^pre-\\d+-\\d+-${TIME}(?:-\\d+)?$`)],
];

/** What a name says a backup was made for; null for a name that is none of ours. */
export function findReason(name: string): BackupReason | null {
  return NAMES.find(([, pattern]) => pattern.test(name))?.[0] ?? null;
}

/** The moment in a name: seconds, in UTC. */
function formatTime(at: Date): string {
  return `${at.toISOString().replaceAll(/[-:]/g, "").slice(0, "YYYYMMDDTHHMMSS".length)}Z`;
}

/** Levels of the schema that an upgrade leads between. */
export interface UpgradeLevels {
  readonly from: number;
  readonly to: number;
}

/** The name of a new backup. @param taken Names that are in use. */
export function toBackupName(
  reason: Exclude<BackupReason, "upgrade"> | UpgradeLevels,
  at: Date,
  taken: ReadonlySet<string>,
): string {
  const prefix = typeof reason === "string" ? reason : `pre-${reason.from}-${reason.to}`;
  const base = `${prefix}-${formatTime(at)}`;
  for (let count = 1; ; count += 1) {
    const name = count === 1 ? base : `${base}-${count}`;
    if (!taken.has(name) && !taken.has(name + PARTIAL_SUFFIX)) return name;
  }
}

function timeOf(name: string): string {
  return new RegExp(TIME).exec(name)?.[0] ?? "";
}

/** Nightly backups beyond the newest `keptMax`, oldest first. Others are the operator's to remove. */
export function chooseExpiredNightly(names: readonly string[], keptMax: number): readonly string[] {
  const own = names.filter((name) => findReason(name) === "nightly");
  return own.toSorted(compareTimes).slice(0, Math.max(0, own.length - keptMax));
}

/** Backups from before upgrades to other levels than the newest three. */
export function chooseExpiredUpgrades(names: readonly string[]): readonly string[] {
  const own = names.filter((name) => findReason(name) === "upgrade").toSorted(compareTimes);
  const levelOf = (name: string) => name.split("-")[2] ?? "";
  const kept = new Set([...new Set(own.toReversed().map(levelOf))].slice(0, UPGRADES_KEPT_MAX));
  return own.filter((name) => !kept.has(levelOf(name)));
}

function compareTimes(a: string, b: string): number {
  const [first, second] = [timeOf(a), timeOf(b)];
  return first < second ? -1 : first > second ? 1 : a.localeCompare(b, "en", { numeric: true });
}

/** One line of the list of files, as `sha256sum` writes it and reads it with `--check`. */
export function formatListLine({ path, sha256 }: BackupFile): string {
  if (!/[\\\n\r]/.test(path)) return `${sha256}  ${path}\n`;
  const escaped = path.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll("\r", "\\r");
  return `\\${sha256}  ${escaped}\n`;
}

const LIST_LINE = /^(\\?)([0-9a-f]{64}) {2}([^\n]+)$/;
const ESCAPES: Readonly<Record<string, string>> = { "\\\\": "\\", "\\n": "\n", "\\r": "\r" };

/**
 * Reads one line of the list, without its end.
 * @throws AppError `BACKUP_DAMAGED` for anything else, also a path that leads out of the backup.
 */
export function parseListLine(line: string): BackupFile {
  const [, mark, sha256 = "", text = ""] = LIST_LINE.exec(line) ?? [];
  if (mark === undefined) throw damaged(`a line of ${FILE_LIST_NAME} is not one of ours`);
  const path = mark === "" ? text : text.replaceAll(/\\[\\nr]/g, (pair) => ESCAPES[pair] ?? "");
  const steps = path.split("/");
  if (steps.some((step) => step === "" || step === "." || step === "..")) {
    throw damaged(`${FILE_LIST_NAME} names ${JSON.stringify(path)}, which leads elsewhere`);
  }
  return { path, sha256 };
}

/** Writes a manifest with the digest of its own text in it. */
export function formatManifest(manifest: Manifest): string {
  const format = (sha256: string) => `${JSON.stringify({ ...manifest, sha256 }, null, 2)}\n`;
  return format(createHash("sha256").update(format("")).digest("hex"));
}

/**
 * Reads a manifest.
 * @throws AppError `BACKUP_DAMAGED`, `BACKUP_FORMAT_UNKNOWN` for one of a later version.
 */
export function parseManifest(text: string): Manifest {
  const head = v.safeParse(
    v.pipe(v.string(), v.parseJson(), v.object({ kind: v.literal("multitap-backup"), format: v.number() })),
    text,
  );
  if (!head.success) throw damaged(`${MANIFEST_NAME} is not that of a backup`);
  if (head.output.format !== BACKUP_FORMAT) {
    throw new AppError("unsupported", "BACKUP_FORMAT_UNKNOWN", {
      message: `The backup has format ${head.output.format}, this version reads ${BACKUP_FORMAT}. Use a later version`,
    });
  }
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), ManifestSchema), text);
  if (!parsed.success || formatManifest(parsed.output) !== text) {
    throw damaged(`${MANIFEST_NAME} was changed after it was written`);
  }
  return parsed.output;
}

/** Makes the refusal of a backup that is not whole. */
export function damaged(what: string, cause?: unknown): AppError<"invalid"> {
  const message = `The backup is damaged: ${what}. Use another one; nothing was written`;
  return new AppError("invalid", "BACKUP_DAMAGED", { message, cause });
}

/** What is told of a backup. */
export function summarize(manifest: Manifest, name: string, path: string): BackupSummary {
  const { database, config, secrets, assets, resources } = manifest.parts;
  const parts = [database, config, secrets, assets, ...(resources === null ? [] : [resources])];
  return {
    name,
    path,
    createdAt: manifest.createdAt,
    reason: manifest.reason,
    appVersion: manifest.appVersion,
    level: manifest.database.level,
    rowCount: manifest.database.tables.reduce((sum, { rowCount }) => sum + rowCount, 0),
    fileCount: parts.reduce((sum, { fileCount }) => sum + fileCount, 0),
    sizeBytes: parts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    isEncrypted: secrets.isEncrypted,
    withResources: resources !== null,
    missingCount: assets.missingCount,
  };
}

/** Lines within a piece of text: rows of COPY's text form, which writes a line end within a value as two letters. */
export function countLines(chunk: Uint8Array): number {
  let count = 0;
  for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) count += 1;
  return count;
}
