import * as v from "valibot";
import type { Resolution } from "../../assets/conflicts/contract.ts";
import { ResolutionName } from "./contract.ts";

/** What a device's settings say about files, as far as this protocol knows them. */
export interface DeviceSettings {
  readonly savesPath: string | null;
  readonly statesPath: string | null;
  /** What to do about conflicts; null when nobody said. */
  readonly resolution: Resolution | null;
}

type Fields = Readonly<Record<string, unknown>>;

const fieldsOf = (value: unknown): Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};

const textOf = (value: unknown): string | null => (typeof value === "string" && value !== "" ? value : null);

/** Reads them; whatever is of another form counts as not said. */
export function readDeviceSettings(syncConfig: unknown): DeviceSettings {
  const config = fieldsOf(syncConfig);
  const paths = fieldsOf(config.paths);
  return {
    savesPath: textOf(paths.saves),
    statesPath: textOf(paths.states),
    resolution: v.is(ResolutionName, config.conflict_resolution) ? config.conflict_resolution : null,
  };
}

/** Where a file belongs below a folder of the device; null when the folder is not known. */
export function toDestination(folder: string | null, file: string): string | null {
  return folder === null ? null : `${folder.replace(/\/+$/, "")}/${file}`;
}
