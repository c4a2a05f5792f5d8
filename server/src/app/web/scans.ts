import type { ScanStep } from "@multitap/client";
import { formatCount, formatSize } from "./format.ts";

/** A scan as the bar shows it. */
export interface ScanProgress {
  /** Null while nobody knows how much there is to do. */
  readonly share: number | null;
  readonly text: string;
  readonly isOver: boolean;
}

const PHASES: Readonly<Record<ScanStep["phase"], string>> = {
  queued: "Waiting for its turn",
  discovering: "Looking for games",
  hashing: "Reading games",
  finishing: "Finishing",
  ended: "Done",
};

/** Discovering is quick beside hashing, of which the number of new roms is the measure. */
const DISCOVERY_SHARE = 0.4;

const shareOf = (done: number, total: number) => (total === 0 ? 1 : Math.min(1, done / total));

function measure(step: ScanStep): number | null {
  if (step.phase === "queued") return null;
  if (step.phase === "discovering") {
    return step.romsTotal === 0 ? null : DISCOVERY_SHARE * shareOf(step.romsDone, step.romsTotal);
  }
  if (step.phase === "hashing") {
    return (
      DISCOVERY_SHARE +
      (1 - DISCOVERY_SHARE) * 0.98 * shareOf(step.filesHashed, step.romsNew || step.romsTotal)
    );
  }
  return 1;
}

const ENDS: Readonly<Record<string, string>> = { done: "Done", cancelled: "Cancelled", failed: "Failed" };

/** Says how far a scan is. */
export function describeScan(step: ScanStep): ScanProgress {
  const end = ENDS[step.status];
  const where = step.platformFsSlug === null ? "" : ` in ${step.platformFsSlug}`;
  const missing = step.romsMissing > 0 ? `, ${formatCount(step.romsMissing, "missing", "missing")}` : "";
  const hashed = step.filesHashed > 0 ? `, ${formatSize(step.bytesHashed)} read` : "";
  const counts = `${formatCount(step.romsDone, "game")}, ${step.romsNew.toLocaleString("en")} new${missing}${hashed}`;
  const problems =
    step.problems > 0 ? `, ${formatCount(step.problems, "entry", "entries")} could not be read` : "";
  const why = step.errorMessage === null ? "" : ` ${step.errorMessage}`;
  return {
    share: end === undefined ? measure(step) : 1,
    text: `${end ?? PHASES[step.phase] + where}: ${counts}${problems}.${why}`,
    isOver: end !== undefined,
  };
}
