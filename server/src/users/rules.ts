import { AppError } from "../base/errors.ts";
import type { SeededGroup } from "../permissions/contract.ts";
import type { Role } from "./contract.ts";
import {
  EMAIL_CHARS_MAX,
  PASSWORD_CHARS_MAX,
  PASSWORD_CHARS_MIN,
  RA_NAME_CHARS_MAX,
  UI_SETTINGS_CHARS_MAX,
  UI_SETTINGS_DEPTH_MAX,
  USERNAME_CHARS_MAX,
  USERNAME_CHARS_MIN,
} from "./limits.ts";

const USERNAME = /^[a-zA-Z0-9_-]+$/;
/** Printable ASCII without `@`, then a host name with at least one dot. */
const EMAIL = /^[!-?A-~]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$/;

/**
 * Checks a user name and gives it in its stored form, lower-case.
 * @throws AppError `USER_NAME_INVALID` with the sentence that existing frontends show.
 */
export function parseUsername(text: string): string {
  const problem = findUsernameProblem(text);
  if (problem !== null) throw new AppError("invalid", "USER_NAME_INVALID", { message: problem });
  return text.toLowerCase();
}

function findUsernameProblem(text: string): string | null {
  if (text.trim() === "") return "Username cannot be empty";
  if (!isAscii(text)) return "Username must contain only ASCII characters";
  if (text.length < USERNAME_CHARS_MIN) {
    return `Username must be at least ${USERNAME_CHARS_MIN} characters long`;
  }
  if (text.length > USERNAME_CHARS_MAX) {
    return `Username must be no more than ${USERNAME_CHARS_MAX} characters long`;
  }
  if (!USERNAME.test(text)) return "Username can only contain letters, numbers, underscores, and hyphens";
  return null;
}

/**
 * Checks a new password.
 * @throws AppError `USER_PASSWORD_INVALID` with the sentence that existing frontends show.
 */
export function checkNewPassword(text: string): void {
  const problem = findPasswordProblem(text);
  if (problem !== null) throw new AppError("invalid", "USER_PASSWORD_INVALID", { message: problem });
}

function findPasswordProblem(text: string): string | null {
  if (text.trim() === "") return "Password cannot be empty";
  if (!isAscii(text)) return "Password must contain only ASCII characters";
  if (text.length < PASSWORD_CHARS_MIN) {
    return `Password must be at least ${PASSWORD_CHARS_MIN} characters long`;
  }
  if (text.length > PASSWORD_CHARS_MAX) {
    return `Password must be no more than ${PASSWORD_CHARS_MAX} characters long`;
  }
  return null;
}

/**
 * Checks an e-mail address and gives it in its stored form, lower-case.
 * @returns Null for an empty text: the account has no address.
 * @throws AppError `USER_EMAIL_INVALID`.
 */
export function parseEmail(text: string): string | null {
  const trimmed = text.trim();
  if (trimmed === "") return null;
  const problem = findEmailProblem(trimmed);
  if (problem !== null) throw new AppError("invalid", "USER_EMAIL_INVALID", { message: problem });
  return trimmed.toLowerCase();
}

function findEmailProblem(text: string): string | null {
  if (!isAscii(text)) return "Email must contain only ASCII characters";
  return text.length > EMAIL_CHARS_MAX || !EMAIL.test(text) ? "Invalid email format" : null;
}

/** A character outside ASCII takes more than one byte. */
function isAscii(text: string): boolean {
  return Buffer.byteLength(text) === text.length;
}

/** What a role name asks for. */
export interface RoleChoice {
  readonly role: Role;
  /** The group an older role name stands for; null leaves the choice to the default group. */
  readonly group: SeededGroup | null;
}

const ROLE_CHOICES: ReadonlyMap<string, RoleChoice> = new Map([
  ["user", { role: "user", group: null }],
  ["viewer", { role: "user", group: "viewer" }],
  ["editor", { role: "user", group: "editor" }],
  ["admin", { role: "admin", group: null }],
]);

/**
 * Reads a role name in any case, also the older `viewer` and `editor`, which are groups by now.
 * @throws AppError `USER_ROLE_INVALID`.
 */
export function parseRole(text: string): RoleChoice {
  const choice = ROLE_CHOICES.get(text.trim().toLowerCase());
  if (choice !== undefined) return choice;
  throw new AppError("invalid", "USER_ROLE_INVALID", { message: `Role ${text} is not valid` });
}

/** Gives a typed user name in the form in which accounts are looked up; null when no account can have it. */
export function toLookupName(text: string): string | null {
  const name = text.trim().toLowerCase();
  return name === "" || name.length > USERNAME_CHARS_MAX || name.includes("\u0000") ? null : name;
}

/**
 * Checks a RetroAchievements name and gives it without spaces around it; "" stands for none.
 * @throws AppError `USER_RA_NAME_INVALID`.
 */
export function parseRaName(text: string): string {
  const name = text.trim();
  if (name.length <= RA_NAME_CHARS_MAX && !/\p{Cc}/u.test(name) && name.isWellFormed()) return name;
  throw new AppError("invalid", "USER_RA_NAME_INVALID", { message: "Invalid RetroAchievements username" });
}

/** Settings that an app keeps with an account. */
export type UiSettings = Readonly<Record<string, unknown>>;

/**
 * Reads the settings of an app from the JSON text of a form field.
 * @throws AppError `USER_SETTINGS_INVALID` with a sentence that begins as existing frontends expect.
 */
export function parseUiSettings(text: string): UiSettings {
  if (text.length > UI_SETTINGS_CHARS_MAX) throw settingsTooLong();
  try {
    const value: unknown = JSON.parse(text);
    if (!isPlainObject(value)) throw refuseSettings("must be a JSON object");
    return checkUiSettings(value);
  } catch (cause) {
    if (cause instanceof SyntaxError) throw refuseSettings("the text is not JSON", cause);
    throw cause;
  }
}

/**
 * Gives the settings of an app back when the database can hold them.
 * @throws AppError `USER_SETTINGS_INVALID`.
 */
export function checkUiSettings(settings: UiSettings): UiSettings {
  if (!isStorable(settings, UI_SETTINGS_DEPTH_MAX)) {
    throw refuseSettings(`nested deeper than ${UI_SETTINGS_DEPTH_MAX}, or a text with a zero character`);
  }
  if (JSON.stringify(settings).length > UI_SETTINGS_CHARS_MAX) throw settingsTooLong();
  return settings;
}

function settingsTooLong(): AppError<"invalid"> {
  return refuseSettings(`longer than ${UI_SETTINGS_CHARS_MAX} characters`);
}

function refuseSettings(reason: string, cause?: unknown): AppError<"invalid"> {
  return new AppError("invalid", "USER_SETTINGS_INVALID", {
    message: `Invalid ui_settings JSON: ${reason}`,
    cause,
  });
}

function isPlainObject(value: unknown): value is UiSettings {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** JSON knows texts that the database refuses: with U+0000, or with half of a surrogate pair. */
function isStorable(value: unknown, depthLeft: number): boolean {
  if (typeof value === "string") return value.isWellFormed() && !value.includes("\u0000");
  if (typeof value !== "object" || value === null) return true;
  if (depthLeft === 0) return false;
  return Object.entries(value).every(([key, item]) => isStorable(key, 1) && isStorable(item, depthLeft - 1));
}
