import * as v from "valibot";
import { toInstant } from "../../base/clock.ts";
import type { Context, Ports } from "../../base/context.ts";
import { type AppError, isAppError } from "../../base/errors.ts";
import { type BackupSummary, type LastBackup, LastBackupSchema } from "../contract.ts";

/** Kept without an end: an age that nobody knows is no age. */
const LAST_KEY = "backup:last";
const GOOD_KEY = "backup:good";

/** How a backup of the server ended. */
export interface BackupEnd {
  readonly startedAt: Date;
  readonly outcome: BackupSummary | AppError;
}

/** Notes how a backup of the server ended; a store that is away loses the note, not the backup. */
export async function noteEnd({ ports }: Pick<Context, "ports">, end: BackupEnd): Promise<void> {
  const now = ports.clock.now();
  const { outcome } = end;
  const isOk = !isAppError(outcome);
  const last: LastBackup = {
    at: toInstant(now),
    isOk,
    durationMs: now.getTime() - end.startedAt.getTime(),
    sizeBytes: isOk ? outcome.sizeBytes : 0,
    path: isOk ? outcome.path : null,
    code: isOk ? null : outcome.code,
  };
  try {
    const text = JSON.stringify(last);
    await ports.kv.set(LAST_KEY, text);
    if (isOk) await ports.kv.set(GOOD_KEY, text);
  } catch (error) {
    ports.log.warn("the end of a backup could not be noted", { error });
  }
}

/** How the last backup ended, and the last one that was good; null where there was none. */
export async function readLastBackups({
  kv,
}: Pick<Ports, "kv">): Promise<{ readonly last: LastBackup | null; readonly good: LastBackup | null }> {
  const [last, good] = await Promise.all([kv.get(LAST_KEY), kv.get(GOOD_KEY)]);
  return { last: parseLast(last), good: parseLast(good) };
}

/** What another version of us has noted may read otherwise, and is then as good as forgotten. */
function parseLast(text: string | null): LastBackup | null {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), LastBackupSchema), text);
  return parsed.success ? parsed.output : null;
}
