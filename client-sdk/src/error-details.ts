import type { NativeErrorCode } from "@multitap/native/errors";

/**
 * What `details` holds for each code that is worth a branch in an app. A server may answer with codes that
 * are not listed; their details are `unknown`.
 */
export interface ErrorDetails extends ServerErrorDetails, LocalErrorDetails, NativeErrorDetails {}

/** Codes of the server. */
export interface ServerErrorDetails {
  /** A bug in the server; `requestId` finds the cause in its log. */
  INTERNAL: null;
  /** The call needs a signed-in caller. */
  AUTH_REQUIRED: null;
  /** The caller lacks this scope. */
  AUTH_SCOPE_MISSING: { readonly scope: string };
  /** The cursor is damaged or belongs to another list or order. */
  PAGE_CURSOR_INVALID: null;
  /** The request body is larger than the server reads. */
  BODY_TOO_LARGE: { readonly bytesMax: number };
  /** The input does not fit; each issue says where. */
  INPUT_INVALID: { readonly issues: readonly InputIssue[] } | null;
  /** The machine was registered before, as this device. */
  DEVICES_EXISTS: { readonly deviceId: string };
  /** The caller has no such device. */
  DEVICES_NOT_FOUND: null;
  /** The server does not know the operation. */
  PROCEDURE_NOT_FOUND: null;
  /** The library has no such rom, or it is hidden from the caller. */
  ROMS_NOT_FOUND: null;
  /** Something else in the platform's folder has the new name of a rom's file. */
  ROMS_NAME_TAKEN: { readonly fsName: string };
  /** Some of several roms could not be removed; the others are. */
  ROMS_NOT_REMOVED: {
    readonly removedIds: readonly number[];
    readonly failures: readonly { readonly romId: number; readonly code: string; readonly message: string }[];
  };
  /** The platform has a file or folder of the uploaded name. */
  ROMS_UPLOAD_EXISTS: null;
  /** The configuration excludes the uploaded name, so no scan would find it. */
  ROMS_UPLOAD_NAME_EXCLUDED: null;
  /** The upload was given up or its time is over; another call begins anew. */
  ROMS_UPLOAD_NOT_FOUND: null;
  /** Chunks of the upload are missing; the first of them. */
  ROMS_UPLOAD_INCOMPLETE: { readonly missing: readonly number[]; readonly missingCount: number };
  /** The bytes that the server received are not those that were read here. */
  ROMS_UPLOAD_DIGEST_WRONG: { readonly expectedSha1: string; readonly actualSha1: string };
  /** The slot has a newer version than the one that an upload grew from. */
  SAVES_SLOT_NEWER: {
    readonly newestSaveId: number;
    readonly contentHash: string | null;
    readonly updatedAt: string;
  };
  /** There is no such room, or it is hidden from the caller. */
  NETPLAY_ROOM_NOT_FOUND: null;
  /** The room has a password, and this is not it. */
  NETPLAY_PASSWORD_WRONG: null;
  /** The room is played with another content. */
  NETPLAY_CONTENT_DIFFERS: { readonly contentHash: string };
  /** Every seat of the room is taken. */
  NETPLAY_ROOM_FULL: null;
  /** Somebody else has the seat that was asked for. */
  NETPLAY_SEAT_TAKEN: null;
  /** Too many wrong passwords or invites came from this address; try again later. */
  NETPLAY_TRIES: null;
  /** The server does not have the bytes that were only named; send them. */
  ASSETS_BYTES_UNKNOWN: null;
  /** The library, or the folder meant, cannot be written. */
  LIBRARY_READ_ONLY: { readonly path: string };
  /** The library has no such platform, or it is hidden from the caller. */
  PLATFORMS_NOT_FOUND: null;
  /** There is no such state, or it is not for the caller. */
  STATES_NOT_FOUND: null;
  /** There is no such picture, or it is not for the caller. */
  SCREENSHOTS_NOT_FOUND: null;
  /** Only administrators may do this. */
  PERMISSIONS_ADMIN_ONLY: null;
  /** The caller holds the scope, but no grant for this object. */
  PERMISSIONS_INSUFFICIENT: null;
  /** There is no such permission group. */
  GROUP_NOT_FOUND: null;
  /** Another permission group has the name. */
  GROUP_NAME_TAKEN: null;
  /** There has to be a default group, and this is it. */
  GROUP_IS_DEFAULT: null;
  /** There is no such scan. */
  SCAN_NOT_FOUND: null;
  /** Another scan waits or runs; this one. */
  SCAN_RUNNING: { readonly scanId: number };
  /** The library folder is empty although games are known; nothing was changed. */
  SCAN_LIBRARY_MISSING: null;
  /** The caller has no such token. */
  CLIENT_TOKEN_NOT_FOUND: null;
  /** The caller has as many tokens as an account may have. */
  CLIENT_TOKEN_LIMIT: null;
  /** A token was asked for scopes that the caller lacks, or its secret by a token of fewer scopes. */
  CLIENT_TOKEN_SCOPES_EXCEEDED: null;
  /** The pairing code is wrong, used or expired. */
  PAIRING_CODE_INVALID: null;
  /** The token behind the pairing code was removed or has expired. */
  PAIRING_TOKEN_GONE: null;
  /** The account behind the pairing code was disabled. */
  PAIRING_OWNER_DISABLED: null;
  /** Too many codes were tried or asked for. */
  PAIRING_ATTEMPTS_LIMIT: null;
  /** No device waits under the user code. */
  DEVICE_FLOW_CODE_UNKNOWN: null;
  /** Somebody else decided about the device at the same moment. */
  DEVICE_FLOW_DECIDED: { readonly status: "approved" | "denied" };
  /** The approval names scopes that the device did not ask for or the caller lacks. */
  DEVICE_FLOW_SCOPES_EXCEEDED: null;
  /** The user has refused the device. */
  DEVICE_FLOW_DENIED: null;
  /** The code of the device has expired or was used; start again. */
  DEVICE_FLOW_EXPIRED: null;
  /** Too many device flows were started or asked about. */
  DEVICE_FLOW_LIMIT: null;
}

