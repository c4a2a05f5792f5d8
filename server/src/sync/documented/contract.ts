import * as v from "valibot";
import { RESOLUTIONS, type Resolution } from "../../assets/conflicts/contract.ts";
import { DeviceIdText, Sha1Text } from "../../assets/contract.ts";
import { GivenMoment, Id, list } from "../../base/schemas.ts";
import { SYNC_ENTRIES_MAX, SYNC_ROMS_MAX } from "../limits.ts";
import {
  NegotiateInput,
  NegotiationSchema,
  type SyncOperation,
  SyncOperationSchema,
} from "../negotiation/contract.ts";

/** One file of a rom on the device. */
const DocumentedFileSchema = v.strictObject({
  file: v.pipe(v.string(), v.minLength(1), v.maxLength(1000)),
  modifiedAt: GivenMoment,
  sha1: v.optional(v.nullable(Sha1Text), null),
});

/** What a device names in the protocol that lists its roms with their files. */
export const DocumentedInput = v.strictObject({
  deviceId: v.optional(v.nullable(DeviceIdText)),
  roms: v.pipe(
    v.array(
      v.strictObject({
        romId: Id,
        saves: v.pipe(v.array(DocumentedFileSchema), v.maxLength(SYNC_ENTRIES_MAX), v.readonly()),
      }),
    ),
    v.maxLength(SYNC_ROMS_MAX),
    v.readonly(),
  ),
  isDryRun: v.optional(v.boolean(), false),
});

/** What a device may be set to do about conflicts. */
export const ResolutionName = v.picklist(RESOLUTIONS);

/** One thing to do, with what that protocol says besides. */
export interface DocumentedOperation extends SyncOperation {
  readonly kind: "save" | "state";
  /** The name on the device. */
  readonly file: string;
  /** Where a download belongs on the device; null when it did not say, or for anything else. */
  readonly destinationPath: string | null;
  /** What the device is set to do about a conflict. */
  readonly resolution: Resolution | null;
}

/** What a device is to do, in that protocol. */
export interface DocumentedPlan {
  /** The session's UUID; null for a plan without one. */
  readonly sessionUuid: string | null;
  readonly documented: readonly DocumentedOperation[];
}

export const DocumentedPlanSchema = v.object({
  sessionUuid: v.nullable(v.string()),
  documented: list(
    v.object({
      ...SyncOperationSchema.entries,
      kind: v.picklist(["save", "state"]),
      file: v.string(),
      destinationPath: v.nullable(v.string()),
      resolution: v.nullable(ResolutionName),
    }),
  ),
});

/** The one address takes both protocols: the key that is there decides. */
export const NegotiateEitherInput = v.lazy((input) => {
  const isDocumented = typeof input === "object" && input !== null && "roms" in input;
  return isDocumented ? DocumentedInput : NegotiateInput;
});

export const EitherPlanSchema = v.union([DocumentedPlanSchema, NegotiationSchema]);
