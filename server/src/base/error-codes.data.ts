import type { Kind } from "./errors.ts";

interface CodeFacts {
  readonly kind: Kind;
  /** One sentence for `errors.md`: when a caller meets this code. */
  readonly meaning: string;
}

/**
 * Every error code the server can answer with. `errors.md` is generated from it and a test fails when a
 * code is thrown nowhere; a code that is not here does not compile.
 */
export const ERROR_CODES = {
  INTERNAL: {
    kind: "internal",
    meaning: "A bug in the server; the log holds the cause under the request id.",
  },
  AUTH_REQUIRED: { kind: "unauthenticated", meaning: "The call needs a signed-in caller." },
  AUTH_SCOPE_MISSING: {
    kind: "forbidden",
    meaning: "The caller is known but lacks the scope named in details.",
  },
  IDEMPOTENCY_KEY_INVALID: {
    kind: "invalid",
    meaning:
      "The Idempotency-Key header is not 1 to 128 letters, digits, dots, colons, dashes or underscores.",
  },
  IDEMPOTENCY_KEY_REUSED: {
    kind: "conflict",
    meaning: "The Idempotency-Key was used for another call; a key belongs to one call and its repeats.",
  },
  IDEMPOTENCY_CALL_RUNNING: {
    kind: "unavailable",
    meaning: "The first call with this Idempotency-Key has not ended yet; ask again after the pause.",
  },
  USER_NOT_FOUND: { kind: "not_found", meaning: "There is no such account." },
  USER_NAME_INVALID: { kind: "invalid", meaning: "The user name breaks a rule; the message says which." },
  USER_NAME_TAKEN: { kind: "conflict", meaning: "Another account has the user name." },
  USER_PASSWORD_INVALID: {
    kind: "invalid",
    meaning: "The new password breaks a rule; the message says which.",
  },
  USER_EMAIL_INVALID: {
    kind: "invalid",
    meaning: "The e-mail address breaks a rule; the message says which.",
  },
  USER_EMAIL_TAKEN: { kind: "conflict", meaning: "Another account has the e-mail address." },
  USER_ROLE_INVALID: { kind: "invalid", meaning: "There is no role of that name." },
  USER_ADMIN_ONLY: {
    kind: "forbidden",
    meaning: "Only an administrator makes, invites and removes administrators.",
  },
  USER_FOREIGN: {
    kind: "forbidden",
    meaning: "Only its owner and administrators who may write users change an account.",
  },
  USER_LAST_ADMIN: {
    kind: "conflict",
    meaning: "The change would leave the server without an administrator who can sign in.",
  },
  USER_REMOVES_SELF: { kind: "invalid", meaning: "Nobody removes their own account." },
  USER_SETTINGS_INVALID: {
    kind: "invalid",
    meaning: "The settings of an app are no JSON object, or are larger or deeper than allowed.",
  },
  USER_RA_NAME_INVALID: {
    kind: "invalid",
    meaning: "The RetroAchievements name is too long or holds control characters.",
  },
  USER_RA_NAME_MISSING: { kind: "not_found", meaning: "The account has no RetroAchievements name." },
  USER_RA_OFF: { kind: "unsupported", meaning: "RetroAchievements is not set up on this server." },
  USER_AVATAR_NOT_FOUND: { kind: "not_found", meaning: "The account has no picture." },
  USER_AVATAR_INVALID: {
    kind: "invalid",
    meaning: "The picture is no PNG, JPEG, WebP or GIF, is damaged, or has too many pixels.",
  },
  USER_AVATAR_TOO_LARGE: {
    kind: "too_large",
    meaning: "The file of the picture is larger than details.bytesMax.",
  },
  USER_AVATAR_BUSY: { kind: "unavailable", meaning: "Too many pictures wait to be read." },
  INVITE_EXPIRY_INVALID: {
    kind: "invalid",
    meaning: "The life asked for an invite link is not positive, or is too long.",
  },
  INVITE_TOKEN_INVALID: {
    kind: "invalid",
    meaning: "The invite is damaged, expired, used up, withdrawn or of another kind; the message says which.",
  },
  RESET_TOKEN_INVALID: {
    kind: "invalid",
    meaning: "The reset link is damaged, expired, used up or of another kind; the message says which.",
  },
  ACCOUNT_ATTEMPTS_LIMIT: {
    kind: "rate_limited",
    meaning: "Too many attempts from this address to register or to reset passwords; wait for retryAfterMs.",
  },
  MAIL_FAILED: {
    kind: "upstream",
    meaning: "The mail server refused a message or did not answer in time.",
  },
  AUTH_ACCOUNT_REQUIRED: {
    kind: "forbidden",
    meaning: "The caller, a kiosk's visitor or the operator, has no account to act on.",
  },
  AUTH_OPERATOR_ONLY: {
    kind: "forbidden",
    meaning: "Only the command line on the server's own machine may do this.",
  },
  AUTH_CREDENTIALS_MISSING: {
    kind: "unauthenticated",
    meaning: "A login came without a readable name and password.",
  },
  AUTH_PASSWORD_WRONG: { kind: "unauthenticated", meaning: "User name and password do not belong together." },
  AUTH_ACCOUNT_DISABLED: {
    kind: "unauthenticated",
    meaning: "The account was disabled by an administrator.",
  },
  OIDC_OFF: { kind: "forbidden", meaning: "The operator has not turned on sign-in by an identity provider." },
  OIDC_UNCONFIGURED: {
    kind: "unavailable",
    meaning: "Sign-in by an identity provider is on, but a setting it needs is missing or unusable.",
  },
  OIDC_ATTEMPTS_LIMIT: {
    kind: "rate_limited",
    meaning: "Too many sign-ins were begun from this address; wait for retryAfterMs.",
  },
  OIDC_PROVIDER_AWAY: {
    kind: "unavailable",
    meaning: "The identity provider is down, too slow or out of order.",
  },
  OIDC_ANSWER_INVALID: {
    kind: "upstream",
    meaning: "The identity provider's answer is damaged, too large, or not signed by it for us.",
  },
  OIDC_CLAIM_MISSING: {
    kind: "invalid",
    meaning: "The identity provider did not send the claim named in details.",
  },
  OIDC_EMAIL_UNVERIFIED: {
    kind: "invalid",
    meaning: "The identity provider does not vouch for the e-mail address.",
  },
  OIDC_EMAIL_TAKEN: {
    kind: "conflict",
    meaning: "Another account has the e-mail address, and the identity provider does not vouch for it.",
  },
  OIDC_ROLE_MISSING: {
    kind: "forbidden",
    meaning: "The identity provider names none of the roles that may sign in here.",
  },
  OIDC_REGISTRATION_OFF: {
    kind: "forbidden",
    meaning: "The identity provider knows the person, but nobody made an account here.",
  },
  AUTH_LOGIN_OFF: { kind: "forbidden", meaning: "The operator has turned logins with a password off." },
  AUTH_TOKEN_INVALID: {
    kind: "unauthenticated",
    meaning: "The token is damaged, expired, used up or of another kind.",
  },
  AUTH_FAILURES_LIMIT: {
    kind: "rate_limited",
    meaning: "Too many wrong passwords from this address or for this account; wait for retryAfterMs.",
  },
  AUTH_BUSY: { kind: "unavailable", meaning: "Too many passwords wait to be checked." },
  TOKEN_CREDENTIALS_MISSING: {
    kind: "invalid",
    meaning: "A password grant came without user name or password.",
  },
  TOKEN_REFRESH_MISSING: { kind: "invalid", meaning: "A refresh grant came without a refresh token." },
  TOKEN_GRANT_UNSUPPORTED: { kind: "invalid", meaning: "The grant type is none that the server offers." },
  TOKEN_ACCOUNT_DISABLED: { kind: "forbidden", meaning: "A token was asked for a disabled account." },
  TOKEN_SCOPES_EXCEEDED: {
    kind: "forbidden",
    meaning: "A token was asked for scopes the account does not hold.",
  },
  CLIENT_TOKEN_NOT_FOUND: { kind: "not_found", meaning: "The caller has no client token with that id." },
  CLIENT_TOKEN_LIMIT: { kind: "invalid", meaning: "The account has as many client tokens as it may have." },
  CLIENT_TOKEN_EXPIRY_INVALID: {
    kind: "invalid",
    meaning: "The life asked for a client token is none on offer.",
  },
  CLIENT_TOKEN_SCOPES_EXCEEDED: {
    kind: "forbidden",
    meaning: "A client token was asked for scopes the caller does not hold; the message names them.",
  },
  PAIRING_CODE_INVALID: { kind: "not_found", meaning: "The pairing code is wrong, used or expired." },
  PAIRING_TOKEN_GONE: {
    kind: "not_found",
    meaning: "The client token behind the pairing code was removed or has expired.",
  },
  PAIRING_OWNER_DISABLED: {
    kind: "forbidden",
    meaning: "The account behind the pairing code was disabled by an administrator.",
  },
  PAIRING_ATTEMPTS_LIMIT: {
    kind: "rate_limited",
    meaning: "Too many codes were tried or asked for; wait for retryAfterMs.",
  },
  DEVICE_LIMIT: { kind: "invalid", meaning: "The account has as many devices as it may have." },
  DEVICE_FLOW_CODE_UNKNOWN: {
    kind: "not_found",
    meaning: "No device waits under the user code: it is wrong, expired or was decided.",
  },
  DEVICE_FLOW_DECIDED: {
    kind: "conflict",
    meaning: "Somebody else has decided about the device at the same moment; details.status says how.",
  },
  DEVICE_FLOW_SCOPES_EXCEEDED: {
    kind: "forbidden",
    meaning: "An approval names scopes that the device did not ask for or the caller does not hold.",
  },
  DEVICE_FLOW_PENDING: { kind: "conflict", meaning: "Nobody has decided about the device yet; ask again." },
  DEVICE_FLOW_SLOW_DOWN: {
    kind: "rate_limited",
    meaning: "The device asked again too early; nobody has decided about it yet.",
  },
  DEVICE_FLOW_DENIED: { kind: "forbidden", meaning: "The user has refused the device." },
  DEVICE_FLOW_EXPIRED: {
    kind: "not_found",
    meaning: "The device code is wrong, expired or used; the device has to start again.",
  },
  DEVICE_FLOW_LIMIT: {
    kind: "rate_limited",
    meaning: "Too many device flows were started or asked about; wait for retryAfterMs.",
  },
  PERMISSIONS_ADMIN_ONLY: { kind: "forbidden", meaning: "Only administrators may do this." },
  PERMISSIONS_INSUFFICIENT: {
    kind: "forbidden",
    meaning: "The caller holds the scope, but no grant for this object.",
  },
  GROUP_NOT_FOUND: { kind: "not_found", meaning: "There is no such permission group." },
  GROUP_NAME_TAKEN: { kind: "conflict", meaning: "Another permission group has the name." },
  GROUP_IS_DEFAULT: {
    kind: "conflict",
    meaning: "The default group can neither be removed nor stop being the default before another one is.",
  },
  GROUP_LIMIT: { kind: "conflict", meaning: "There are as many permission groups as there may be." },
  HIDDEN_OWNER_INVALID: {
    kind: "invalid",
    meaning: "Something is hidden from exactly one user or exactly one group.",
  },
  HIDDEN_ENTITY_INVALID: { kind: "invalid", meaning: "Only platforms and roms can be hidden." },
  HIDDEN_LIMIT: {
    kind: "conflict",
    meaning: "As many entities are hidden from the user or group as may be.",
  },
  FEEDS_CONTENT_TYPE_INVALID: {
    kind: "invalid",
    meaning: "The list of a shop app was asked for a sort of content that it does not have.",
  },
  EXPORT_PLATFORMS_REQUIRED: {
    kind: "invalid",
    meaning: "An export names no platform.",
  },
  EXPORT_NOTHING_WRITTEN: {
    kind: "not_found",
    meaning: "None of the platforms of an export is there, or none has its folder.",
  },
  LIBRARY_READ_ONLY: { kind: "conflict", meaning: "The library, or the folder meant, cannot be written." },
  ASSETS_NAME_INVALID: {
    kind: "invalid",
    meaning: "Nothing is left of the sent file name once it is made safe, or it is too long.",
  },
  ASSETS_EMULATOR_INVALID: { kind: "invalid", meaning: "The name of the emulator cannot be a folder." },
  SAVES_SLOT_NEWER: {
    kind: "conflict",
    meaning: "There is a version that the caller did not know; details name it.",
  },
  DEVICES_NOT_FOUND: { kind: "not_found", meaning: "The caller has no such device." },
  DEVICES_EXISTS: {
    kind: "conflict",
    meaning: "The caller has registered the machine before, and did not want that one; details name it.",
  },
  PLAY_SESSIONS_NONE_GIVEN: { kind: "invalid", meaning: "The call brings no play session." },
  PLAY_SESSIONS_TOO_MANY: { kind: "invalid", meaning: "The call brings more play sessions than one may." },
  PLAY_SESSIONS_NOT_FOUND: { kind: "not_found", meaning: "The caller has no such play session." },
  SAVES_NOT_FOUND: { kind: "not_found", meaning: "There is no such save, or not for the caller." },
  SAVES_NAME_MISSING: { kind: "invalid", meaning: "The sent file has no name." },
  SAVES_TOO_LARGE: { kind: "too_large", meaning: "The file is larger than the operator allows." },
  SAVES_CONTENT_MISSING: { kind: "not_found", meaning: "The file of a save is gone from disk." },
  SAVES_NONE_GIVEN: { kind: "invalid", meaning: "The call names no save." },
  ASSETS_BYTES_UNKNOWN: {
    kind: "not_found",
    meaning: "The caller stored no such bytes before, so they have to be sent.",
  },
  STATES_NOT_FOUND: { kind: "not_found", meaning: "There is no such state, or not for the caller." },
  STATES_NAME_MISSING: { kind: "invalid", meaning: "The sent file has no name." },
  STATES_CONTENT_MISSING: { kind: "not_found", meaning: "The file of a state is gone from disk." },
  STATES_NONE_GIVEN: { kind: "invalid", meaning: "The call names no state." },
  SCREENSHOTS_NOT_FOUND: { kind: "not_found", meaning: "There is no such picture, or not for the caller." },
  SCREENSHOTS_NAME_MISSING: { kind: "invalid", meaning: "The sent file has no name." },
  SCREENSHOTS_TYPE_INVALID: { kind: "invalid", meaning: "The sent file is no picture that a gallery takes." },
  SCREENSHOTS_CONTENT_MISSING: { kind: "not_found", meaning: "The file of a picture is gone from disk." },
  SCREENSHOTS_NONE_GIVEN: { kind: "invalid", meaning: "The call names no picture." },
  ASSETS_NOT_FOUND: {
    kind: "not_found",
    meaning: "There is no file at this path of the users' files, or not for the caller.",
  },
  SYNC_DEVICE_REQUIRED: {
    kind: "invalid",
    meaning: "The call is about a device, and neither names one nor comes with a token that is bound to one.",
  },
  SYNC_PUSH_PULL_MODE: { kind: "invalid", meaning: "The device is not one that is synced by SSH." },
  SYNC_SSH_SETTINGS_INVALID: {
    kind: "invalid",
    meaning: "The sync settings of the device are incomplete or wrong.",
  },
  SYNC_SSH_KEY_MISSING: {
    kind: "invalid",
    meaning: "There is neither an SSH key nor a password for the device.",
  },
  SYNC_SSH_KEY_UNUSABLE: {
    kind: "invalid",
    meaning: "The SSH key is damaged, or its passphrase is missing or wrong.",
  },
  SYNC_SSH_KEY_REFUSED: {
    kind: "forbidden",
    meaning: "The device names an SSH key outside of the folder of keys, or another device's.",
  },
  SYNC_SSH_HOST_UNKNOWN: {
    kind: "forbidden",
    meaning: "The operator has no host key of the device, so it is not called.",
  },
  SYNC_SSH_HOST_CHANGED: {
    kind: "forbidden",
    meaning: "The device shows another host key than the known one, or a revoked one.",
  },
  SYNC_SSH_REFUSED: { kind: "upstream", meaning: "The device does not accept our SSH key or password." },
  SYNC_SSH_UNREACHABLE: {
    kind: "upstream",
    meaning: "The device does not answer, or the connection was lost.",
  },
  SYNC_SSH_FAILED: { kind: "upstream", meaning: "The device cannot do what was asked with a file." },
  SYNC_FILE_CHANGED: { kind: "conflict", meaning: "A file of a device changed while it was being synced." },
  SYNC_DISABLED: { kind: "invalid", meaning: "The device is set not to sync." },
  SYNC_SESSION_NOT_FOUND: { kind: "not_found", meaning: "The caller has no such sync session." },
  SYNC_SESSION_ENDED: { kind: "invalid", meaning: "The sync session has ended already." },
  ASSETS_TRASH_NOT_FOUND: {
    kind: "not_found",
    meaning: "The caller's trash holds no such file, or its bytes are gone for good.",
  },
  SYNC_CURSOR_INVALID: {
    kind: "invalid",
    meaning: "The cursor is too old or none of ours; begin without one.",
  },
  SYNC_CONFLICT_NOT_FOUND: { kind: "not_found", meaning: "The caller has no such conflict." },
  METRICS_SOURCE_LATE: {
    kind: "unavailable",
    meaning: "A part of the server did not tell its numbers in time; only in the log.",
  },
  BACKUP_BUSY: {
    kind: "unavailable",
    meaning: "Another backup, or the cleanup of the trash, holds what a backup needs.",
  },
  BACKUP_RUNNING: { kind: "conflict", meaning: "This process makes a backup already." },
  BACKUP_RUN_NOT_FOUND: {
    kind: "not_found",
    meaning: "There is no such run of a backup, or another process has it.",
  },
  BACKUP_EXISTS: { kind: "conflict", meaning: "Something is where the backup was to go." },
  BACKUP_OUTPUT_INVALID: { kind: "invalid", meaning: "The place of a backup is no absolute path." },
  BACKUP_HOLD_LOST: {
    kind: "unavailable",
    meaning: "A backup was given up because it could not keep others from removing files.",
  },
  BACKUP_TOO_MANY_FILES: {
    kind: "too_large",
    meaning: "A backup, or the folder of keys or configuration, has more files than is possible.",
  },
  BACKUP_SECRET_TOO_LARGE: {
    kind: "too_large",
    meaning: "A file among the secrets is too large to be one.",
  },
  BACKUP_NOT_FOUND: { kind: "not_found", meaning: "What was named is no backup." },
  BACKUP_DAMAGED: {
    kind: "invalid",
    meaning: "A backup is not what was written: cut off, changed or incomplete. Nothing was restored.",
  },
  BACKUP_FORMAT_UNKNOWN: {
    kind: "unsupported",
    meaning: "The backup has the format of a later version, which has to read it.",
  },
  BACKUP_PASSPHRASE_WRONG: {
    kind: "invalid",
    meaning: "The secrets of the backup are encrypted, and the passphrase is missing or another one.",
  },
  BACKUP_BASE_BUSY: {
    kind: "unavailable",
    meaning: "A backup was to be restored into a database that another process works on.",
  },
  BACKUP_BASE_IN_USE: {
    kind: "conflict",
    meaning: "A backup was to be restored where accounts or games are.",
  },
  TASKS_DELETION_LOCKED: {
    kind: "unavailable",
    meaning: "A backup is running, so nothing is removed for good at this moment.",
  },
  SEARCH_NO_PROVIDER: {
    kind: "invalid",
    meaning: "None of the metadata providers that can be searched by hand is enabled.",
  },
  PAGE_CURSOR_INVALID: {
    kind: "invalid",
    meaning: "The cursor is damaged or belongs to another list or order.",
  },
  PROCEDURE_NOT_FOUND: { kind: "not_found", meaning: "There is no such tRPC procedure." },
  DATABASE_AWAY: {
    kind: "unavailable",
    meaning: "The database does not answer; it is restarting or unreachable.",
  },
  EVENTS_ACCOUNT_REQUIRED: {
    kind: "forbidden",
    meaning: "Only accounts have an event stream; a kiosk visitor has none.",
  },
  EVENTS_FULL: { kind: "unavailable", meaning: "Too many event listeners are connected." },
  CONFIG_NOT_WRITABLE: {
    kind: "conflict",
    meaning: "The file config.yml was not changed; details.reason says why: no rights, or an error in it.",
  },
  CONFIG_EXCLUSION_UNKNOWN: { kind: "invalid", meaning: "There is no such list of exclusions." },
  SETUP_DONE: {
    kind: "forbidden",
    meaning: "The server was set up, and what the wizard does needs the scope in details now.",
  },
  SETUP_FOLDERS_FAILED: {
    kind: "conflict",
    meaning: "The folders in details.fsSlugs could not be made; the others were.",
  },
  TASKS_NOT_FOUND: { kind: "not_found", meaning: "There is no such task." },
  TASKS_RUN_NOT_FOUND: { kind: "not_found", meaning: "There is no such run, or it was long ago." },
  TASKS_NOT_RUNNABLE: {
    kind: "conflict",
    meaning: "The task is switched off, or it starts by itself only.",
  },
  TASKS_FULL: { kind: "conflict", meaning: "Too many runs of tasks have not ended yet." },
  TASKS_LIBRARY_EMPTY: {
    kind: "conflict",
    meaning: "A cleanup would remove everything, for the database knows no platforms; nothing was changed.",
  },
  LOGS_DISABLED: { kind: "not_found", meaning: "The operator switched the log viewer off." },
  METADATA_SOURCE_UNKNOWN: { kind: "invalid", meaning: "There is no source of metadata of that name." },
  SCAN_NOT_FOUND: { kind: "not_found", meaning: "There is no such scan." },
  SCAN_RUNNING: { kind: "conflict", meaning: "Another scan is queued or running; details.scanId names it." },
  SCAN_LIBRARY_MISSING: {
    kind: "unavailable",
    meaning: "The library folder is empty or on another disk although games are known; nothing was changed.",
  },
  PLATFORMS_NOT_FOUND: {
    kind: "not_found",
    meaning: "There is no such platform, or it is hidden from the caller.",
  },
  PLATFORMS_FOLDER_REFUSED: {
    kind: "invalid",
    meaning: "Scans pass over folders of this name, or it has another use in the library.",
  },
  FIRMWARE_NOT_FOUND: {
    kind: "not_found",
    meaning: "There is no such firmware, or its platform is hidden from the caller.",
  },
  FIRMWARE_FILE_MISSING: {
    kind: "not_found",
    meaning: "The firmware is known but gone from the library folder.",
  },
  FIRMWARE_NAME_REFUSED: {
    kind: "invalid",
    meaning: "A sent file has a name that cannot be stored, or that scans pass over; nothing was stored.",
  },
  ROMS_NOT_FOUND: { kind: "not_found", meaning: "There is no such rom, or it is hidden from the caller." },
  ROMS_FILE_NOT_FOUND: { kind: "not_found", meaning: "The rom has no such file." },
  ROMS_FILE_MISSING: { kind: "not_found", meaning: "The file is known but gone from the library folder." },
  ROMS_FILE_CHANGED: {
    kind: "unavailable",
    meaning: "A file of the rom changed while it was read for a download, or cannot be read.",
  },
  PATCH_DAMAGED: {
    kind: "invalid",
    meaning: "The patch is damaged, or was made for another rom; the message says where it fails.",
  },
  PATCH_UNSUPPORTED: {
    kind: "unsupported",
    meaning: "The patch is of no known format, or uses a part of its format that is not read here.",
  },
  PATCH_TOO_LARGE: {
    kind: "too_large",
    meaning: "The rom, the patch or the patched rom is larger than the operator allows.",
  },
  PATCH_ROM_PACKED: {
    kind: "unsupported",
    meaning: "The rom is an archive that holds several files or cannot be unpacked; a patch is for one file.",
  },
  PATCH_FILE_UNREADABLE: { kind: "conflict", meaning: "The rom or the patch cannot be read from disk." },
  PATCH_CHOICE_INVALID: {
    kind: "invalid",
    meaning: "Exactly one patch is needed: the id of a file, or an uploaded file.",
  },
  PATCH_FAILED: {
    kind: "internal",
    meaning: "The compatible answer when patching failed; details.reason and details.code say why.",
  },
  PATCH_BUSY: { kind: "unavailable", meaning: "Too many patches wait for their turn; ask again later." },
  ROMS_NAME_INVALID: {
    kind: "invalid",
    meaning: "A rom's file cannot have the new name, or scans would leave it out; the message says which.",
  },
  ROMS_NAME_TAKEN: { kind: "conflict", meaning: "Something else in the platform's folder has the name." },
  ROMS_PLACE_INVALID: {
    kind: "conflict",
    meaning: "What is stored of the place of the rom leads out of the library; nothing was touched.",
  },
  ROMS_NOTE_DAMAGED: {
    kind: "conflict",
    meaning: "What was noted of an interrupted change of the library cannot be read; only ever logged.",
  },
  ROMS_NOT_REMOVED: {
    kind: "conflict",
    meaning: "Some of several roms could not be removed; details has the others and the reasons.",
  },
  ROMS_FILES_LEFT: {
    kind: "unavailable",
    meaning: "The rom is gone, but not all of its files could be removed; the next scan tries again.",
  },
  ROMS_COVER_TOO_LARGE: {
    kind: "too_large",
    meaning: "The cover has more bytes than details.bytesMax.",
  },
  ROMS_COVER_INVALID: {
    kind: "invalid",
    meaning: "The cover is no picture that can be used; the message says why.",
  },
  ROMS_COVER_BUSY: {
    kind: "unavailable",
    meaning: "Too many covers are being read; try again after the pause.",
  },
  ROMS_COVER_UNAVAILABLE: {
    kind: "upstream",
    meaning: "There is no picture at the address that a cover was to come from.",
  },
  ROMS_HASH_REQUIRED: { kind: "invalid", meaning: "A lookup by hash named no hash." },
  ROMS_PROVIDER_REQUIRED: { kind: "invalid", meaning: "A lookup by provider ids named no id." },
  ROMS_PROVIDER_NOT_FOUND: { kind: "not_found", meaning: "No rom has one of the provider ids." },
  ROMS_CHANGES_STALE: {
    kind: "conflict",
    meaning:
      "The cursor is older than what was removed is remembered, or what the caller may see has changed too much since: begin without one.",
  },
  ROMS_HASH_NOT_FOUND: { kind: "not_found", meaning: "No rom carries one of the hashes." },
  MUSIC_PLAYLIST_NOT_FOUND: {
    kind: "not_found",
    meaning: "There is no such playlist, or it is private and another's.",
  },
  MUSIC_PLAYLIST_FOREIGN: {
    kind: "forbidden",
    meaning: "Only its owner changes a playlist, and who holds a grant for others' too.",
  },
  MUSIC_PLAYLIST_NAME_TAKEN: { kind: "conflict", meaning: "The owner has another playlist of that name." },
  MUSIC_PLAYLISTS_LIMIT: { kind: "conflict", meaning: "The account has as many playlists as may be." },
  MUSIC_PLAYLIST_TRACKS_LIMIT: {
    kind: "conflict",
    meaning: "The playlist would hold more tracks than may be.",
  },
  MUSIC_FAVORITES_LIMIT: {
    kind: "conflict",
    meaning: "The account would have more favourite tracks than may be.",
  },
  ROMS_EXTRA_NAME_INVALID: {
    kind: "invalid",
    meaning: "A file for a rom has a name that leads elsewhere, is hidden, or cannot be stored.",
  },
  ROMS_EXTRA_TYPE_INVALID: {
    kind: "invalid",
    meaning: "A file for a rom is of none of the sorts that details.extensions names.",
  },
  ROMS_EXTRA_FILE_REQUIRED: {
    kind: "invalid",
    meaning: "The form holds no file under the name that x-upload-filename announces.",
  },
  ROMS_FOLDER_TAKEN: {
    kind: "conflict",
    meaning: "A rom cannot become a folder: something else has the name of the folder.",
  },
  ROMS_FILE_LINKED: {
    kind: "conflict",
    meaning: "A rom cannot become a folder: it is a link to a file elsewhere.",
  },
  ROMS_MANUAL_NOT_FOUND: { kind: "not_found", meaning: "The rom has no manual." },
  ROMS_MANUAL_URL_MISSING: {
    kind: "invalid",
    meaning: "The rom has no address from which a manual could be fetched.",
  },
  ROMS_MANUAL_UNAVAILABLE: {
    kind: "upstream",
    meaning: "There is no PDF and no Markdown at the address of the manual.",
  },
  TRACK_UNREADABLE: {
    kind: "invalid",
    meaning: "The tags of an audio file are damaged, or would take too long to read.",
  },
  NOTES_NOT_FOUND: {
    kind: "not_found",
    meaning: "The caller has no such note on the rom; nobody changes or removes another's.",
  },
  NOTES_TITLE_TAKEN: { kind: "conflict", meaning: "The account has another note of that title on the rom." },
  NOTES_LIMIT: { kind: "conflict", meaning: "The account has as many notes on the rom as may be." },
  ROMS_UPLOAD_NOT_FOUND: { kind: "not_found", meaning: "There is no such upload, or its time is over." },
  ROMS_UPLOAD_FOREIGN: { kind: "forbidden", meaning: "The upload is another account's." },
  ROMS_UPLOAD_ID_INVALID: { kind: "invalid", meaning: "The id of an upload is a UUID, and this is none." },
  ROMS_UPLOAD_ACCOUNT_NEEDED: {
    kind: "conflict",
    meaning: "Uploads belong to an account, and there is no administrator's yet.",
  },
  ROMS_UPLOAD_LIMIT: { kind: "conflict", meaning: "The account has as many open uploads as it may have." },
  ROMS_UPLOAD_NAME_INVALID: {
    kind: "invalid",
    meaning: "The name of an upload cannot become a file of the library.",
  },
  ROMS_UPLOAD_NAME_EXCLUDED: {
    kind: "invalid",
    meaning: "The configuration excludes the name, so the file would never be seen.",
  },
  ROMS_UPLOAD_EXISTS: { kind: "conflict", meaning: "The platform has a file or folder of that name." },
  ROMS_UPLOAD_TOO_LARGE: {
    kind: "too_large",
    meaning: "A chunk of the upload has, or would have to have, more bytes than details.bytesMax.",
  },
  ROMS_UPLOAD_CHUNKS_INVALID: {
    kind: "invalid",
    meaning:
      "The number of chunks, or one chunk's number or size, does not fit the upload; the message says how.",
  },
  ROMS_UPLOAD_CHUNK_CUT: { kind: "invalid", meaning: "The bytes of a chunk ended early." },
  ROMS_UPLOAD_INCOMPLETE: {
    kind: "invalid",
    meaning: "The upload cannot be finished yet; details.missing names the first chunks that are not there.",
  },
  ROMS_UPLOAD_SIZE_WRONG: {
    kind: "invalid",
    meaning: "All chunks are there, but together they are not as long as the upload was said to be.",
  },
  ROMS_UPLOAD_DIGEST_WRONG: {
    kind: "invalid",
    meaning: "The bytes are not those of the SHA-1 that was named; they were dropped.",
  },
  ROMS_UPLOAD_FINISHING: {
    kind: "unavailable",
    meaning: "The upload is being finished by another call; ask again after the pause.",
  },
  ROMS_SELECTOR_MISSING: { kind: "invalid", meaning: "A download of several roms names none." },
  ROMS_SELECTION_INVALID: {
    kind: "invalid",
    meaning: "A download of several roms names something that is no rom, or too many files.",
  },
  ROMS_SELECTION_EMPTY: { kind: "not_found", meaning: "None of the roms to download is there." },
  COLLECTIONS_NOT_FOUND: {
    kind: "not_found",
    meaning: "There is no such collection, or it is private and another's.",
  },
  COLLECTIONS_VIRTUAL_NOT_FOUND: {
    kind: "not_found",
    meaning: "There is no such virtual collection, or too few of its roms are visible to the caller.",
  },
  COLLECTIONS_SMART_NOT_FOUND: {
    kind: "not_found",
    meaning: "There is no such smart collection, or it is private and another's.",
  },
  COLLECTIONS_FILTER_UNSUPPORTED: {
    kind: "invalid",
    meaning: "Smart collections do not support the filters that details.filters names.",
  },
  COLLECTIONS_CRITERIA_INVALID: {
    kind: "invalid",
    meaning: "The criteria of a smart collection hold a value that does not fit, or too many.",
  },
  COLLECTIONS_FOREIGN: {
    kind: "forbidden",
    meaning: "Only its owner changes a collection, and who holds a grant for others' too.",
  },
  COLLECTIONS_NAME_TAKEN: { kind: "conflict", meaning: "The owner has another collection of that name." },
  COLLECTIONS_FAVORITE_TAKEN: {
    kind: "conflict",
    meaning: "The account has a collection of favourites already.",
  },
  COLLECTIONS_LIMIT: { kind: "conflict", meaning: "The account has as many collections as may be." },
  COLLECTIONS_ROMS_LIMIT: { kind: "conflict", meaning: "The collection would hold more roms than may be." },
  COLLECTIONS_COVER_TOO_LARGE: {
    kind: "too_large",
    meaning: "The cover has more bytes than details.bytesMax.",
  },
  COLLECTIONS_COVER_INVALID: {
    kind: "invalid",
    meaning: "The cover is no picture that can be used; the message says why.",
  },
  COLLECTIONS_COVER_BUSY: {
    kind: "unavailable",
    meaning: "Too many covers are being read; try again after the pause.",
  },
  COLLECTIONS_COVER_UNAVAILABLE: {
    kind: "upstream",
    meaning: "There is no picture at the address that a cover was to come from.",
  },
  BODY_TOO_LARGE: { kind: "too_large", meaning: "The request body is larger than details.bytesMax." },
  KV_UNAVAILABLE: {
    kind: "unavailable",
    meaning: "The store of sessions, tokens and locks does not answer.",
  },
  KV_TEXT_INVALID: { kind: "invalid", meaning: "A key, member, channel or value contains a zero character." },
  KV_TOO_LARGE: {
    kind: "too_large",
    meaning: "A key, value, message or batch is over the limit of the store.",
  },
  STORAGE_FULL: {
    kind: "storage_full",
    meaning: "Free space is below the floor or a write met a full disk.",
  },
  FILES_NOT_FOUND: { kind: "not_found", meaning: "There is no file or folder at the path in details." },
  FILES_EXISTS: {
    kind: "conflict",
    meaning: "Something is in the way: the path exists or the folder is not empty.",
  },
  FILES_WRONG_KIND: {
    kind: "conflict",
    meaning: "The path is a folder where a file is needed, or the reverse.",
  },
  FILES_READ_ONLY: { kind: "conflict", meaning: "The file system of the path is mounted read-only." },
  FILES_FORBIDDEN: {
    kind: "unavailable",
    meaning: "The server's user may not use the path; details has owner and mode.",
  },
  FILES_UNREADABLE: {
    kind: "unavailable",
    meaning: "The disk or network file system failed (EIO, ESTALE and the like).",
  },
  FILES_BUSY: { kind: "unavailable", meaning: "The path is in use, or too many files are open." },
  FILES_OTHER_DEVICE: { kind: "unsupported", meaning: "A rename would cross file systems." },
  FILES_NAME_INVALID: { kind: "invalid", meaning: "The file system cannot hold such a name or path." },
  FILES_NOT_TEXT: { kind: "invalid", meaning: "A file that is read as text is not valid UTF-8." },
  FILES_TOO_LARGE: { kind: "too_large", meaning: "A file or folder is over the limit its reader set." },
  FILES_CHANGED: { kind: "conflict", meaning: "A file changed its length while it was being read." },
  QUEUE_UNAVAILABLE: {
    kind: "unavailable",
    meaning: "The job queue's database does not answer, or the queue has stopped.",
  },
  QUEUE_SCHEDULE_INVALID: { kind: "invalid", meaning: "A cron pattern or its time zone is not valid." },
  FETCH_REFUSED: {
    kind: "invalid",
    meaning: "The address of a call to another server is private, no http, or none the caller may use.",
  },
  FETCH_FAILED: {
    kind: "unavailable",
    meaning: "Another server, named in details.host, cannot be reached or did not answer in time.",
  },
  FETCH_LIMITED: {
    kind: "unavailable",
    meaning: "Another server wants to be left alone, or too many calls wait for it; wait for retryAfterMs.",
  },
  FETCH_ANSWER_INVALID: {
    kind: "upstream",
    meaning: "The answer of another server is too large, damaged, or leads in circles.",
  },
  RELAY_SESSION_NOT_FOUND: {
    kind: "not_found",
    meaning: "No such game is hosted on the RetroArch relay, or its rom is hidden.",
  },
  RELAY_PLAYER_NOT_FOUND: { kind: "not_found", meaning: "The session on the relay has no such player." },
  RELAY_CLAIM_REFUSED: {
    kind: "forbidden",
    meaning: "A session is claimed within half an hour and from the network address of its host.",
  },
  RELAY_CLAIMED: { kind: "conflict", meaning: "Another account has claimed the session." },
  RELAY_NOT_YOURS: {
    kind: "forbidden",
    meaning: "Only whoever claimed a session, or manages accounts, may remove its players.",
  },
  RELAY_BANS_FULL: { kind: "conflict", meaning: "So many networks are banned that no other can be." },
  RELAY_BAN_NOT_FOUND: { kind: "not_found", meaning: "The network is not banned from the relay." },
  RELAY_ADDRESS_REFUSED: {
    kind: "forbidden",
    meaning: "MULTITAP_RELAY_ALLOW does not name the caller's address, and the caller is not signed in.",
  },
  RELAY_ROOM_TOO_SOON: {
    kind: "rate_limited",
    meaning: "The room was announced to the lobby within the last five seconds.",
  },
  RELAY_ROOMS_FULL: {
    kind: "unavailable",
    meaning: "The lobby, or the part of it that one address may have, is full.",
  },
  RELAY_CLOSED: { kind: "not_found", meaning: "This process has no relay for RetroArch." },
  NETPLAY_TRIES: {
    kind: "rate_limited",
    meaning: "Too many wrong passwords, or refused attempts to open a netplay room, from one address.",
  },
  NETPLAY_BUSY: { kind: "unavailable", meaning: "Too many want to join one netplay room at once." },
  NETPLAY_ROOM_NOT_FOUND: {
    kind: "not_found",
    meaning: "There is no such netplay room, or its rom is hidden.",
  },
  NETPLAY_PASSWORD_WRONG: {
    kind: "forbidden",
    meaning: "The netplay room has a password, and this is not it.",
  },
  NETPLAY_CONTENT_DIFFERS: {
    kind: "conflict",
    meaning: "The netplay room is played with other content; details.contentHash is its hash.",
  },
  NETPLAY_ROOM_FULL: {
    kind: "conflict",
    meaning: "Every seat of the netplay room is taken, or it has as many spectators as it may.",
  },
  NETPLAY_SEAT_TAKEN: {
    kind: "conflict",
    meaning: "The seat of the netplay room is taken, or the room has no such seat.",
  },
  NETPLAY_ROOMS_FULL: {
    kind: "unavailable",
    meaning: "The account has as many netplay rooms open as it may.",
  },
  COMPUTE_FULL: {
    kind: "unavailable",
    meaning: "Too many tasks wait for a worker; details.waitingMax is the bound.",
  },
  COMPUTE_CLOSED: { kind: "unavailable", meaning: "The server stops and cancelled the work." },
  COMPUTE_CRASHED: { kind: "internal", meaning: "The worker that ran the task died; it was replaced." },
  INPUT_INVALID: {
    kind: "invalid",
    meaning: "The input does not fit the operation's schema; details lists where.",
  },
} as const satisfies Record<string, CodeFacts>;

export type ErrorCode = keyof typeof ERROR_CODES;
