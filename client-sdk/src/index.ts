/**
 * The client of Multitap servers.
 * @module
 */

export type { AuditAction, AuditLine } from "@multitap/server/contract/audit";
export type { ClientToken, NewClientToken } from "@multitap/server/contract/auth";
export type { OwnedClientToken } from "@multitap/server/contract/auth/client-tokens";
export type { ApprovedDevice, PendingDevice } from "@multitap/server/contract/auth/device-flow";
export type { Invite } from "@multitap/server/contract/auth/invites";
export type { PairingCode, PairingStatus } from "@multitap/server/contract/auth/pairing";
export type { Collection, CollectionParts, RomCover } from "@multitap/server/contract/collections";
export type { SmartCollection, SmartCriteria } from "@multitap/server/contract/collections/smart";
export type { VirtualCollection, VirtualType } from "@multitap/server/contract/collections/virtual";
export type {
  ConfigFile,
  ExclusionType,
  LibrarySettings,
  UpdateScanSettings,
} from "@multitap/server/contract/config";
export type { LogEntry } from "@multitap/server/contract/logs";
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
export type { HiddenEntity } from "@multitap/server/contract/permissions/hidden";
export type { Platform, PlatformProviderIds } from "@multitap/server/contract/platforms";
export type {
  ListFilter,
  Rom,
  RomFilter,
  RomMetadata,
  RomOrder,
  RomParts,
  RomProviderIds,
  RomSibling,
  RomUserProps,
} from "@multitap/server/contract/roms";
export type { Scan, ScanProblem, ScanType } from "@multitap/server/contract/scan";
export type { CreatedFolders, FoundFolder, SetupLibrary } from "@multitap/server/contract/setup";
export type { PlatformStats, Stats } from "@multitap/server/contract/stats";
export type { ServerInfo } from "@multitap/server/contract/system";
export type { Task, TaskRun, TaskStats } from "@multitap/server/contract/tasks";
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
export type { Logs } from "./domains/logs.ts";
export type {
  GrantInput,
  HiddenTarget,
  NewPermissionGroup,
  OverrideInput,
  PermissionGroupChanges,
  Permissions,
  UserPermissionChanges,
} from "./domains/permissions.ts";
export type { Platforms } from "./domains/platforms.ts";
export type { RomHash, Roms, RomWith, WithParts } from "./domains/roms.ts";
export type { ScanStep, Scans, StartScan } from "./domains/scan.ts";
export type { Setup } from "./domains/setup.ts";
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
  Connection,
  ConnectionState,
  EventMap,
  EventStream,
  GapEvent,
  LibraryEvent,
  ScanEvent,
  StreamOptions,
  Topic,
  TopicEvent,
} from "./events/types.ts";
export { type FindOptions, type FoundServer, findServers } from "./find-servers.ts";
export type { FetchLike } from "./http/exchange.ts";
export type { RetryPolicy } from "./http/retry.ts";
export type { Unsubscribe } from "./listeners.ts";
export type { CallOptions, ClientEvent, WriteOptions } from "./options.ts";
export type { Page, Paged, PageInput } from "./paging.ts";
export type { Feature } from "./server-info.ts";
export { streamSink } from "./transfers/stream-sink.ts";
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
