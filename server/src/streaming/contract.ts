import * as v from "valibot";

/** Whether games can be streamed from this server; they cannot. */
export interface StreamingSettings {
  readonly isEnabled: false;
}

export const StreamingSettingsSchema = v.object({ isEnabled: v.literal(false) });
