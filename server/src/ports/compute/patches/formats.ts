import { applyApsGba, applyApsN64 } from "./aps.ts";
import { applyBdf } from "./bdf.ts";
import { applyBps } from "./bps.ts";
import { readPart } from "./cursor.ts";
import { applyIps, applyIps32 } from "./ips.ts";
import { MARK_BYTES } from "./limits.ts";
import { type ApplyPatch, type PatchJob, refuse, type SourceCheck } from "./patch.ts";
import { applyPmsr } from "./pmsr.ts";
import { applyPpf } from "./ppf.ts";
import { applyRup } from "./rup.ts";
import { applyUps } from "./ups.ts";
import { applyVcdiff } from "./vcdiff.ts";

/** The formats of patches, by the extension that is most used. */
export type PatchFormat = "ips" | "ups" | "bps" | "ppf" | "rup" | "aps" | "bdf" | "pmsr" | "vcdiff";

interface FormatRow {
  readonly format: PatchFormat;
  /** First bytes, one character each. */
  readonly mark: string;
  readonly apply: ApplyPatch;
}

/** Every format with the mark it begins with; of two that fit the first counts. */
const FORMATS: readonly FormatRow[] = [
  { format: "ips", mark: "PATCH", apply: applyIps },
  { format: "ips", mark: "IPS32", apply: applyIps32 },
  { format: "ups", mark: "UPS1", apply: applyUps },
  { format: "bps", mark: "BPS1", apply: applyBps },
  { format: "ppf", mark: "PPF", apply: applyPpf },
  { format: "rup", mark: "NINJA2", apply: applyRup },
  { format: "aps", mark: "APS10", apply: applyApsN64 },
  { format: "aps", mark: "APS1", apply: applyApsGba },
  { format: "bdf", mark: "BSDIFF40", apply: applyBdf },
  { format: "pmsr", mark: "PMSR", apply: applyPmsr },
  { format: "vcdiff", mark: "\xd6\xc3\xc4", apply: applyVcdiff },
];

/** What was done. */
export interface AppliedPatch {
  readonly format: PatchFormat;
  readonly check: SourceCheck;
}

/**
 * Applies a patch of any format; its first bytes tell which, since extensions are often wrong.
 * @throws PatchRefusal
 */
export async function applyPatch(job: PatchJob): Promise<AppliedPatch> {
  const head = Buffer.from(readPart(job.patch, 0, MARK_BYTES)).toString("latin1");
  const row = FORMATS.find(({ mark }) => head.startsWith(mark));
  if (row === undefined) return refuse("unsupported", "is of no format that is known here");
  return { format: row.format, check: await row.apply(job) };
}
