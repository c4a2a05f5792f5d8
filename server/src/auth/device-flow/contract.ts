import * as v from "valibot";
import type { Instant } from "../../base/clock.ts";
import { InstantText, list, ScopeName } from "../../base/schemas.ts";
import { isScope, SCOPES, type Scope } from "../../base/scopes.ts";
import { USER_CODE_CHARS_MAX } from "../limits.ts";

/** Lengths of the columns of the reference. */
const NAME_CHARS_MAX = 255;
const WORD_CHARS_MAX = 50;
const DEVICE_CODE_CHARS_MAX = 128;

const Name = v.pipe(v.string(), v.minLength(1), v.maxLength(NAME_CHARS_MAX));
const Word = v.pipe(v.string(), v.maxLength(WORD_CHARS_MAX));
const UserCode = v.pipe(v.string(), v.minLength(1), v.maxLength(USER_CODE_CHARS_MAX));

const unknownIn = (texts: readonly string[]) => texts.filter((text) => !isScope(text)).sort();

/** An app on a device that wants to be let in. */
export const StartDeviceFlowInput = v.strictObject({
  /** By which the app recognises the device. */
  clientDeviceIdentifier: Name,
  /** What the user calls the device. */
  name: Name,
  /** The app. */
  client: v.pipe(v.string(), v.minLength(1), v.maxLength(WORD_CHARS_MAX)),
  platform: v.optional(v.nullable(Word), null),
  clientVersion: v.optional(v.nullable(Word), null),
  requestedScopes: v.pipe(
    v.array(v.string()),
    v.minLength(1),
    v.maxLength(SCOPES.length),
    v.check(
      (texts) => unknownIn(texts).length === 0,
      ({ input }) => `Unknown scopes: ${unknownIn(input).join(", ")}`,
    ),
  ),
});

/** A flow that waits for its user. */
export interface StartedDeviceFlow {
  /** Known to the device only. */
  readonly deviceCode: string;
  /** What the user types, or finds in the complete path. */
  readonly userCode: string;
  /** Path of the page that asks for the code, below the server's address. */
  readonly verificationPath: string;
  readonly verificationPathComplete: string;
  readonly expiresInSeconds: number;
  /** Pause between two polls. */
  readonly intervalSeconds: number;
}

export const StartedDeviceFlowSchema = v.object({
  deviceCode: v.string(),
  userCode: v.string(),
  verificationPath: v.string(),
  verificationPathComplete: v.string(),
  expiresInSeconds: v.number(),
  intervalSeconds: v.number(),
});

/** What waits under a user code. */
export interface PendingDevice {
  readonly clientDeviceIdentifier: string;
  readonly name: string;
  readonly client: string;
  readonly platform: string | null;
  readonly clientVersion: string | null;
  /** Sorted. */
  readonly requestedScopes: readonly Scope[];
  /** Those of them that the caller may grant, sorted. */
  readonly allowedScopes: readonly Scope[];
  readonly expiresAt: Instant;
}

export const PendingDeviceSchema = v.object({
  clientDeviceIdentifier: v.string(),
  name: v.string(),
  client: v.string(),
  platform: v.nullable(v.string()),
  clientVersion: v.nullable(v.string()),
  requestedScopes: list(ScopeName),
  allowedScopes: list(ScopeName),
  expiresAt: InstantText,
});

export const UserCodeInput = v.strictObject({ userCode: UserCode });

export const ApproveDeviceInput = v.strictObject({
  userCode: UserCode,
  approvedScopes: v.pipe(v.array(v.string()), v.minLength(1), v.maxLength(SCOPES.length)),
  /** Another name than the app gave; null or empty keeps that. */
  deviceName: v.optional(v.nullable(v.pipe(v.string(), v.maxLength(NAME_CHARS_MAX))), null),
  /** Life of the token: `30d`, `90d`, `1y`, `never` or null. */
  expiresIn: v.optional(v.nullable(v.string()), null),
});

/** A device that was let in. */
export interface ApprovedDevice {
  readonly deviceId: string;
  readonly deviceName: string;
}

export const ApprovedDeviceSchema = v.object({ deviceId: v.string(), deviceName: v.string() });

export const DeviceCodeInput = v.strictObject({
  deviceCode: v.pipe(v.string(), v.minLength(1), v.maxLength(DEVICE_CODE_CHARS_MAX)),
});

/** What a device gets that was let in; handed out once. */
export interface DeviceGrant {
  readonly accessToken: string;
  readonly deviceId: string;
  /** Sorted. */
  readonly scopes: readonly Scope[];
  /** Null: never. */
  readonly expiresAt: Instant | null;
}

export const DeviceGrantSchema = v.object({
  accessToken: v.string(),
  deviceId: v.string(),
  scopes: list(ScopeName),
  expiresAt: v.nullable(InstantText),
});
