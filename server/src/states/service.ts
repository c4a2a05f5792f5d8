import { findReader } from "../assets/callers/service.ts";
import { readVersionContent } from "../assets/contents/service.ts";
import { sendBytes, sendVersion } from "../assets/sending/service.ts";
import { showVersions } from "../assets/shown/service.ts";
import type { Version } from "../assets/versions/contract.ts";
import {
  changeVersion,
  listOwnVersionIds,
  listOwnVersions,
  removeVersions,
  requireOwnVersion,
} from "../assets/versions/service.ts";
import type { Context } from "../base/context.ts";
import { AppError } from "../base/errors.ts";
import { requireAccountId } from "../base/identity.ts";
import { operation } from "../base/operation.ts";
import { Id, list } from "../base/schemas.ts";
import { inTransaction } from "../base/transaction.ts";
import {
  attachPicture,
  publishPictures,
  readPictures,
  removePictures,
} from "../screenshots/pictures/service.ts";
import {
  GetStateContentInput,
  ListStatesInput,
  RemoveStatesInput,
  ReplaceStateInput,
  type State,
  StateContentSchema,
  StateIdInput,
  StateSchema,
  StateVisibilityInput,
  UploadStateInput,
} from "./contract.ts";

async function describe(ctx: Pick<Context, "db">, version: Version): Promise<State> {
  const [state] = showVersions([version], await readPictures(ctx, [version]));
  return state as State;
}

/**
 * Stores a state: outside of slots in the place of the one of its name, whatever emulator wrote it, and in a slot as
 * its newest version. A device has to know what it goes on top of, unless it says that it means to.
 * @throws AppError `ROMS_NOT_FOUND`, `DEVICES_NOT_FOUND`, `SAVES_SLOT_NEWER`, `STATES_NAME_MISSING`,
 *   `ASSETS_NAME_INVALID`, `ASSETS_EMULATOR_INVALID`, `STORAGE_FULL`.
 */
export const uploadState = operation(
  {
    type: "mutation",
    scope: "assets.write",
    input: UploadStateInput,
    output: StateSchema,
    storesNoAnswer: true,
  },
  async (ctx, { screenshot, ...sent }) => {
    const { version } = await sendVersion(ctx, "states", sent);
    return await describe(ctx, await attachPicture(ctx, version, screenshot));
  },
);

/**
 * Gives a state other bytes; its name, slot and emulator stay.
 * @throws AppError `STATES_NOT_FOUND`, `DEVICES_NOT_FOUND`, `STORAGE_FULL`.
 */
export const replaceState = operation(
  {
    type: "mutation",
    scope: "assets.write",
    input: ReplaceStateInput,
    output: StateSchema,
    storesNoAnswer: true,
  },
  async (ctx, { stateId, screenshot, ...sent }) => {
    const { version } = await sendBytes(ctx, "states", { id: stateId, ...sent });
    return await describe(ctx, await attachPicture(ctx, version, screenshot));
  },
);

/** The caller's states, by id. */
export const listStates = operation(
  { type: "query", scope: "assets.read", input: ListStatesInput, output: list(StateSchema) },
  async (ctx, { deviceId, ...filter }) => {
    await findReader(ctx, deviceId);
    const versions = await listOwnVersions(ctx.db, "states", { userId: requireAccountId(ctx), ...filter });
    return showVersions(versions, await readPictures(ctx, versions));
  },
);

/** Ids of the caller's states. */
export const listStateIds = operation(
  { type: "query", scope: "assets.read", input: ListStatesInput, output: list(Id) },
  async (ctx, { deviceId: _unused, ...filter }) => {
    const userId = requireAccountId(ctx);
    return await listOwnVersionIds(ctx.db, "states", { userId, ...filter });
  },
);

/**
 * One state of the caller's.
 * @throws AppError `STATES_NOT_FOUND`, `DEVICES_NOT_FOUND`.
 */
export const getState = operation(
  { type: "query", scope: "assets.read", input: StateIdInput, output: StateSchema },
  async (ctx, { stateId, deviceId }) => {
    await findReader(ctx, deviceId);
    const owner = { id: stateId, userId: requireAccountId(ctx) };
    return await describe(ctx, await requireOwnVersion(ctx, "states", owner));
  },
);

/**
 * The bytes of a state of the caller's, or of a public one. A device of the owner's has them from now on, unless it
 * says that it will tell.
 * @throws AppError `STATES_NOT_FOUND`, `STATES_CONTENT_MISSING`, `DEVICES_NOT_FOUND`.
 */
export const getStateContent = operation(
  {
    type: "query",
    scope: "assets.read",
    input: GetStateContentInput,
    output: StateContentSchema,
    storesNoAnswer: true,
  },
  async (ctx, { stateId, ...wish }) => await readVersionContent(ctx, "states", { id: stateId, ...wish }),
);

/**
 * Shows a state to everyone, or to its owner alone; its picture follows.
 * @throws AppError `STATES_NOT_FOUND`, also for somebody else's.
 */
export const setStateVisibility = operation(
  { type: "mutation", scope: "assets.write", input: StateVisibilityInput, output: StateSchema },
  async (ctx, { stateId, isPublic }) => {
    const target = { kind: "states", id: stateId, userId: requireAccountId(ctx) } as const;
    return await inTransaction(ctx, async (inner) => {
      const version = await changeVersion(inner, target, { isPublic });
      await publishPictures(inner, [version], isPublic);
      return await describe(inner, version);
    });
  },
);

/**
 * Moves states of the caller's and their pictures to the trash, all or none; gives their ids.
 * @throws AppError `STATES_NONE_GIVEN`, `STATES_NOT_FOUND`.
 */
export const removeStates = operation(
  { type: "mutation", scope: "assets.write", input: RemoveStatesInput, output: list(Id) },
  async (ctx, { stateIds }) => {
    if (stateIds.length === 0) {
      throw new AppError("invalid", "STATES_NONE_GIVEN", { message: "No states were provided" });
    }
    const userId = requireAccountId(ctx);
    await inTransaction(ctx, async (inner) => {
      const removed = await removeVersions(inner, "states", { ids: [...new Set(stateIds)], userId });
      await removePictures(inner, removed);
    });
    return stateIds;
  },
);
