import * as v from "valibot";
import { DeviceIdText } from "../assets/contract.ts";
import {
  contentEntries,
  ListVersionsInput,
  RemovedIds,
  replaceEntries,
  type ShownVersion,
  ShownVersionSchema,
  UploadVersionInput,
  VersionContentSchema,
} from "../assets/shown/contract.ts";
import { Id } from "../base/schemas.ts";

/** What an emulator wrote down of one moment of a game. Outside of slots a name is one state. */
export type State = ShownVersion;

export const StateSchema = ShownVersionSchema;

export const StateIdInput = v.strictObject({
  stateId: Id,
  /** Asked for with others of a device's; nothing hangs on it. */
  deviceId: v.optional(DeviceIdText),
});

export const ListStatesInput = ListVersionsInput;

export const UploadStateInput = UploadVersionInput;

export const ReplaceStateInput = v.strictObject({ stateId: Id, ...replaceEntries });

export const GetStateContentInput = v.strictObject({ stateId: Id, ...contentEntries });

export const StateContentSchema = VersionContentSchema;

export const StateVisibilityInput = v.strictObject({ stateId: Id, isPublic: v.boolean() });

export const RemoveStatesInput = v.strictObject({ stateIds: RemovedIds });
