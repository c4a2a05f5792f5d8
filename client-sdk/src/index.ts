/**
 * The client of Multitap servers.
 * @module
 */

export type { ClientToken, NewClientToken } from "@multitap/server/contract/auth";
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
export type { PlatformStats, Stats } from "@multitap/server/contract/stats";
export type { ServerInfo } from "@multitap/server/contract/system";
export type { CurrentUser, User } from "@multitap/server/contract/users";
export { memoryCredentials, sessionCookie } from "./auth/memory-credentials.ts";
export type {
  Auth,
  AuthInput,
  AuthState,
  CredentialStore,
  Credentials,
  Instant,
  PasswordSignIn,
  Scope,
  SessionCookie,
} from "./auth/types.ts";
export { type Client, type ClientOptions, createClient, type Domains } from "./client.ts";
export type { ClientTokens, CreateClientToken } from "./domains/client-tokens.ts";
export type { Platforms } from "./domains/platforms.ts";
export type { RomHash, Roms, RomWith, WithParts } from "./domains/roms.ts";
export type { ScanStep, Scans, StartScan } from "./domains/scan.ts";
export type { StatsCalls } from "./domains/stats.ts";
export type { Users } from "./domains/users.ts";
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
  ByteWriter,
  ExpectedContent,
  TransferOptions,
  TransferProgress,
  TransferResult,
} from "./transfers/types.ts";
