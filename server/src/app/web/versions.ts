import type { HistoricVersion } from "@multitap/client";
import { formatSize } from "./format.ts";

/** What follows each other under one slot and name. */
export interface Lane {
  readonly slot: string | null;
  readonly name: string;
  /** The newest first; the first one that is there is what devices get. */
  readonly versions: readonly LaneVersion[];
  /** What an upload goes on top of; null when all are in the trash. */
  readonly newestId: number | null;
}

export interface LaneVersion {
  readonly version: HistoricVersion;
  readonly isNewest: boolean;
  /** Its bytes are still kept, so it can come back. */
  readonly isRestorable: boolean;
  readonly text: string;
}

const REASONS = { deleted: "in the trash", replaced: "replaced", cleanup: "cleaned up" } as const;

/** Sorts a history into lanes; those that changed last come first. */
export function toLanes(
  history: readonly HistoricVersion[],
  deviceNames: ReadonlyMap<string, string>,
): readonly Lane[] {
  const lanes = new Map<string, HistoricVersion[]>();
  for (const version of history) {
    const key = JSON.stringify([version.slot, version.name]);
    lanes.set(key, [...(lanes.get(key) ?? []), version]);
  }
  return [...lanes.values()].map((found) => toLane(found, deviceNames));
}

function toLane(found: readonly HistoricVersion[], deviceNames: ReadonlyMap<string, string>): Lane {
  const ordered = found.toSorted((a, b) => b.updatedAt.localeCompare(a.updatedAt));
  const newestId = ordered.find(({ versionId }) => versionId !== null)?.versionId ?? null;
  const versions = ordered.map((version): LaneVersion => {
    const isNewest = version.versionId !== null && version.versionId === newestId;
    const device = version.originDeviceId === null ? undefined : deviceNames.get(version.originDeviceId);
    const parts = [
      isNewest ? "newest" : null,
      formatSize(version.sizeBytes),
      device === undefined ? null : `from ${device}`,
      version.reason === null ? null : REASONS[version.reason],
      version.purgedAt === null ? null : "no longer kept",
    ];
    return {
      version,
      isNewest,
      isRestorable: !isNewest && version.purgedAt === null,
      text: parts.filter((part) => part !== null).join(", "),
    };
  });
  return { slot: ordered[0]?.slot ?? null, name: ordered[0]?.name ?? "", versions, newestId };
}