/** Codes of this package. */
export interface LocalErrorDetails {
  /** The credentials no longer work and cannot be renewed. */
  AUTH_EXPIRED: null;
  /** The client was made with a fixed token, a token function or a cookie and cannot sign in itself. */
  AUTH_FIXED: null;
  /** No answer: refused, unreachable, cut off. */
  NETWORK_FAILED: null;
  /** No answer, or no further bytes, within the time limit. */
  TIMED_OUT: { readonly timeoutMs: number };
  /** The caller's signal was aborted; `cause` is its reason. */
  ABORTED: null;
  /** `close()` was called on the client. */
  CLIENT_CLOSED: null;
  /** The URL given to the client or to `fetch` cannot be used. */
  URL_INVALID: null;
  /** The answer is not one of this server's, such as the HTML of a proxy. */
  ANSWER_NOT_OURS: { readonly contentType: string | null };
  /** The server needs a newer version of this package. */
  CLIENT_TOO_OLD: VersionGap;
  /** The server is older than this package can talk to. */
  SERVER_TOO_OLD: VersionGap;
  /** There is a server, but not a Multitap one. */
  NOT_MULTITAP: null;
  /** The content changed on the server while it was being read. */
  CONTENT_CHANGED: null;
  /** The server sends this content only as a whole. */
  CONTENT_NOT_SEEKABLE: null;
  /** The asked part does not lie within the content, or is too large to be held in memory. */
  RANGE_INVALID: null;
  /** The bytes arrived but are not what the server's library lists. */
  DIGEST_MISMATCH: { readonly expectedSha1: string; readonly actualSha1: string };
  /** Too many transfers wait already. */
  TRANSFERS_FULL: { readonly queuedMax: number };
  /** A sink cannot start over once bytes have gone through it. */
  SINK_FORWARD_ONLY: null;
  /** A stream can be read only once, in order. */
  SOURCE_FORWARD_ONLY: null;
  /** A sink, a source or a credential store failed; `cause` says how. */
  STORAGE_FAILED: null;
  /** The client was not made by `createClient`. */
  CLIENT_FOREIGN: null;
  /** A save of this device changed while it was being synced. */
  SYNC_LOCAL_CHANGED: null;
  /** One save has too many bytes or files, or a store too many saves. */
  SYNC_SAVE_TOO_LARGE: null;
  /** A save of several files arrived in an archive that cannot be unpacked safely. */
  SYNC_BUNDLE_INVALID: null;
  /** The browser has no files of its own that a page can write. */
  OPFS_UNSUPPORTED: null;
  /** The platform has no WebSocket, and none was given. */
  WEBSOCKET_UNSUPPORTED: null;
  /** An input is not as long as those of its room, or of no frame. */
  NETPLAY_INPUT_INVALID: null;
  /** A message is no JSON, or too long; or the server could not read what was sent. */
  NETPLAY_MESSAGE_INVALID: null;
  /** Only the owner of a room sends snapshots. */
  NETPLAY_NOT_OWNER: null;
  /** Another snapshot is under way; wait for it. */
  NETPLAY_SNAPSHOT_RUNNING: null;
  /** A snapshot is empty or has more than 16 MiB. */
  NETPLAY_SNAPSHOT_TOO_LARGE: null;
  /** The server has no memory for a snapshot, or its parts did not arrive in order. */
  NETPLAY_SNAPSHOT_REFUSED: null;
  /** The room was left. */
  NETPLAY_LEFT: null;
  /** The ticket or the seat is not known any more: enter the room again. */
  NETPLAY_TICKET_INVALID: null;
  /** The owner removed the player. */
  NETPLAY_REMOVED: null;
  /** The same player is in the room over another connection. */
  NETPLAY_REPLACED: null;
  /** A store does not do what `saveStoreContract` demands. */
  SAVE_STORE_UNFIT: null;
  /** A store gave back other bytes than it was given. */
  SYNC_BYTES_DIFFER: null;
}

/** Codes of the `/native` entry; what each means stands with `NativeErrorCode`. */
export type NativeErrorDetails = { readonly [C in NativeErrorCode]: null } & {
  /** The object given as `workers` was not made by `nativeWorkers` or `threadWorkers`. */
  readonly NATIVE_WORKERS_FOREIGN: null;
};

/** One place where an input does not fit; `path` leads from its root. */
export interface InputIssue {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** The revisions that do not meet; see `server()`. */
export interface VersionGap {
  readonly clientRevision: number;
  readonly serverRevision: number;
  readonly serverRevisionOldest: number;
}
