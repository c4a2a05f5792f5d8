import * as v from "valibot";
import { DeviceIdText, EmulatorText, Sha1Text, SlotText } from "../../assets/contract.ts";
import type { Instant } from "../../base/clock.ts";
import { ByteStreamSchema } from "../../base/received-file.ts";
import { GivenMoment, Id, list } from "../../base/schemas.ts";
import { SYNC_ENTRIES_MAX } from "../limits.ts";
import { KindName, type RemoteSave, RemoteSaveSchema } from "../plans/contract.ts";

const draftEntries = {
  romId: Id,
  kind: v.optional(KindName, "save"),
  slot: v.optional(SlotText, null),
  name: v.pipe(v.string(), v.minLength(1), v.maxLength(450)),
  emulator: v.optional(EmulatorText, null),
  /** The device that the token is bound to unless said; null: none. */
  deviceId: v.optional(v.nullable(DeviceIdText)),
  isBundle: v.optional(v.boolean(), false),
  /** The version that this one grew from; null: there was none. Left out, the device's history decides. */
  basedOn: v.optional(v.nullable(Id)),
  /** Goes on top of whatever is there; what a device buries so is noted as a conflict. */
  isForced: v.optional(v.boolean(), false),
  /** Older versions of the slot beyond this many go to the trash; all stay unless said. */
  keptMax: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
  sessionId: v.optional(Id),
};

export const StoreVersionInput = v.strictObject({ ...draftEntries, body: ByteStreamSchema });

export const StoreKnownVersionInput = v.strictObject({
  ...draftEntries,
  sha1: Sha1Text,
  sizeBytes: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
});

/** What became of an upload. */
export interface StoredVersion {
  readonly version: RemoteSave;
  /** `same`: the newest version had these bytes already. */
  readonly outcome: "created" | "updated" | "same";
  /** Present when it went on top of what its device never had; both versions are kept. */
  readonly conflictId: number | null;
}

export const StoredVersionSchema = v.object({
  version: RemoteSaveSchema,
  outcome: v.picklist(["created", "updated", "same"]),
  conflictId: v.nullable(Id),
});

const VersionName = v.strictObject({ kind: KindName, id: Id });

export const AcknowledgeInput = v.strictObject({
  deviceId: v.optional(DeviceIdText),
  /** With the SHA-1 of what the device really has. */
  versions: v.pipe(
    v.array(v.strictObject({ kind: KindName, id: Id, sha1: Sha1Text })),
    v.maxLength(SYNC_ENTRIES_MAX),
    v.readonly(),
  ),
});

/** Which of the acknowledged versions count; the others hold other bytes by now, or are gone. */
export const AcknowledgedSchema = v.object({ count: v.number(), stale: list(VersionName) });

export const ListHistoryInput = v.strictObject({
  romId: Id,
  kind: v.optional(KindName, "save"),
  slot: v.optional(SlotText),
  name: v.optional(v.pipe(v.string(), v.maxLength(450))),
  /** Only versions with these bytes. */
  sha1: v.optional(Sha1Text),
  /** Only versions whose bytes were stored by then: with the moment of a page's last one, the page behind it. */
  until: v.optional(GivenMoment),
});

/** One version of the past or the present of a save. */
export interface HistoricVersion {
  /** Null for one that is in the trash. */
  readonly versionId: number | null;
  /** Null for one that is not. */
  readonly trashId: number | null;
  readonly romId: number;
  readonly kind: "save" | "state";
  readonly slot: string | null;
  readonly name: string;
  readonly fileName: string;
  readonly sizeBytes: number;
  readonly contentHash: string | null;
  readonly sha1: string;
  readonly isBundle: boolean;
  readonly originDeviceId: string | null;
  /** When its bytes were stored. */
  readonly updatedAt: Instant;
  /** Why it went to the trash; null for one that did not. */
  readonly reason: "deleted" | "replaced" | "cleanup" | null;
  readonly trashedAt: Instant | null;
  /** When its bytes went for good. */
  readonly purgedAt: Instant | null;
}

export const HistoricVersionSchema = v.object({
  versionId: v.nullable(Id),
  trashId: v.nullable(Id),
  romId: Id,
  kind: KindName,
  slot: v.nullable(v.string()),
  name: v.string(),
  fileName: v.string(),
  sizeBytes: v.number(),
  contentHash: v.nullable(v.string()),
  sha1: v.string(),
  isBundle: v.boolean(),
  originDeviceId: v.nullable(v.string()),
  updatedAt: v.string(),
  reason: v.nullable(v.picklist(["deleted", "replaced", "cleanup"])),
  trashedAt: v.nullable(v.string()),
  purgedAt: v.nullable(v.string()),
});
export const HistorySchema = list(HistoricVersionSchema);

export const RestoreVersionInput = v.pipe(
  v.strictObject({
    kind: v.optional(KindName, "save"),
    versionId: v.optional(Id),
    trashId: v.optional(Id),
    deviceId: v.optional(v.nullable(DeviceIdText)),
  }),
  v.check(
    ({ versionId, trashId }) => (versionId === undefined) !== (trashId === undefined),
    "Input should name either a version or a trashed one",
  ),
);

export const RemoveVersionsInput = v.strictObject({
  versions: v.pipe(v.array(VersionName), v.minLength(1), v.maxLength(1000), v.readonly()),
});
