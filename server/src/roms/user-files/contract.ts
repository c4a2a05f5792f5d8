import * as v from "valibot";
import type { Instant } from "../../base/clock.ts";
import { list } from "../../base/schemas.ts";
import { type Save, SaveSchema } from "../../saves/contract.ts";
import { type Screenshot, ScreenshotSchema } from "../../screenshots/contract.ts";
import { type State, StateSchema } from "../../states/contract.ts";

/** Whose file it is. */
export interface FileOwner {
  readonly username: string;
  /** Picture of the owner below the assets folder; "" for none. */
  readonly avatarPath: string;
  /** When the account changed last; apps take it for the version of the picture. */
  readonly updatedAt: Instant;
}

export type OwnedSave = Save & { readonly owner: FileOwner };
export type OwnedState = State & { readonly owner: FileOwner };
export type OwnedScreenshot = Screenshot & { readonly owner: FileOwner };

/** What users keep as files of a rom, as far as the caller may see it: the caller's own first, each by id. */
export interface RomUserFiles {
  readonly saves: readonly OwnedSave[];
  readonly states: readonly OwnedState[];
  /** Those of saves and states among them. */
  readonly screenshots: readonly OwnedScreenshot[];
}

const owner = v.object({ username: v.string(), avatarPath: v.string(), updatedAt: v.string() });

export const RomUserFilesSchema = v.object({
  saves: list(v.object({ ...SaveSchema.entries, owner })),
  states: list(v.object({ ...StateSchema.entries, owner })),
  screenshots: list(v.object({ ...ScreenshotSchema.entries, owner })),
});
