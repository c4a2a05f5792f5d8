import { operation } from "../base/operation.ts";
import { NoInput } from "../base/schemas.ts";
import { type StreamingSettings, StreamingSettingsSchema } from "./contract.ts";

/** Tells frontends that there is nothing to stream from: this server drives no containers with emulators. */
export const getStreamingSettings = operation(
  { type: "query", scope: "roms.read", input: NoInput, output: StreamingSettingsSchema },
  async (): Promise<StreamingSettings> => ({ isEnabled: false }),
);
