import { fileResponse } from "../http/file-response.ts";
import { readFileField, readSmallFiles } from "../http/read-body.ts";
import { parseBool } from "../http/read-values.ts";
import type { RequestReader } from "../http/reader.ts";
import { del, get, post, put, type RestRoute } from "../http/route.ts";
import { getAvatar } from "./avatars/service.ts";
import { removeUser, updateUserByForm } from "./changes/service.ts";
import type { StoredAvatar } from "./contract.ts";
import { AVATAR_BYTES_MAX, USER_FORM_BYTES_MAX } from "./limits.ts";
import { refreshProgression } from "./progression/service.ts";
import { createUser, getMe, getUser, listUserIds, listUsers } from "./service.ts";
import { fromNewUserWire, fromRefreshWire, toCurrentUserWire, toUserWire } from "./wire.ts";

/** The compatible API answers every rule about accounts with 400. */
const BAD_REQUEST = { status: 400 };
const FIELD_ERRORS = {
  USER_NAME_INVALID: BAD_REQUEST,
  USER_NAME_TAKEN: BAD_REQUEST,
  USER_PASSWORD_INVALID: BAD_REQUEST,
  USER_EMAIL_INVALID: BAD_REQUEST,
  USER_EMAIL_TAKEN: BAD_REQUEST,
  USER_ROLE_INVALID: BAD_REQUEST,
};

const readUserId = (reader: RequestReader) => ({ userId: reader.pathInt("id") });

/** Routes about accounts. */
export const userRoutes: readonly RestRoute[] = [
  get("/api/users", listUsers, { summary: "All users", write: (users) => users.map(toUserWire) }),
  post("/api/users", createUser, {
    summary: "Create a user; open to anyone only while no administrator exists",
    status: 201,
    read: async (reader) => fromNewUserWire(await reader.json()),
    write: toUserWire,
    errors: FIELD_ERRORS,
  }),
  get("/api/users/identifiers", listUserIds, { summary: "Ids of all users" }),
  get("/api/users/me", getMe, { summary: "The calling user", write: toCurrentUserWire }),
  get("/api/users/{id}", getUser, { summary: "One user", read: readUserId, write: toUserWire }),
  put("/api/users/{id}", updateUserByForm, {
    summary: "Change a user by a form, perhaps with a new avatar",
    read: readUserForm,
    write: toUserWire,
    names: { isEnabled: "enabled" },
    errors: {
      ...FIELD_ERRORS,
      USER_LAST_ADMIN: BAD_REQUEST,
      USER_SETTINGS_INVALID: BAD_REQUEST,
      USER_RA_NAME_INVALID: BAD_REQUEST,
      USER_AVATAR_INVALID: BAD_REQUEST,
    },
  }),
  del("/api/users/{id}", removeUser, {
    summary: "Remove a user and everything that belongs to them",
    read: readUserId,
    errors: { USER_REMOVES_SELF: BAD_REQUEST, USER_LAST_ADMIN: BAD_REQUEST },
  }),
  get("/api/users/{id}/avatar", getAvatar, {
    summary: "The image bytes of a user's avatar",
    read: readUserId,
    write: writeAvatar,
  }),
  post("/api/users/{id}/ra/refresh", refreshProgression, {
    summary: "Refresh a user's RetroAchievements progress",
    read: readRefresh,
    names: { isIncremental: "incremental" },
    errors: { USER_RA_OFF: BAD_REQUEST },
  }),
];

async function readUserForm(reader: RequestReader): Promise<unknown> {
  const { userId } = readUserId(reader);
  const form = await readSmallFiles(reader.request, USER_FORM_BYTES_MAX);
  const text = (name: string) => {
    const value = form.get(name);
    return typeof value === "string" ? value : undefined;
  };
  const enabled = text("enabled") ?? "";
  return {
    userId,
    username: text("username"),
    password: text("password"),
    email: text("email"),
    role: text("role"),
    isEnabled: enabled === "" ? undefined : parseBool(enabled, ["body", "enabled"], reader.refuse),
    raUsername: text("ra_username"),
    uiSettings: text("ui_settings"),
    avatar: await readFileField(
      { name: "avatar", value: form.get("avatar"), bytesMax: AVATAR_BYTES_MAX },
      reader.refuse,
    ),
  };
}

function writeAvatar(avatar: StoredAvatar, reader: RequestReader): Response {
  return fileResponse(reader.request, {
    path: avatar.path,
    fileName: avatar.fileName,
    sizeBytes: avatar.sizeBytes,
    modifiedAt: new Date(avatar.modifiedAtMs),
    etag: `"${avatar.sizeBytes.toString(16)}-${avatar.modifiedAtMs.toString(16)}"`,
    contentType: avatar.contentType,
    disposition: "inline",
  });
}

/** The body may be left out. */
async function readRefresh(reader: RequestReader): Promise<unknown> {
  const { request } = reader;
  const isEmpty = request.body === null || request.headers.get("content-length") === "0";
  return { ...readUserId(reader), isIncremental: isEmpty ? undefined : fromRefreshWire(await reader.json()) };
}
