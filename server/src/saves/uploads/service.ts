import { sendBytes, sendVersion } from "../../assets/sending/service.ts";
import { operation } from "../../base/operation.ts";
import { attachPicture } from "../../screenshots/pictures/service.ts";
import { ReplaceSaveInput, SyncedSaveSchema, UploadSaveInput } from "../contract.ts";
import { describeSave } from "../service.ts";

/**
 * Stores a save, in a slot as its newest version. A device has to know what it goes on top of, unless it says that it
 * means to.
 * @throws AppError `ROMS_NOT_FOUND`, `DEVICES_NOT_FOUND`, `SAVES_SLOT_NEWER`, `SAVES_NAME_MISSING`,
 *   `ASSETS_NAME_INVALID`, `ASSETS_EMULATOR_INVALID`, `STORAGE_FULL`.
 */
export const uploadSave = operation(
  {
    type: "mutation",
    scope: "assets.write",
    input: UploadSaveInput,
    output: SyncedSaveSchema,
    storesNoAnswer: true,
  },
  async (ctx, { screenshot, ...sent }) => {
    const { version, device } = await sendVersion(ctx, "saves", sent);
    return await describeSave(ctx, await attachPicture(ctx, version, screenshot), device);
  },
);

/**
 * Gives a save other bytes; its name, slot and emulator stay.
 * @throws AppError `SAVES_NOT_FOUND`, `DEVICES_NOT_FOUND`, `STORAGE_FULL`.
 */
export const replaceSave = operation(
  {
    type: "mutation",
    scope: "assets.write",
    input: ReplaceSaveInput,
    output: SyncedSaveSchema,
    storesNoAnswer: true,
  },
  async (ctx, { saveId, screenshot, ...sent }) => {
    const { version, device } = await sendBytes(ctx, "saves", { id: saveId, ...sent });
    return await describeSave(ctx, await attachPicture(ctx, version, screenshot), device);
  },
);
