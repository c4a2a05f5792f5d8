/**
 * The client of Multitap servers.
 * @module
 */

export type { Activity } from "@multitap/server/contract/activity";
export type { SyncConflict as NotedConflict } from "@multitap/server/contract/assets/conflicts";
export type { ShownVersion } from "@multitap/server/contract/assets/shown";
export type { AuditAction, AuditLine } from "@multitap/server/contract/audit";
export type { ClientToken, NewClientToken } from "@multitap/server/contract/auth";
export type { OwnedClientToken } from "@multitap/server/contract/auth/client-tokens";
export type { ApprovedDevice, PendingDevice } from "@multitap/server/contract/auth/device-flow";
export type { Invite } from "@multitap/server/contract/auth/invites";
export type { PairingCode, PairingStatus } from "@multitap/server/contract/auth/pairing";
export type { ScanPhase, ScanStats, ScanStatus } from "@multitap/server/contract/base/events";
export type { EmulatorJsConfig, ScanConfig } from "@multitap/server/contract/base/library-config";
export type { Collection, CollectionParts, RomCover } from "@multitap/server/contract/collections";
export type { SmartCollection, SmartCriteria } from "@multitap/server/contract/collections/smart";
export type { VirtualCollection, VirtualType } from "@multitap/server/contract/collections/virtual";
export type {
  ConfigFile,
  ExclusionType,
  LibrarySettings,
  UpdateScanSettings,
} from "@multitap/server/contract/config";
export type { Device, SyncConfig, SyncDirection, SyncMode } from "@multitap/server/contract/devices";
export type { SyncSession, SyncStatus } from "@multitap/server/contract/devices/sync-sessions";
export type { WrittenList } from "@multitap/server/contract/export";
export type { Firmware, FirmwareFailure, RemovedFirmware } from "@multitap/server/contract/firmware";
export type { LogEntry } from "@multitap/server/contract/logs";
export type {
  FacetOrder,
  MusicChange,
  MusicFacet,
  MusicPage,
  MusicTrack,
  PlaylistOrder,
  TrackFilter,
  TrackOrder,
} from "@multitap/server/contract/music";
export type { Playlist } from "@multitap/server/contract/music/playlists";
export type {
  Action,
  ActionKey,
  Entity,
  Grant,
  Override,
  PermissionCatalog,
} from "@multitap/server/contract/permissions";
export type { OwnPermissions, UserPermissions } from "@multitap/server/contract/permissions/accounts";
export type { PermissionGroup } from "@multitap/server/contract/permissions/groups";
export type { HiddenEntity, Hideable } from "@multitap/server/contract/permissions/hidden";
export type { Platform, PlatformFirmware, PlatformProviderIds } from "@multitap/server/contract/platforms";
export type {
  IngestedEntry,
  IngestedPlaySessions,
  PlaySession,
} from "@multitap/server/contract/play-sessions";
export type { RelayBan, RelayPlayer, RelayRom, RelaySession } from "@multitap/server/contract/relay";
export type {
  Rom,
  RomMetadata,
  RomParts,
  RomProviderIds,
  RomSibling,
  RomUserProps,
} from "@multitap/server/contract/roms";
export type { ChangedRoms } from "@multitap/server/contract/roms/changes";
export type { MetadataObject, RomChanges } from "@multitap/server/contract/roms/edits";
export type { ArchiveMember, RomFile } from "@multitap/server/contract/roms/files";
export type {
  ListFilter,
  RomFilter,
  RomOrder,
  RomProvider,
  RomStatus,
} from "@multitap/server/contract/roms/filters";
export type { RomNote } from "@multitap/server/contract/roms/notes";
export type { ProgressStatus } from "@multitap/server/contract/roms/props";
export type { SoundtrackFile, TrackMeta } from "@multitap/server/contract/roms/tracks";
export type { DeviceSync, Save, SyncedSave } from "@multitap/server/contract/saves";
export type { Scan, ScanProblem, ScanType } from "@multitap/server/contract/scan";
export type { Screenshot } from "@multitap/server/contract/screenshots";
export type { CreatedFolders, FoundFolder, SetupLibrary } from "@multitap/server/contract/setup";
export type { State } from "@multitap/server/contract/states";
export type { PlatformStats, Stats } from "@multitap/server/contract/stats";
export type { RemoteKind, RemoteSave as ServedSave } from "@multitap/server/contract/sync/plans";
export type { HistoricVersion, StoredVersion } from "@multitap/server/contract/sync/versions";
export type { ServerInfo } from "@multitap/server/contract/system";
export type {
  MissingRomsStats,
  OrphanedResourcesStats,
  Task,
  TaskRun,
  TaskStats,
} from "@multitap/server/contract/tasks";
export type { CurrentUser, User } from "@multitap/server/contract/users";
export { memoryCredentials, sessionCookie } from "./auth/memory-credentials.ts";
export type {
  Auth,
  AuthInput,
  AuthState,
  CredentialStore,
  Credentials,
  DeviceFlow,
  Instant,
  PasswordSignIn,
  Scope,
  SessionCookie,
  StartDeviceFlow,
} from "./auth/types.ts";
export { type Client, type ClientOptions, createClient, type Domains } from "./client.ts";
export type { Activities } from "./domains/activity.ts";
export type { Audit } from "./domains/audit.ts";
export type { ClientTokens, CreateClientToken } from "./domains/client-tokens.ts";
export type {
  Collections,
  CollectionWith,
  CreateCollection,
  CreateSmartCollection,
  SmartCollectionWith,
  UpdateCollection,
  UpdateSmartCollection,
  VirtualCollectionWith,
  WithCollectionParts,
} from "./domains/collections.ts";
export type { LibraryConfigCalls } from "./domains/config.ts";
export type { ApproveDevice, DeviceFlowCalls } from "./domains/device-flow.ts";
export type { DeviceDescription, Devices, RegisterDevice, UpdateDevice } from "./domains/devices.ts";
export type { ExportLists, Exports } from "./domains/exports.ts";
export type { FirmwareCalls, NewFirmware } from "./domains/firmware.ts";
export type { Logs } from "./domains/logs.ts";
export type { CreatePlaylist, ListFacet, ListTracks, Music, MusicPageInput } from "./domains/music.ts";
export type { CreateNote, NoteKey, Notes, NotesFilter, UpdateNote } from "./domains/notes.ts";
export type {
  GrantInput,
  HiddenTarget,
  NewPermissionGroup,
  OverrideInput,
  PermissionGroupChanges,
  Permissions,
  UserPermissionChanges,
} from "./domains/permissions.ts";
export type { Platforms, UpdatePlatform } from "./domains/platforms.ts";
export type { PlayedSpan, PlaySessions, PlaySessionsFilter } from "./domains/play-sessions.ts";
export type { Relay } from "./domains/relay.ts";
export type { ExtraKind, ExtraUpload, RomExtras } from "./domains/rom-extras.ts";
export type { RandomRomFilter, RomHash, Roms, RomWith, UpdateRomProps, WithParts } from "./domains/roms.ts";
export type {
  ConflictsFilter,
  RestoreVersion,
  Saves,
  SavesFilter,
  StoreVersion,
  VersionCalls,
  VersionsFilter,
} from "./domains/saves.ts";
export type { ScanStep, Scans, StartScan } from "./domains/scan.ts";
export type { NewScreenshot, Screenshots } from "./domains/screenshots.ts";
export type { Setup } from "./domains/setup.ts";
export type { NewState, StateFilter, States } from "./domains/states.ts";
export type { StatsCalls } from "./domains/stats.ts";
export type { Tasks } from "./domains/tasks.ts";
export type { CreateUser, RegisterUser, RoleName, UpdateUser, Users } from "./domains/users.ts";
export type { ErrorDetails, InputIssue, VersionGap } from "./error-details.ts";
export {
  type AnyMultitapError,
  type ErrorCode,
  type ErrorFacts,
  type ErrorKind,
  hasErrorCode,
  isMultitapError,
  type LocalErrorKind,
  MultitapError,
  type ServerErrorKind,
} from "./errors.ts";
export type {
  ActivityEvent,
  Connection,
  ConnectionState,
  EventMap,
  EventStream,
  GapEvent,
  LibraryEvent,
  SavesEvent,
  ScanEvent,
  StreamOptions,
  SyncProgressEvent,
  Topic,
  TopicEvent,
} from "./events/types.ts";
export { type RealtimeTransport, webSocketRealtime } from "./events/web-socket-realtime.ts";
export { type FindOptions, type FoundServer, findServers } from "./find-servers.ts";
export type { FetchLike } from "./http/exchange.ts";
export type { RetryPolicy } from "./http/retry.ts";
export type { Unsubscribe } from "./listeners.ts";
export type { CallOptions, ClientEvent, WriteOptions } from "./options.ts";
export type { Page, Paged, PageInput } from "./paging.ts";
export type { Feature } from "./server-info.ts";
export type { PatchChoice, PatchedRomResult } from "./transfers/patch-rom.ts";
export type { RomDownloadOptions } from "./transfers/rom-content.ts";
export { streamSink } from "./transfers/stream-sink.ts";
export { streamSource } from "./transfers/stream-source.ts";
export type {
  ByteSink,
  ByteSource,
  BytesInput,
  ByteWriter,
  ExpectedContent,
  TransferOptions,
  TransferProgress,
  TransferResult,
} from "./transfers/types.ts";
export type { UploadResult, UploadTarget } from "./transfers/upload.ts";
