import * as v from "valibot";
import { PAIRING_CODE_CHARS_MAX } from "../limits.ts";

/** A short code that an app swaps for a client token. */
export interface PairingCode {
  readonly code: string;
  readonly expiresInSeconds: number;
}

export const PairingCodeSchema = v.object({ code: v.string(), expiresInSeconds: v.number() });

/** A code as somebody typed it. */
export const PairingCodeInput = v.strictObject({
  code: v.pipe(v.string(), v.maxLength(PAIRING_CODE_CHARS_MAX)),
});

/** Whether a pairing code still waits for its app. */
export interface PairingStatus {
  /** False: used, expired, or never there. */
  readonly isPending: boolean;
}

export const PairingStatusSchema = v.object({ isPending: v.boolean() });
